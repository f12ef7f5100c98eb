// Unpacking gzip and zstd streams piece by piece, with a limit on how far they may expand.
#include <libdeflate.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <future>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "chainrule/error.h"
#include "data/arriving_text.h"
#include "data/byte_stream.h"
#include "data/input.h"
#include "data/large_pages.h"
#include "files/interruption.h"

namespace chainrule::data {
namespace {

constexpr std::size_t kPackedBlock = std::size_t{1} << 18;
constexpr std::size_t kUnpackedBlock = std::size_t{1} << 20;  // looked at while it is in the cache
constexpr std::size_t kSmallestRoom = std::size_t{1} << 16, kLargestFirstRoom = std::size_t{64} << 20;

std::string at_byte(const std::string& source, std::size_t position) { return source + " byte " + std::to_string(position); }

[[noreturn]] void throw_damaged(const std::string& source, std::size_t position, const char* format, const std::string& reason) {
  throw Error("E0430", at_byte(source, position), "the " + std::string(format) + " stream is damaged (" + reason + ")",
              "fetch the file again, or test it with `" + std::string(format) + " -t`");
}

[[noreturn]] void throw_truncated(const std::string& source, std::size_t size, const char* format) {
  throw Error("E0431", at_byte(source, size), "the " + std::string(format) + " stream ends too early",
              "fetch the file again: it was not copied to its end");
}

bool starts_gzip(std::string_view bytes) noexcept { return bytes.starts_with("\x1f\x8b"); }
// A frame, or one to be skipped, as pzstd writes in front.
bool starts_zstd(std::string_view bytes) noexcept {
  const bool skippable = bytes.size() >= 4 && (bytes[0] & 0xf0) == 0x50 && bytes.substr(1, 3) == "\x2a\x4d\x18";
  return skippable || bytes.starts_with("\x28\xb5\x2f\xfd");
}

// A string that grows on its own asks for twice the room, while the old one is still there.
std::string with_half_more_room(const std::string& bytes) {
  auto larger = large_buffer<std::string>(bytes.size() + bytes.size() / 2);
  std::copy(bytes.begin(), bytes.end(), larger.begin());
  return larger;
}

}  // namespace

bool looks_packed(std::string_view bytes) noexcept { return starts_gzip(bytes) || starts_zstd(bytes); }

std::size_t MemorySource::read(char* to, std::size_t size) {
  const std::size_t count = std::min(size, bytes_.size());
  std::copy_n(bytes_.data(), count, to);
  bytes_.remove_prefix(count);
  return count;
}

/// The bytes as they come from the source, with a look ahead.
class ByteStream::Packed {
 public:
  explicit Packed(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

  /// What lies ready; at least `count` bytes unless the source is at its end.
  std::string_view ready(std::size_t count) {
    while (end_ - begin_ < count && fill()) {
    }
    return {block_.data() + begin_, end_ - begin_};
  }
  void take(std::size_t count) noexcept {
    begin_ += count;
    taken_ += count;
  }
  std::size_t taken() const noexcept { return taken_; }
  std::size_t read() const noexcept { return taken_ + end_ - begin_; }

  /// Past the look-ahead straight into `to`.
  std::size_t read_through(char* to, std::size_t size) {
    if (begin_ == end_) {
      const std::size_t count = source_->read(to, size);
      taken_ += count;
      return count;
    }
    const std::size_t count = std::min(size, end_ - begin_);
    std::copy_n(block_.data() + begin_, count, to);
    take(count);
    return count;
  }

 private:
  bool fill() {
    if (block_.empty()) block_.resize(kPackedBlock);
    std::copy(block_.begin() + static_cast<std::ptrdiff_t>(begin_), block_.begin() + static_cast<std::ptrdiff_t>(end_), block_.begin());
    end_ -= begin_;
    begin_ = 0;
    const std::size_t count = source_->read(block_.data() + end_, block_.size() - end_);
    end_ += count;
    return count > 0;
  }

  std::unique_ptr<ByteSource> source_;
  std::vector<char> block_;
  std::size_t begin_ = 0, end_ = 0, taken_ = 0;
};

class ByteStream::Unpacker {
 public:
  virtual ~Unpacker() = default;
  /// Up to `size` bytes; 0: the stream has ended as it should.
  virtual std::size_t read(Packed& packed, char* to, std::size_t size) = 0;
};

class ByteStream::GzipUnpacker : public Unpacker {
 public:
  explicit GzipUnpacker(const std::string& name) : name_(name) {
    if (inflateInit2(&stream_, 15 + 16) != Z_OK) throw std::bad_alloc();
  }
  ~GzipUnpacker() override { inflateEnd(&stream_); }

