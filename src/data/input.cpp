// Reading whole files by plain system calls: pipes, devices and growing files are all fine.
#include "data/input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "chainrule/error.h"
#include "data/arriving_text.h"
#include "data/idx_folder.h"
#include "data/large_pages.h"
#include "data/npy_array.h"
#include "data/source_digest.h"
#include "files/file_state.h"
#include "files/interruption.h"
#include "files/memory_share.h"
#include "files/path_status.h"

namespace chainrule::data {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd, bool owned) noexcept : fd_(fd), owned_(owned) {}
  ~Descriptor() {
    if (owned_ && fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const noexcept { return fd_; }

 private:
  int fd_;
  bool owned_;
};

std::string reason(int error) { return std::strerror(error); }

// Opening a pipe waits for its writer; a signal ends the wait.
int open_or_throw(const std::string& path, const std::atomic<bool>* stop) {
  for (;;) {
    end_if_asked(stop, path);
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd >= 0) return fd;
    const int error = errno;
    if (error == EINTR) continue;
    throw Error("E0401", path, "cannot open: " + reason(error),
                error == ENOENT ? "check the spelling and the current folder" : "check who may read the file");
  }
}

constexpr std::size_t kPiece = std::size_t{8} << 20;  // read between two looks at the flag
std::function<void()> after_read;

class FileSource : public ByteSource {
 public:
  FileSource(int fd, bool owned, std::string name, const InputOptions& options)
      : file_(fd, owned), name_(std::move(name)), stop_(options.stop), count_(options.bytes_read), before_(FileState::of(fd)) {
    const off_t position = before_.regular() ? ::lseek(fd, 0, SEEK_CUR) : 0;  // standard input may stand in the middle
    at_ = position > 0 ? static_cast<std::size_t>(position) : 0;
  }

  std::size_t read(char* to, std::size_t size) override {
    const std::size_t got = read_some(to, std::min(size, kPiece));
    at_ += got;
    if (count_ != nullptr) *count_ += got;
    if (const auto hook = after_read) hook();  // a copy: it may take itself away
    if (got == 0 || at_ > before_.size()) check_unchanged();
    return got;
  }

 private:
  std::size_t read_some(char* to, std::size_t size) {
    for (;;) {
      end_if_asked(stop_, name_);
      const ssize_t got = ::read(file_.get(), to, size);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno == EINTR) continue;
      throw Error("E0424", name_, "cannot read: " + reason(errno), "check the disk, or whether standard input is open");
    }
  }

  void check_unchanged() const { before_.check_unchanged(file_.get(), name_, "E0341"); }

  Descriptor file_;
  std::string name_;
  const std::atomic<bool>* stop_;
  std::size_t* count_;
  FileState before_;
  std::size_t at_ = 0;
};

std::string source_name(const std::string& path) { return path == "-" ? "stdin" : path; }

// 0 for pipes and devices. Throws E0401 where the system does not say: a run on a file taken for a pipe could not be resumed.
std::size_t file_size(const std::string& path) {
  if (path == "-") return FileState::of(STDIN_FILENO).size();
  const auto status = status_of(path);
  return status && S_ISREG(status->st_mode) ? static_cast<std::size_t>(status->st_size) : 0;
}

}  // namespace

bool is_folder(const std::string& path) {
  const auto status = status_of(path);
  return status && S_ISDIR(status->st_mode);
}

bool is_file(const std::string& path) {
  const auto status = status_of(path);
  return status && !S_ISDIR(status->st_mode);
}

bool is_regular_file(const std::string& path) {
  const auto status = status_of(path);
  return status && S_ISREG(status->st_mode);
}

std::unique_ptr<ByteSource> open_source(const std::string& path, const InputOptions& options) {
  if (path == "-") return std::make_unique<FileSource>(STDIN_FILENO, false, source_name(path), options);
  return std::make_unique<FileSource>(open_or_throw(path, options.stop), true, path, options);
}

void call_after_reads(std::function<void()> hook) { after_read = std::move(hook); }

ByteStream open_stream(const std::string& path, const InputOptions& options) {
  return {open_source(path, options), source_name(path), file_size(path)};
}

namespace {

std::string unpacking_note(const std::string& format, std::size_t packed, std::size_t bytes) {
  if (format.empty()) return "";
  return "compression: " + format + ", " + std::to_string(packed) + " bytes unpacked to " + std::to_string(bytes);
}

}  // namespace

std::string unpacking_note(const ByteStream& stream) { return unpacking_note(stream.format(), stream.packed_bytes(), stream.bytes()); }

void check_collected(const std::string& source, std::size_t bytes) {
  const std::size_t most = largest_collected_input();
  if (bytes <= most) return;
  throw Error("E0343", source, "more than " + std::to_string(most >> 20) + " MB, a third of the memory, and no end",
              "give a part of it, as with `head -n 1000000`; a plain file may be larger");
}

// Regular files are read as they lie on the disk, then unpacked; pipes are unpacked as they come.
Input read_input(const std::string& path, const InputOptions& options) {
  Input input;
  input.source = source_name(path);
  std::string note;
  if (path != "-" && file_size(path) > 0) {
    input.bytes = read_raw_bytes(path, options);
    if (options.digest != nullptr) options.digest->add(path, input.bytes, options.name_counts, options.stop);
    const std::size_t packed = input.bytes.size();
    std::string format;
    input.bytes = unpack(std::move(input.bytes), input.source, format, options);
    note = unpacking_note(format, packed, input.bytes.size());
  } else {
    if (options.digest != nullptr) options.digest->set_unrepeatable();
    ByteStream stream = open_stream(path, options);
    input.bytes = read_to_end(stream, std::size_t{1} << 16, options);
    note = unpacking_note(stream);
  }
  if (!note.empty()) input.notes.push_back(note);
  return input;
}

// Bytes that look like an array stay as they are.
Input read_text_input(const std::string& path, InputOptions options, const TextEncoding& encoding) {
  const bool given = !encoding.given.empty() || !encoding.trained.empty();
  options.table = options.table && !given;  // until it is decoded it may look like anything
  Input input = read_input(path, options);
  if (looks_like_npy(input.bytes) || looks_like_zip(input.bytes) || looks_like_idx(input.bytes)) return input;
  input.bytes = decoded(std::move(input.bytes), input.source, encoding, input.notes);
  return input;
}

namespace {

// Until `bytes` are full; false when the source ends before, and then they are as many as there were.
bool fill(ByteSource& source, std::string& bytes, std::size_t used) {
  while (used < bytes.size()) {
    const std::size_t count = source.read(bytes.data() + used, bytes.size() - used);
    used += count;
    if (count > 0) continue;
    bytes.resize(used);
    return false;
  }
  return true;
}

}  // namespace

std::string read_raw_bytes(const std::string& path, const InputOptions& options) {
  const std::unique_ptr<ByteSource> source = open_source(path, options);
  const std::size_t size = file_size(path) + 1;  // the byte behind the end is asked for too
  std::string first(std::min(size, kFirstBytes), '\0');
  bool more = fill(*source, first, 0);
  if (options.table && more && !looks_packed(first)) (void)is_text_so_far(first, source_name(path));
  // Room for all, taken piece by piece: fresh pages cost time, and between two pieces reading can be ended.
  std::string bytes;
  bytes.reserve(size);
  prefer_large_pages(bytes.data(), size);
  bytes = first;
  while (more) {
    const std::size_t used = bytes.size();
    bytes.resize(used + (used < size ? std::min(kPiece, size - used) : kPiece));
    more = fill(*source, bytes, used);
  }
  return bytes;
}

}  // namespace chainrule::data
