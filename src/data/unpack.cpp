// Unpacking gzip and zstd streams, with a limit on how far they may expand.
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <string>

#include "chainrule/error.h"
#include "data/input.h"

namespace chainrule::data {
namespace {

constexpr std::size_t kSmallestRoom = std::size_t{1} << 16;

std::string at_byte(const std::string& source, std::size_t position) { return source + " byte " + std::to_string(position); }

[[noreturn]] void throw_damaged(const std::string& source, std::size_t position, const char* format, const std::string& reason) {
  throw Error("E0430", at_byte(source, position), "the " + std::string(format) + " stream is damaged (" + reason + ")",
              "fetch the file again, or test it with `" + std::string(format) + " -t`");
}

[[noreturn]] void throw_truncated(const std::string& source, std::size_t size, const char* format) {
  throw Error("E0431", at_byte(source, size), "the " + std::string(format) + " stream ends too early",
              "fetch the file again: it was not copied to its end");
}

// Grows by doubling as bytes arrive, never by what a header announces.
class Output {
 public:
  Output(const std::string& source, std::size_t packed)
      : source_(source), limit_(expansion_limit(packed)),
        bytes_(std::clamp(packed * 4, kSmallestRoom, std::size_t{64} << 20), '\0') {}

  char* next() {
    if (used_ == bytes_.size()) {
      if (used_ >= limit_) {
        throw Error("E0432", source_, "unpacks to more than " + std::to_string(limit_) + " bytes", "unpack it by hand if it is trusted");
      }
      bytes_.resize(std::min(limit_, bytes_.size() * 2));
    }
    return bytes_.data() + used_;
  }
  std::size_t room() const noexcept { return bytes_.size() - used_; }
  void took(std::size_t count) noexcept { used_ += count; }
  std::string finish() {
    bytes_.resize(used_);
    return std::move(bytes_);
  }

 private:
  const std::string& source_;
  std::size_t limit_;
  std::string bytes_;
  std::size_t used_ = 0;
};

struct InflateEnd {
  void operator()(z_stream* stream) const noexcept {
    inflateEnd(stream);
    delete stream;
  }
};

bool starts_gzip(std::string_view bytes) noexcept { return bytes.size() >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b'; }

std::string unpack_gzip(std::string_view packed, const std::string& source) {
  std::unique_ptr<z_stream, InflateEnd> stream(new z_stream{});
  if (inflateInit2(stream.get(), 15 + 16) != Z_OK) throw std::bad_alloc();
  Output output(source, packed.size());
  std::size_t at = 0;
  for (;;) {
    const std::size_t part = std::min<std::size_t>(packed.size() - at, std::size_t{1} << 30);
    stream->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + at));
    stream->avail_in = static_cast<uInt>(part);
    stream->next_out = reinterpret_cast<Bytef*>(output.next());
    const auto room = static_cast<uInt>(std::min<std::size_t>(output.room(), std::size_t{1} << 30));
    stream->avail_out = room;
    const int status = inflate(stream.get(), Z_NO_FLUSH);
    at += part - stream->avail_in;
    output.took(room - stream->avail_out);
    if (status == Z_STREAM_END) {
      // Members may follow each other; zero bytes behind the last are padding.
      if (packed.find_first_not_of('\0', at) == std::string_view::npos) return output.finish();
      if (!starts_gzip(packed.substr(at))) throw_damaged(source, at, "gzip", "other bytes behind its end");
      if (inflateReset(stream.get()) != Z_OK) throw std::bad_alloc();
    } else if (status == Z_BUF_ERROR || (status == Z_OK && at == packed.size() && stream->avail_out > 0)) {
      throw_truncated(source, packed.size(), "gzip");
    } else if (status != Z_OK) {
      throw_damaged(source, at, "gzip", stream->msg != nullptr ? stream->msg : "unexpected content");
    }
  }
}

struct FreeZstd {
  void operator()(ZSTD_DStream* stream) const noexcept { ZSTD_freeDStream(stream); }
};

std::string unpack_zstd(std::string_view packed, const std::string& source) {
  std::unique_ptr<ZSTD_DStream, FreeZstd> stream(ZSTD_createDStream());
  if (!stream) throw std::bad_alloc();
  Output output(source, packed.size());
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  for (;;) {
    ZSTD_outBuffer out{output.next(), 0, 0};
    out.size = output.room();
    const std::size_t status = ZSTD_decompressStream(stream.get(), &out, &in);
    if (ZSTD_isError(status)) throw_damaged(source, in.pos, "zstd", ZSTD_getErrorName(status));
    output.took(out.pos);
    if (in.pos == in.size && status == 0) return output.finish();
    if (in.pos == in.size && out.pos < out.size) throw_truncated(source, packed.size(), "zstd");
  }
}

}  // namespace

std::string unpack(std::string bytes, const std::string& source, std::string& format) {
  format.clear();
  if (starts_gzip(bytes)) {
    format = "gzip";
    return unpack_gzip(bytes, source);
  }
  if (bytes.starts_with("\x28\xb5\x2f\xfd")) {
    format = "zstd";
    return unpack_zstd(bytes, source);
  }
  return bytes;
}

}  // namespace chainrule::data
