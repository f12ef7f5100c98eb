// Noticing that a regular file changes while it is read: its size and the time of its last change, before and after.
#pragma once

#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <string>

#include "chainrule/error.h"
#include "files/descriptor.h"

namespace chainrule {

class FileState {
 public:
  /// Of an open descriptor; an empty state for pipes and devices, which have none, and where the system does not answer.
  static FileState of(int descriptor) noexcept {
    FileState state;
    state.regular_ = ::fstat(descriptor, &state.status_) == 0 && S_ISREG(state.status_.st_mode);
    return state;
  }

  bool regular() const noexcept { return regular_; }
  std::size_t size() const noexcept { return regular_ ? static_cast<std::size_t>(status_.st_size) : 0; }

  /// Throws Error `code` when a regular file is not as it was, E0424 when the system does not say (a server has lost it, a faulty disk).
  /// Renaming and deleting change neither size nor time.
  void check_unchanged(int descriptor, const std::string& path, const char* code) const {
    if (!regular_) return;
    struct stat later {};
    if (::fstat(descriptor, &later) != 0) fail_file("E0424", path, "cannot tell whether it changed while it was read", errno);
    const std::string change = difference(later);
    if (change.empty()) return;
    throw Error(code, path, "changed while it was read: " + change, "wait until it has been written completely, or read a copy of it");
  }

 private:
  /// "" when there is none.
  std::string difference(const struct stat& later) const {
    if (status_.st_size != later.st_size) {
      std::string sizes = std::to_string(status_.st_size);
      sizes += " bytes at first, then " + std::to_string(later.st_size);
      return sizes;
    }
    const timespec &a = status_.st_mtim, &b = later.st_mtim;
    return a.tv_sec != b.tv_sec || a.tv_nsec != b.tv_nsec ? "another program wrote to it" : "";
  }

  struct stat status_ {};
  bool regular_ = false;
};

}  // namespace chainrule
