// Reading whole files by plain system calls: pipes, devices and growing files are all fine.
#include "data/input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/digest.h"
#include "chainrule/error.h"
#include "data/idx_folder.h"
#include "data/large_pages.h"

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

int open_or_throw(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd >= 0) return fd;
  const int error = errno;
  throw Error("E0401", path, "cannot open: " + reason(error),
              error == ENOENT ? "check the spelling and the current folder" : "check who may read the file");
}

class FileSource : public ByteSource {
 public:
  FileSource(int fd, bool owned, std::string name) : file_(fd, owned), name_(std::move(name)) {}

  std::size_t read(char* to, std::size_t size) override {
    for (;;) {
      const ssize_t got = ::read(file_.get(), to, std::min<std::size_t>(size, std::size_t{1} << 30));
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno == EINTR) continue;
      throw Error("E0424", name_, "cannot read: " + reason(errno), "check the disk, or whether standard input is open");
    }
  }

 private:
  Descriptor file_;
  std::string name_;
};

std::string source_name(const std::string& path) { return path == "-" ? "stdin" : path; }

// 0 for pipes, devices and what cannot be asked.
std::size_t file_size(const std::string& path) noexcept {
  struct stat status {};
  const bool known = (path == "-" ? ::fstat(STDIN_FILENO, &status) : ::stat(path.c_str(), &status)) == 0 && S_ISREG(status.st_mode);
  return known ? static_cast<std::size_t>(status.st_size) : 0;
}

void add_to_digest(Sha256& sha, const std::string& path) {
  const Descriptor file(open_or_throw(path), true);
  std::string block(std::size_t{1} << 18, '\0');
  for (;;) {
    const ssize_t got = ::read(file.get(), block.data(), block.size());
    if (got == 0) return;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error("E0424", path, "cannot read: " + reason(errno), "check the disk");
    sha.add(block.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

bool is_folder(const std::string& path) noexcept {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool is_file(const std::string& path) noexcept {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISDIR(status.st_mode);
}

std::unique_ptr<ByteSource> open_source(const std::string& path) {
  if (path == "-") return std::make_unique<FileSource>(STDIN_FILENO, false, source_name(path));
  return std::make_unique<FileSource>(open_or_throw(path), true, path);
}

ByteStream open_stream(const std::string& path) { return {open_source(path), source_name(path), file_size(path)}; }

namespace {

std::string unpacking_note(const std::string& format, std::size_t packed, std::size_t bytes) {
  if (format.empty()) return "";
  return "compression: " + format + ", " + std::to_string(packed) + " bytes unpacked to " + std::to_string(bytes);
}

}  // namespace

std::string unpacking_note(const ByteStream& stream) { return unpacking_note(stream.format(), stream.packed_bytes(), stream.bytes()); }

// Regular files are read as they lie on the disk, then unpacked; pipes are unpacked as they come.
Input read_input(const std::string& path) {
  Input input;
  input.source = source_name(path);
  std::string note;
  if (path != "-" && file_size(path) > 0) {
    input.bytes = read_raw_bytes(path);
    const std::size_t packed = input.bytes.size();
    std::string format;
    input.bytes = unpack(std::move(input.bytes), input.source, format);
    note = unpacking_note(format, packed, input.bytes.size());
  } else {
    ByteStream stream = open_stream(path);
    input.bytes = read_to_end(stream, std::size_t{1} << 16);
    note = unpacking_note(stream);
  }
  if (!note.empty()) input.notes.push_back(note);
  return input;
}

std::string read_raw_bytes(const std::string& path) {
  const std::unique_ptr<ByteSource> source = open_source(path);
  auto bytes = large_buffer<std::string>(file_size(path) + 1);
  for (std::size_t used = 0, count = 1;; used += count) {
    if (used == bytes.size()) bytes.resize(bytes.size() * 2);
    count = source->read(bytes.data() + used, bytes.size() - used);
    if (count > 0) continue;
    bytes.resize(used);
    return bytes;
  }
}

std::string source_digest(const std::string& path) {
  if (path == "-") return "";
  Sha256 sha;
  if (!is_folder(path)) {
    add_to_digest(sha, path);
    return sha.hex();
  }
  for (const std::string& file : idx_folder_files(path)) {
    const std::string name = file.substr(file.find_last_of('/') + 1);
    sha.add(name.c_str(), name.size() + 1);
    add_to_digest(sha, file);
  }
  return sha.hex();
}

}  // namespace chainrule::data
