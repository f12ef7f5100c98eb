// Reading whole files by plain system calls: pipes, devices and growing files are all fine.
#include "data/input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/digest.h"
#include "chainrule/error.h"
#include "data/idx_folder.h"

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

// The announced size is only a first guess of the room needed.
std::string read_all(int fd, const std::string& source) {
  struct stat status {};
  std::string bytes;
  if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) bytes.resize(static_cast<std::size_t>(status.st_size) + 1);
  if (bytes.empty()) bytes.resize(std::size_t{1} << 16);
  std::size_t used = 0;
  for (;;) {
    if (used == bytes.size()) bytes.resize(bytes.size() * 2);
    const ssize_t got = ::read(fd, bytes.data() + used, bytes.size() - used);
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error("E0424", source, "cannot read: " + reason(errno), "check the disk, or whether standard input is open");
    used += static_cast<std::size_t>(got);
  }
  bytes.resize(used);
  return bytes;
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

std::string read_raw_bytes(const std::string& path) {
  if (path == "-") return read_all(STDIN_FILENO, "stdin");
  const Descriptor file(open_or_throw(path), true);
  return read_all(file.get(), path);
}

Input read_input(const std::string& path) {
  Input input;
  input.source = path == "-" ? "stdin" : path;
  std::string raw = read_raw_bytes(path);
  const std::size_t packed = raw.size();
  std::string format;
  input.bytes = unpack(std::move(raw), input.source, format);
  if (!format.empty()) {
    input.notes.push_back("compression: " + format + ", " + std::to_string(packed) + " bytes unpacked to " +
                          std::to_string(input.bytes.size()));
  }
  return input;
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
