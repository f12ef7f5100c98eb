// Writes through file descriptors, so that a full disk or a closed pipe is seen at once.
#include "output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "chainrule/error.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kBufferBytes = 1 << 16;

std::string reason() { return std::strerror(errno); }

void write_all(int descriptor, std::string_view bytes, const std::string& place) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EPIPE) throw ReaderGone{};
    if (written < 0) throw Error("E0422", place, "cannot write: " + reason(), "free some space, or write to another place");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

bool written_directly(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

/// Where a link leads, so that the file behind it is replaced and not the link.
std::string resolved(const std::string& path) {
  std::error_code failed;
  const std::filesystem::path target = std::filesystem::canonical(path, failed);
  return failed ? path : target.string();
}

std::string name_of_open_file(int descriptor) { return "/proc/self/fd/" + std::to_string(descriptor); }

/// A file that has no name until it is finished, so that even a killed program leaves nothing behind. -1 where that cannot be.
int open_nameless(const std::string& path) {
#ifdef O_TMPFILE
  if (::access("/proc/self/fd", X_OK) != 0) return -1;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
  if (descriptor < 0 && errno == EISDIR) errno = EOPNOTSUPP;  // what an old kernel says
  return descriptor;
#else
  return -1;
#endif
}

}  // namespace

OutputFile::OutputFile(const std::string& path) : path_(path.empty() ? "standard output" : path) {
  buffer_.reserve(kBufferBytes);
  if (path.empty()) descriptor_ = STDOUT_FILENO;
  else open_target(path);
}

void OutputFile::open_target(const std::string& path) {
  if (written_directly(path)) {
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    path_ = resolved(path);
    temporary_ = path_ + ".part" + std::to_string(::getpid());
    descriptor_ = std::filesystem::is_directory(path_) ? (errno = EISDIR, -1) : open_nameless(path_);
    nameless_ = descriptor_ >= 0;
    if (!nameless_ && errno != EISDIR) descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  }
  if (descriptor_ < 0) throw Error("E0421", path, "cannot create this file: " + reason(), "check that the folder exists and may be written to");
}

OutputFile::~OutputFile() {
  if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void OutputFile::write(std::string_view bytes) {
  buffer_ += bytes;
  if (buffer_.size() >= kBufferBytes) flush();
}

void OutputFile::flush() {
  write_all(descriptor_, buffer_, path_);
  buffer_.clear();
}

bool OutputFile::give_name() {
  ::unlink(temporary_.c_str());
  return ::linkat(AT_FDCWD, name_of_open_file(descriptor_).c_str(), AT_FDCWD, temporary_.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

void OutputFile::finish() {
  flush();
  if (temporary_.empty()) return;
  const bool written = ::fsync(descriptor_) == 0 && (!nameless_ || give_name());
  const bool closed = ::close(descriptor_) == 0;
  descriptor_ = -1;
  if (!written || !closed) throw Error("E0422", path_, "cannot write: " + reason(), "free some space, or write to another place");
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) {
    throw Error("E0423", path_, "cannot put the finished file in place: " + reason(), "check the permissions of the folder");
  }
  temporary_.clear();
}

void check_not_overwritten(const std::string& output, const std::vector<std::string>& inputs) {
  std::error_code failed;
  for (const std::string& input : inputs) {
    if (!std::filesystem::is_regular_file(output, failed) || !std::filesystem::equivalent(output, input, failed)) continue;
    throw Error("E0105", "--output", output + " is read by this very command", "give another name");
  }
}

void write_stdout(std::string_view bytes) { write_all(STDOUT_FILENO, bytes, "standard output"); }

}  // namespace chainrule::cli
