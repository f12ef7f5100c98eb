// The bytes of a file or of standard input, piece by piece, unpacked on the way when they are a gzip or zstd stream.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace chainrule::data {

/// Bytes that arrive in order.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Up to `size` bytes, size > 0; 0: there are no more.
  virtual std::size_t read(char* to, std::size_t size) = 0;
};

/// Bytes in memory, which must outlive the source.
class MemorySource : public ByteSource {
 public:
  explicit MemorySource(std::string_view bytes) : bytes_(bytes) {}
  std::size_t read(char* to, std::size_t size) override;

 private:
  std::string_view bytes_;
};

class SourceDigest;

/// What goes along with reading bytes.
struct InputOptions {
  const std::atomic<bool>* stop = nullptr;  ///< becomes true: reading ends with Error E0590
  std::size_t* bytes_read = nullptr;        ///< counts what was read, packed, for messages
  SourceDigest* digest = nullptr;           ///< takes the raw bytes of files that are read as a whole
  bool name_counts = false;                 ///< the digest covers the file's name too
  bool table = true;                        ///< what shows to be no table is refused at its first bytes
};

/// path "-" is standard input. Throws E0401 (cannot open) at once, later E0424 (read failed), E0341 (a regular file that is not what it was
/// when it was opened: found at its end, and before anything is read beyond its first size), E0590.
std::unique_ptr<ByteSource> open_source(const std::string& path, const InputOptions& options = {});

/// Tests: called after every read of a file; empty: nothing is called. Not thread-safe.
void call_after_reads(std::function<void()> hook);

/// Unpacks when the first bytes are a gzip or zstd magic number. Throws E0430 (damaged), E0431 (truncated), E0432 (expands too far:
/// more than expansion_limit() of the larger of `packed_size` and what was read).
class ByteStream {
 public:
  ByteStream(std::unique_ptr<ByteSource> source, std::string name, std::size_t packed_size);
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;
  ~ByteStream();

  std::size_t read(char* to, std::size_t size);
  const std::string& name() const noexcept { return name_; }      ///< for messages
  const std::string& format() const noexcept { return format_; }  ///< "gzip", "zstd" or ""
  std::size_t packed_bytes() const noexcept;                      ///< read so far
  std::size_t bytes() const noexcept { return bytes_; }           ///< given out so far

 private:
  class Packed;
  class Unpacker;
  class GzipUnpacker;
  class ZstdUnpacker;
  void check_expansion() const;

  std::string name_, format_;
  std::size_t packed_size_, bytes_ = 0;
  std::unique_ptr<Packed> packed_;
  std::unique_ptr<Unpacker> unpacker_;
};

}  // namespace chainrule::data