  std::size_t read(Packed& packed, char* to, std::size_t size) override {
    const auto room = static_cast<uInt>(std::min<std::size_t>(size, std::size_t{1} << 30));
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = room;
    while (!ended_ && stream_.avail_out == room) step(packed);
    return room - stream_.avail_out;
  }

 private:
  void step(Packed& packed) {
    const std::string_view ready = packed.ready(1);
    const uInt left = stream_.avail_out;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(ready.data()));
    stream_.avail_in = static_cast<uInt>(ready.size());
    const int status = inflate(&stream_, Z_NO_FLUSH);
    packed.take(ready.size() - stream_.avail_in);
    if (status == Z_STREAM_END) {
      next_member(packed);
    } else if (status == Z_BUF_ERROR || (status == Z_OK && ready.empty() && stream_.avail_out == left)) {
      throw_truncated(name_, packed.taken(), "gzip");
    } else if (status != Z_OK) {
      throw_damaged(name_, packed.taken(), "gzip", stream_.msg != nullptr ? stream_.msg : "unexpected content");
    }
  }

  /// Members may follow each other; zero bytes behind the last are padding.
  void next_member(Packed& packed) {
    if (starts_gzip(packed.ready(2))) {
      if (inflateReset(&stream_) != Z_OK) throw std::bad_alloc();
      return;
    }
    const std::size_t end = packed.taken();
    for (std::string_view rest = packed.ready(1); !rest.empty(); rest = packed.ready(1)) {
      if (rest.find_first_not_of('\0') != std::string_view::npos) throw_damaged(name_, end, "gzip", "other bytes behind its end");
      packed.take(rest.size());
    }
    ended_ = true;
  }

  const std::string& name_;
  z_stream stream_{};
  bool ended_ = false;
};

class ByteStream::ZstdUnpacker : public Unpacker {
 public:
  explicit ZstdUnpacker(const std::string& name) : name_(name), stream_(ZSTD_createDStream()) {
    if (!stream_) throw std::bad_alloc();
  }

  std::size_t read(Packed& packed, char* to, std::size_t size) override {
    ZSTD_outBuffer out{to, size, 0};
    while (out.pos == 0) {
      const std::string_view ready = packed.ready(1);
      if (ready.empty() && frame_done_) return 0;
      ZSTD_inBuffer in{ready.data(), ready.size(), 0};
      const std::size_t status = ZSTD_decompressStream(stream_.get(), &out, &in);
      packed.take(in.pos);
      if (ZSTD_isError(status)) throw_damaged(name_, packed.taken(), "zstd", ZSTD_getErrorName(status));
      frame_done_ = status == 0;
      if (ready.empty() && out.pos == 0) throw_truncated(name_, packed.taken(), "zstd");
    }
    return out.pos;
  }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const noexcept { ZSTD_freeDStream(stream); }
  };
  const std::string& name_;
  std::unique_ptr<ZSTD_DStream, Free> stream_;
  bool frame_done_ = false;
};

ByteStream::ByteStream(std::unique_ptr<ByteSource> source, std::string name, std::size_t packed_size)
    : name_(std::move(name)), packed_size_(packed_size), packed_(std::make_unique<Packed>(std::move(source))) {
  const std::string_view head = packed_->ready(4);
  if (starts_gzip(head)) {
    format_ = "gzip";
    unpacker_ = std::make_unique<GzipUnpacker>(name_);
  } else if (starts_zstd(head)) {
    format_ = "zstd";
    unpacker_ = std::make_unique<ZstdUnpacker>(name_);
  }
}

ByteStream::~ByteStream() = default;

std::size_t ByteStream::packed_bytes() const noexcept { return packed_->taken(); }

