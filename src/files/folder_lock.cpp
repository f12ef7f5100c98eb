// The file may be removed by its owner while another opens it: whoever gets the lock looks whether the name is still its.
#include "files/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "chainrule/error.h"

namespace chainrule {
namespace {

/// What is in the file may only be what write_pid() writes.
bool is_own(int fd) {
  char text[32] = {};
  const ssize_t size = ::pread(fd, text, sizeof text, 0);
  for (ssize_t i = 0; i < size; ++i) {
    if ((text[i] < '0' || text[i] > '9') && text[i] != '\n') return false;
  }
  return size < static_cast<ssize_t>(sizeof text);
}

std::string holder_text(int fd) {
  char text[32] = {};
  const ssize_t size = ::pread(fd, text, sizeof text - 1, 0);
  std::string pid;
  for (ssize_t i = 0; i < size && text[i] >= '0' && text[i] <= '9'; ++i) pid += text[i];
  if (pid.empty()) return "another process";
  return pid == std::to_string(::getpid()) ? "another run of this process (" + pid + ")" : "process " + pid;
}

bool is_still_named(int fd, const std::string& path) {
  struct stat held {}, named {};
  return ::fstat(fd, &held) == 0 && ::stat(path.c_str(), &named) == 0 && held.st_dev == named.st_dev &&
         held.st_ino == named.st_ino;
}

void write_pid(int fd) {
  const std::string text = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) == 0) static_cast<void>(!::pwrite(fd, text.data(), text.size(), 0));  // only for messages
}

}  // namespace

FolderLock::FolderLock(const std::string& folder) : path_(folder + "/" + kName) {
  while (!lock_this_file(folder)) {
  }
}

/// False when the file lost its name meanwhile, so that the lock on it says nothing.
bool FolderLock::lock_this_file(const std::string& folder) {
  file_ = Descriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666));
  if (!file_) {
    note_ = folder + " could not be locked (" + std::strerror(errno) + "): nothing stops a second run in it";
    return true;
  }
  if (::flock(file_.get(), LOCK_EX | LOCK_NB) == 0) {
    if (!is_still_named(file_.get(), path_)) return false;
    if (!is_own(file_.get())) {
      file_ = Descriptor();
      throw Error("E0427", path_, "is no file of Chainrule's, and the run would replace it", "move it away, or name another folder with --out");
    }
    write_pid(file_.get());
    return true;
  }
  if (errno == EWOULDBLOCK) {
    throw Error("E0425", folder, holder_text(file_.get()) + " is training in this folder",
                "wait until it has ended, or name another folder with --out");
  }
  note_ = folder + " is on a file system without locks (" + std::strerror(errno) + "): nothing stops a second run in it";
  ::unlink(path_.c_str());
  file_ = Descriptor();
  return true;
}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(note_, other.note_);
  std::swap(file_, other.file_);
  return *this;
}

void FolderLock::release() noexcept {
  if (file_) ::unlink(path_.c_str());  // while it is locked: nobody else takes this file for the owner's
  file_ = Descriptor();
}

}  // namespace chainrule
