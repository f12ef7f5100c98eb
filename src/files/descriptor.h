// A file descriptor that closes itself, and the seam through which this room makes its system calls.
#pragma once

#include <sys/types.h>

#include <cerrno>
#include <string>
#include <string_view>

namespace chainrule {

/// Tests: the n-th system call of this room from now on (counted from 1) fails with `error_number`; 0 switches it off.
/// Not thread-safe.
void fail_file_call(int n, int error_number) noexcept;

/// True when the call about to be made is the one that shall fail; errno is then set.
bool file_call_fails() noexcept;

/// Makes the call, unless it is the one that shall fail; an interrupted call is made again.
template <class Call>
auto system_call(Call call) noexcept -> decltype(call()) {
  for (;;) {
    const auto result = file_call_fails() ? static_cast<decltype(call())>(-1) : call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

/// Owns a file descriptor. close() reports; the destructor does not.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  /// The descriptor is gone whatever close() answers, so EINTR is not an error and never a reason to try again.
  bool close() noexcept;

 private:
  int fd_;
};

/// O_CLOEXEC is added; false with errno set when it fails.
Descriptor open_file(const std::string& path, int flags, mode_t mode = 0) noexcept;

/// Writes all bytes, in as many calls as it takes; false with errno set when a call fails.
bool write_all(int fd, std::string_view bytes) noexcept;

/// Throws Error `code` at `path`: "`what`: <text of errno>" with a hint that fits the errno.
[[noreturn]] void fail_file(const char* code, const std::string& path, const std::string& what, int error);

/// "." where the path names no folder.
std::string folder_of(const std::string& path);
std::string name_of(const std::string& path);

/// Makes renames and new names in this folder survive a power cut; false with errno set when it fails. Some file systems
/// cannot flush folders (EINVAL): nothing to do there.
bool flush_folder(const std::string& folder) noexcept;

}  // namespace chainrule