void ByteStream::check_expansion() const {
  const std::size_t limit = expansion_limit(std::max(packed_size_, packed_->read()));
  if (bytes_ <= limit) return;
  throw Error("E0432", name_, "unpacks to more than " + std::to_string(limit) + " bytes", "unpack it by hand if it is trusted");
}

std::size_t ByteStream::read(char* to, std::size_t size) {
  const std::size_t count = unpacker_ ? unpacker_->read(*packed_, to, size) : packed_->read_through(to, size);
  bytes_ += count;
  if (unpacker_) check_expansion();
  return count;
}

// Whole files of one sound member unpack about twice as fast with libdeflate; all others, and all errors, are the stream's. The size that the
// trailer announces is believed only as far as tables usually expand.
std::optional<std::string> unpack_one_gzip_member(std::string_view packed) {
  constexpr std::size_t kShortest = 18, kUsualExpansion = 20;
  if (packed.size() < kShortest) return std::nullopt;
  std::size_t size = 0;
  for (std::size_t i = 1; i <= 4; ++i) size = size << 8 | static_cast<unsigned char>(packed[packed.size() - i]);
  if (size == 0 || size / kUsualExpansion > packed.size()) return std::nullopt;
  struct Free {
    void operator()(libdeflate_decompressor* decompressor) const noexcept { libdeflate_free_decompressor(decompressor); }
  };
  const std::unique_ptr<libdeflate_decompressor, Free> decompressor(libdeflate_alloc_decompressor());
  if (!decompressor) throw std::bad_alloc();
  auto bytes = large_buffer<std::string>(size);
  std::size_t read = 0, written = 0;
  const libdeflate_result result =
      libdeflate_gzip_decompress_ex(decompressor.get(), packed.data(), packed.size(), bytes.data(), size, &read, &written);
  if (result != LIBDEFLATE_SUCCESS || read != packed.size() || written != size) return std::nullopt;
  return bytes;
}

std::string read_to_end(ByteStream& stream, std::size_t expected, const InputOptions& options) {
  auto bytes = large_buffer<std::string>(std::max(expected, kSmallestRoom));
  ArrivingText arriving(stream.name());
  std::size_t used = 0;
  for (;;) {
    end_if_asked(options.stop, stream.name());
    if (used == bytes.size()) bytes = with_half_more_room(bytes);
    const std::size_t count = stream.read(bytes.data() + used, std::min(bytes.size() - used, kUnpackedBlock));
    if (count == 0) break;
    used += count;
    check_collected(stream.name(), used);
    if (options.table) arriving.check({bytes.data(), used});
  }
  bytes.resize(used);
  return bytes;
}

namespace {

// Unpacking at once cannot be ended half-way: a thread does it while this one looks at the flag, and is left to itself when the flag is set.
// It then owns all that it touches.
std::optional<std::string> unpack_while_watching(const std::shared_ptr<const std::string>& packed, const std::string& source,
                                                 const std::atomic<bool>* stop) {
  constexpr std::size_t kQuick = std::size_t{8} << 20;
  if (stop == nullptr || packed->size() < kQuick) return unpack_one_gzip_member(*packed);
  std::packaged_task<std::optional<std::string>()> task([packed] { return unpack_one_gzip_member(*packed); });
  std::future<std::optional<std::string>> whole = task.get_future();
  try {
    std::thread(std::move(task)).detach();
  } catch (const std::system_error&) {  // no thread to be had
    return unpack_one_gzip_member(*packed);
  }
  while (whole.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready) end_if_asked(stop, source);
  return whole.get();
}

}  // namespace

std::string unpack(std::string bytes, const std::string& source, std::string& format, const InputOptions& options) {
  if (starts_gzip(bytes)) {
    const auto packed = std::make_shared<std::string>(std::move(bytes));
    if (std::optional<std::string> whole = unpack_while_watching(packed, source, options.stop)) {
      format = "gzip";
      return std::move(*whole);
    }
    bytes = std::move(*packed);
  }
  ByteStream stream(std::make_unique<MemorySource>(bytes), source, bytes.size());
  format = stream.format();
  if (format.empty()) return bytes;
  return read_to_end(stream, std::min(bytes.size() * 4, kLargestFirstRoom), options);
}

}  // namespace chainrule::data
