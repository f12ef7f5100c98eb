// Text of other encodings becomes UTF-8 before anything else reads it; the conversion is the system's iconv.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/byte_stream.h"

namespace chainrule::data {

/// What a byte order mark of two or four bytes says: "UTF-16" or "UTF-32"; "": there is none.
std::string marked_encoding(std::string_view bytes) noexcept;

/// Converts piece by piece: a character may be cut between two of them.
class Decoder {
 public:
  /// "latin-1", "utf-16" or any name that iconv knows. Throws E0102 for others.
  Decoder(const std::string& encoding, std::string source);
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  /// Behind `text`. Throws E0306 where the bytes are not of the encoding; `last`: nothing follows, a cut character is such a fault.
  void decode(std::string_view bytes, bool last, std::string& text);

 private:
  [[noreturn]] void refuse(std::size_t position) const;

  void* converter_;
  std::string encoding_, source_, cut_;
  std::size_t done_ = 0;
};

/// How the bytes of a text are turned into UTF-8.
struct TextEncoding {
  std::string given;    ///< by an option; "": none
  std::string trained;  ///< of the model's own table; a byte order mark overrides it
};

/// The encoding that `first` bytes call for; "": they are UTF-8 already. The note says so where it was not given.
std::string choose_encoding(std::string_view first, const TextEncoding& encoding, std::vector<std::string>& notes);

/// The bytes of a stream as UTF-8.
class DecodedStream : public ByteSource {
 public:
  DecodedStream(ByteStream& stream, TextEncoding encoding) : stream_(stream), encoding_(std::move(encoding)) {}
  std::size_t read(char* to, std::size_t size) override;
  const std::vector<std::string>& notes() const noexcept { return notes_; }

 private:
  void begin();
  std::size_t hand_out(char* to, std::size_t size);

  ByteStream& stream_;
  TextEncoding encoding_;
  std::vector<std::string> notes_;
  std::unique_ptr<Decoder> decoder_;  ///< nullptr: bytes pass as they are
  std::string ready_;                 ///< from at_ on: not yet handed out
  std::size_t at_ = 0;
  bool begun_ = false, ended_ = false;
};

/// The same for a text in memory.
std::string decoded(std::string bytes, const std::string& source, const TextEncoding& encoding, std::vector<std::string>& notes);

}  // namespace chainrule::data
