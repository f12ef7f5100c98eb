// The bytes of a file or of standard input, unpacked when they are a gzip or zstd stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/byte_stream.h"
#include "data/decoding.h"

namespace chainrule::data {

struct Input {
  std::string bytes;
  std::string source;              ///< the path, or "stdin": what errors name
  std::vector<std::string> notes;  ///< "unpacked gzip, ..."
};

/// path "-" is standard input. Throws what open_source() does, E0430..E0432 (compressed stream), E0343 (input without a known size that fills
/// the memory), and for a table E0304, E0305, E0306, E0318, E0342 (see arriving_text.h).
Input read_input(const std::string& path, const InputOptions& options = {});
/// The same; what is a text becomes UTF-8. Throws E0102, E0306 too (see decoding.h).
Input read_text_input(const std::string& path, InputOptions options, const TextEncoding& encoding);
/// The file's bytes as they lie on the disk.
std::string read_raw_bytes(const std::string& path, const InputOptions& options = {});

/// The bytes of a file or of standard input ("-") as they arrive, unpacked.
ByteStream open_stream(const std::string& path, const InputOptions& options = {});
/// All that is left; `expected` is a guess of how much.
std::string read_to_end(ByteStream& stream, std::size_t expected, const InputOptions& options = {});
/// Throws E0343 when so many collected bytes are too many for this machine.
void check_collected(const std::string& source, std::size_t bytes);
/// "compression: gzip, ..." for a stream read to its end; "" when it was not packed.
std::string unpacking_note(const ByteStream& stream);

/// Unpacks `bytes` when they start with a gzip or zstd magic number, else gives them back. `format` becomes "gzip", "zstd" or "".
std::string unpack(std::string bytes, const std::string& source, std::string& format, const InputOptions& options = {});

/// The bytes of a gzip file with one sound member that expands no more than usual; nothing otherwise.
std::optional<std::string> unpack_one_gzip_member(std::string_view packed);

/// How many bytes `packed` bytes may unpack to: tables rarely pass 20-fold, bombs reach 1000-fold (gzip) and far more (zstd).
constexpr std::size_t expansion_limit(std::size_t packed) noexcept {
  constexpr std::size_t kAlways = std::size_t{64} << 20, kRatio = 250;
  return packed > SIZE_MAX / kRatio ? SIZE_MAX : packed * kRatio > kAlways ? packed * kRatio : kAlways;
}

/// A gzip or zstd magic number.
bool looks_packed(std::string_view bytes) noexcept;

/// Each throws E0401 where the system does not say: a file whose kind is unknown must not pass for another kind.
bool is_folder(const std::string& path);
bool is_file(const std::string& path);
bool is_regular_file(const std::string& path);

}  // namespace chainrule::data
