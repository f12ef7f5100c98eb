// Atomic file replacement and whole-file reading on POSIX calls; every call goes through one seam that tests can make fail.
#include "files/atomic_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "chainrule/error.h"

namespace chainrule {
namespace {

int calls_until_failure = 0;  // 0: no failure is planned
int planned_error = 0;

bool must_fail() noexcept {
  if (calls_until_failure == 0 || --calls_until_failure != 0) return false;
  errno = planned_error;
  return true;
}

/// The seam: makes the call, unless it is the one that shall fail; an interrupted call is made again.
template <class Call>
auto system_call(Call call) noexcept -> decltype(call()) {
  for (;;) {
    const auto result = must_fail() ? static_cast<decltype(call())>(-1) : call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

std::string hint_for(int error) {
  switch (error) {
    case ENOSPC: case EDQUOT: return "the disk is full: free some space or choose another folder";
    case EACCES: case EPERM: return "you may not do this here: check the permissions or choose another folder";
    case EROFS: return "the file system is read-only: choose another folder";
    case ENOENT: return "check the path: a folder in it does not exist";
    case ENOTDIR: return "check the path: a part of it is a file, not a folder";
    case EISDIR: return "the path is a folder: give the name of a file";
    case ENAMETOOLONG: return "choose a shorter path";
    case EMFILE: case ENFILE: return "too many files are open: close some or raise the limit (ulimit -n)";
    case EIO: return "the disk reports a fault: check it, or choose another one";
    default: return "check the path and the disk";
  }
}

[[noreturn]] void fail(const char* code, const std::string& path, const std::string& what, int error) {
  throw Error(code, path, what + ": " + std::strerror(error), hint_for(error));
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

/// Owns a file descriptor. close() reports; the destructor does not.
class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  /// The descriptor is gone whatever close() answers, so EINTR is not an error and never a reason to try again.
  bool close() noexcept {
    const bool planned = must_fail();
    const int error = errno;
    const int result = ::close(std::exchange(fd_, -1));
    if (planned) errno = error;
    return (!planned && result == 0) || errno == EINTR;
  }

 private:
  int fd_ = -1;
};

Descriptor open_file(const std::string& path, int flags, mode_t mode = 0) noexcept {
  return Descriptor(system_call([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); }));
}

/// Writes all bytes, in as many calls as it takes; false with errno set when a call fails.
bool write_all(int fd, std::string_view bytes) noexcept {
  constexpr std::size_t kLargestWrite = std::size_t{1} << 30;  // Linux writes at most 2 GiB at once
  while (!bytes.empty()) {
    const ssize_t n = system_call([&] { return ::write(fd, bytes.data(), std::min(bytes.size(), kLargestWrite)); });
    if (n < 0) return false;
    if (n == 0) {
      errno = ENOSPC;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

/// Makes renames and new names in this folder survive a power cut. Some file systems cannot flush folders (EINVAL): nothing to do there.
bool flush_folder(const std::string& folder) noexcept {
  Descriptor fd = open_file(folder, O_RDONLY | O_DIRECTORY);
  if (!fd) return false;
  return system_call([&] { return ::fsync(fd.get()); }) == 0 || errno == EINVAL;
}

std::string temporary_prefix(const std::string& path) { return "." + name_of(path).substr(0, 100) + ".tmp-"; }

/// Removes temporaries that killed processes left: a living writer holds a lock on its own.
void remove_stale_temporaries(const std::string& path) noexcept {
  const std::string folder = folder_of(path), prefix = temporary_prefix(path);
  DIR* entries = ::opendir(folder.c_str());
  if (entries == nullptr) return;
  while (const dirent* entry = ::readdir(entries)) {
    if (std::strncmp(entry->d_name, prefix.c_str(), prefix.size()) != 0) continue;
    const std::string stale = folder + "/" + entry->d_name;
    const Descriptor fd(::open(stale.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(stale.c_str());
  }
  ::closedir(entries);
}

/// A new file beside `path`, locked so that others see it is in use, and removed unless it was moved into place.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& path) : target_(path), fd_(-1) {
    static std::atomic<unsigned> counter{0};
    path_ = folder_of(path) + "/" + temporary_prefix(path) + std::to_string(::getpid()) + "-" + std::to_string(counter++);
    fd_ = open_file(path_, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (!fd_) fail("E0421", target_, "cannot create a file in this folder", errno);
    ::flock(fd_.get(), LOCK_EX | LOCK_NB);  // not every file system has locks; without one it is only not cleaned up later
  }
  ~TemporaryFile() {
    if (!moved_) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(std::string_view bytes) {
    if (!write_all(fd_.get(), bytes)) fail("E0422", target_, "cannot write the file", errno);
    if (system_call([&] { return ::fsync(fd_.get()); }) != 0) fail("E0422", target_, "cannot flush the file to disk", errno);
  }

  void move_into_place() {
    if (system_call([&] { return ::rename(path_.c_str(), target_.c_str()); }) != 0) {
      fail("E0423", target_, "cannot replace the file", errno);
    }
    moved_ = true;  // the descriptor (and its lock) closes later; fsync has reported every write error by now
    if (!flush_folder(folder_of(target_))) fail("E0423", target_, "the file is in place, but its folder cannot be flushed", errno);
  }

 private:
  std::string target_, path_;
  Descriptor fd_;
  bool moved_ = false;
};

/// Pipes and devices cannot be replaced, only written to.
void write_directly(const std::string& path, std::string_view bytes) {
  Descriptor fd = open_file(path, O_WRONLY);
  if (!fd) fail("E0421", path, "cannot open for writing", errno);
  if (!write_all(fd.get(), bytes)) fail("E0422", path, "cannot write", errno);
  if (!fd.close()) fail("E0422", path, "cannot close", errno);
}

/// The file a link leads to (rename would replace the link itself); `path` when it is no link or leads nowhere.
std::string follow_links(const std::string& path) {
  char* resolved = ::realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return path;
  std::string result(resolved);
  std::free(resolved);
  return result;
}

/// Reads until the end, or `limit` bytes. `bytes` grows as needed when limit is 0 (pipes, /proc: the size is not known before).
bool read_all(int fd, std::size_t limit, std::string& bytes) {
  constexpr std::size_t kChunk = std::size_t{1} << 16;
  std::size_t filled = 0;
  bytes.resize(limit != 0 ? limit : kChunk);
  while (filled < bytes.size()) {
    const ssize_t n = system_call([&] { return ::read(fd, bytes.data() + filled, std::min(bytes.size() - filled, std::size_t{1} << 30)); });
    if (n < 0) return false;
    if (n == 0) break;
    filled += static_cast<std::size_t>(n);
    if (limit == 0 && bytes.size() - filled < kChunk) bytes.resize(bytes.size() * 2);
  }
  bytes.resize(filled);
  return true;
}

}  // namespace

void write_file_atomically(const std::string& path, std::string_view bytes) {
  struct stat info {};
  const bool exists = ::stat(path.c_str(), &info) == 0;
  if (path.empty() || path.back() == '/' || (exists && S_ISDIR(info.st_mode))) fail("E0423", path, "cannot write the file", EISDIR);
  if (exists && !S_ISREG(info.st_mode)) return write_directly(path, bytes);
  const std::string target = exists ? follow_links(path) : path;
  remove_stale_temporaries(target);
  TemporaryFile temporary(target);
  temporary.write(bytes);
  temporary.move_into_place();
}

void replace_file(const std::string& from, const std::string& to) {
  if (system_call([&] { return ::rename(from.c_str(), to.c_str()); }) != 0) {
    fail("E0423", to, "cannot rename \"" + name_of(from) + "\" to this name", errno);
  }
  if (!flush_folder(folder_of(to))) fail("E0423", to, "the file is in place, but its folder cannot be flushed", errno);
}

std::string read_file(const std::string& path) {
  Descriptor fd = open_file(path, O_RDONLY);
  if (!fd && errno == ENOENT) {
    throw Error("E0401", path, std::string("cannot open: ") + std::strerror(ENOENT), "check the spelling and the current folder");
  }
  if (!fd) fail("E0401", path, "cannot open", errno);
  struct stat info {};
  if (system_call([&] { return ::fstat(fd.get(), &info); }) != 0) fail("E0424", path, "cannot read", errno);
  if (S_ISDIR(info.st_mode)) fail("E0401", path, "cannot open as a file", EISDIR);
  const std::size_t size = S_ISREG(info.st_mode) ? static_cast<std::size_t>(info.st_size) : 0;
  std::string bytes;
  if (!read_all(fd.get(), size, bytes)) fail("E0424", path, "cannot read", errno);
  return bytes;
}

void make_folder(const std::string& path) {
  struct stat info {};
  if (path.empty() || (::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode))) return;
  const auto make = [&] { return system_call([&] { return ::mkdir(path.c_str(), 0777); }); };
  if (make() == 0) return;
  int error = errno;
  const std::string parent = folder_of(path);
  if (error == ENOENT && parent != path && parent != ".") {
    make_folder(parent);
    if (make() == 0) return;
    error = errno;
  }
  if (error == EEXIST && ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return;
  fail("E0421", path, "cannot create the folder", error);
}

void fail_file_call(int n, int error_number) noexcept {
  calls_until_failure = n;
  planned_error = error_number;
}

}  // namespace chainrule
