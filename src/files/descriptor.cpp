// Descriptors, the planned failures of tests, and the words for what the system refuses.
#include "files/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "chainrule/error.h"

namespace chainrule {
namespace {

int calls_until_failure = 0;  // 0: no failure is planned
int planned_error = 0;

std::string hint_for(int error) {
  switch (error) {
    case ENOSPC: case EDQUOT: return "the disk is full: free some space or choose another folder";
    case EFBIG: return "a limit on file sizes was reached: raise it (ulimit -f) or choose another folder";
    case EACCES: case EPERM: return "you may not do this here: check the permissions or choose another folder";
    case EROFS: return "the file system is read-only: choose another folder";
    case ENOENT: return "check the path: a folder in it does not exist";
    case ENOTDIR: return "check the path: a part of it is a file, not a folder";
    case EISDIR: return "the path is a folder: give the name of a file";
    case ELOOP: return "check the path: a link in it leads back to itself";
    case ENAMETOOLONG: return "choose a shorter path";
    case EMFILE: case ENFILE: return "too many files are open: close some or raise the limit (ulimit -n)";
    case EIO: return "the disk reports a fault: check it, or choose another one";
    default: return "check the path and the disk";
  }
}

}  // namespace

void fail_file_call(int n, int error_number) noexcept {
  calls_until_failure = n;
  planned_error = error_number;
}

bool file_call_fails() noexcept {
  if (calls_until_failure == 0 || --calls_until_failure != 0) return false;
  errno = planned_error;
  return true;
}

Descriptor::Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

bool Descriptor::close() noexcept {
  const bool planned = file_call_fails();
  const int error = errno;
  const int result = ::close(std::exchange(fd_, -1));
  if (planned) errno = error;
  return (!planned && result == 0) || errno == EINTR;
}

Descriptor open_file(const std::string& path, int flags, mode_t mode) noexcept {
  return Descriptor(system_call([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); }));
}

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

void fail_file(const char* code, const std::string& path, const std::string& what, int error) {
  throw Error(code, path, what + ": " + std::strerror(error), hint_for(error));
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

bool flush_folder(const std::string& folder) noexcept {
  const Descriptor fd = open_file(folder, O_RDONLY | O_DIRECTORY);
  if (!fd) return false;
  return system_call([&] { return ::fsync(fd.get()); }) == 0 || errno == EINVAL;
}

}  // namespace chainrule
