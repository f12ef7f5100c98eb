// Noticing that a regular file changes while it is read: its size and the time of its last change, before and after.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <optional>
#include <string>

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

  /// What differs in `later`, for a message; nothing when the file is as it was. Renaming and deleting change neither size nor time.
  std::optional<std::string> change(const FileState& later) const {
    if (!regular_) return std::nullopt;
    if (size() != later.size()) {
      std::string what = "changed while it was read: ";
      what += std::to_string(size()) + " bytes at first, then " + std::to_string(later.size());
      return what;
    }
    const timespec &a = status_.st_mtim, &b = later.status_.st_mtim;
    if (a.tv_sec != b.tv_sec || a.tv_nsec != b.tv_nsec) return "changed while it was read: another program wrote to it";
    return std::nullopt;
  }

 private:
  struct stat status_ {};
  bool regular_ = false;
};

inline constexpr const char* kChangedHint = "wait until it has been written completely, or read a copy of it";

}  // namespace chainrule
