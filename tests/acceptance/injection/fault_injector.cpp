// Preloaded into the program by injection_test.py: one of its calls on the files of a folder fails, falls short or is its last.
//
// FAULT_FOLDER  where the program runs: relative paths and those below it count, others (libraries, locales) do not
// FAULT_CALLS   names that count, with commas between; without it all of them
// FAULT_AT      the call that is meant, from 1; without it nothing is disturbed
// FAULT_MODE    once, forever (from FAULT_AT on): fail with FAULT_ERRNO (a number); short: from FAULT_AT on, reads and writes do half;
//               kill: SIGKILL before the call; kill_half: half of the write is done first
// FAULT_LOG     a file that gets a line for every call that counts: its name and what it is about
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

struct stat;  // its size depends on nothing here

namespace {

constexpr int kMostDescriptors = 4096;

const char* text_of(const char* variable) {
  const char* text = ::getenv(variable);
  return text == nullptr ? "" : text;
}

struct Plan {
  const char* folder = text_of("FAULT_FOLDER");
  const char* calls = text_of("FAULT_CALLS");
  const char* mode = text_of("FAULT_MODE");
  const char* log = text_of("FAULT_LOG");
  long at = ::atol(text_of("FAULT_AT"));
  int error = ::atoi(text_of("FAULT_ERRNO"));

  bool is(const char* wanted) const { return ::strcmp(mode, wanted) == 0; }
};

const Plan& plan() {
  static const Plan only;
  return only;
}

std::atomic<long> count{0};
std::atomic<bool> counted_descriptor[kMostDescriptors];

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

bool counts(const char* path) {
  if (plan().folder[0] == '\0' || path == nullptr) return false;
  const std::size_t size = ::strlen(plan().folder);
  return path[0] != '/' || (::strncmp(path, plan().folder, size) == 0 && (path[size] == '/' || path[size] == '\0'));
}

bool counts(int descriptor) { return descriptor >= 0 && descriptor < kMostDescriptors && counted_descriptor[descriptor]; }

void set_counts(int descriptor, bool value) {
  if (descriptor >= 0 && descriptor < kMostDescriptors) counted_descriptor[descriptor] = value;
}

/// Whole words only.
bool is_listed(const char* name) {
  if (plan().calls[0] == '\0') return true;
  const std::size_t size = ::strlen(name);
  for (const char* at = plan().calls; (at = ::strstr(at, name)) != nullptr; at += size) {
    if ((at == plan().calls || at[-1] == ',') && (at[size] == ',' || at[size] == '\0')) return true;
  }
  return false;
}

const char* shown(const char* path, char*, std::size_t) { return path; }

const char* shown(int descriptor, char* room, std::size_t size) {
  char link[32];
  ::snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const long length = ::syscall(SYS_readlinkat, AT_FDCWD, link, room, size - 1);
  room[length > 0 ? length : 0] = '\0';
  return room;
}

template <class What>
void write_log(const char* name, What what) {
  static const int log = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, plan().log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  char room[4096], line[4200];
  const int size = ::snprintf(line, sizeof line, "%s %s\n", name, shown(what, room, sizeof room));
  ::syscall(SYS_write, log, line, static_cast<std::size_t>(size));
}

[[noreturn]] void die() {
  ::syscall(SYS_kill, ::syscall(SYS_getpid), SIGKILL);
  for (;;) ::syscall(SYS_sched_yield);
}

enum class Verdict { done, failed, half };

/// What shall become of this call; `what` is its path or descriptor.
template <class What>
Verdict judge(const char* name, What what) {
  if (!counts(what) || !is_listed(name)) return Verdict::done;
  const long n = ++count;
  if (plan().log[0] != '\0') write_log(name, what);
  const bool lasting = plan().is("forever") || plan().is("short");
  if (plan().at == 0 || n < plan().at || (n > plan().at && !lasting)) return Verdict::done;
  if (plan().is("kill")) die();
  if (plan().is("kill_half") || plan().is("short")) return Verdict::half;
  errno = plan().error;
  return Verdict::failed;
}

template <class What>
bool fails(const char* name, What what) {
  return judge(name, what) == Verdict::failed;
}

/// read(), write() and their like, with the number of bytes made smaller for half a call.
template <class Call>
ssize_t transfer(const char* name, int descriptor, std::size_t size, Call call) {
  const Verdict verdict = judge(name, descriptor);
  if (verdict == Verdict::failed) return -1;
  if (verdict == Verdict::done) return call(size);
  const ssize_t done = call(plan().is("short") ? (size + 1) / 2 : size / 2);
  if (plan().is("kill_half")) die();
  return done;
}

using Open = int (*)(const char*, int, ...);

int open_counted(const char* real_name, const char* path, int flags, mode_t mode) {
  if (fails("open", path)) return -1;
  const int descriptor = next<Open>(real_name)(path, flags, mode);
  set_counts(descriptor, counts(path));
  return descriptor;
}

mode_t mode_of(int flags, va_list more) {
  return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? static_cast<mode_t>(va_arg(more, unsigned)) : 0;
}

}  // namespace

// Labels instead of the names themselves: the headers declare those in ways that differ between compilers.
#define REPLACES(name) __asm__(#name) __attribute__((visibility("default"), used))

#define WRAP_OPEN(name)                                             \
  extern "C" int fault_##name(const char*, int, ...) REPLACES(name); \
  int fault_##name(const char* path, int flags, ...) {              \
    va_list more;                                                   \
    va_start(more, flags);                                          \
    const mode_t mode = mode_of(flags, more);                       \
    va_end(more);                                                   \
    return open_counted(#name, path, flags, mode);                  \
  }

WRAP_OPEN(open)
WRAP_OPEN(open64)

#define WRAP(name, counted_as, what, parameters, arguments)       \
  extern "C" int fault_##name parameters REPLACES(name);          \
  int fault_##name parameters {                                   \
    static const auto real = next<int(*) parameters>(#name);      \
    return fails(counted_as, what) ? -1 : real arguments;         \
  }

WRAP(access, "access", path, (const char* path, int mode), (path, mode))
WRAP(stat, "stat", path, (const char* path, struct stat* info), (path, info))
WRAP(stat64, "stat", path, (const char* path, struct stat* info), (path, info))
WRAP(lstat, "lstat", path, (const char* path, struct stat* info), (path, info))
WRAP(lstat64, "lstat", path, (const char* path, struct stat* info), (path, info))
WRAP(fstat, "fstat", descriptor, (int descriptor, struct stat* info), (descriptor, info))
WRAP(fstat64, "fstat", descriptor, (int descriptor, struct stat* info), (descriptor, info))
WRAP(mkdir, "mkdir", path, (const char* path, mode_t mode), (path, mode))
WRAP(rmdir, "rmdir", path, (const char* path), (path))
WRAP(unlink, "unlink", path, (const char* path), (path))
WRAP(remove, "unlink", path, (const char* path), (path))
WRAP(rename, "rename", to, (const char* from, const char* to), (from, to))
WRAP(linkat, "linkat", to, (int a, const char* from, int b, const char* to, int flags), (a, from, b, to, flags))
WRAP(fsync, "fsync", descriptor, (int descriptor), (descriptor))
WRAP(fdatasync, "fsync", descriptor, (int descriptor), (descriptor))
WRAP(ftruncate, "ftruncate", descriptor, (int descriptor, off_t size), (descriptor, size))
WRAP(ftruncate64, "ftruncate", descriptor, (int descriptor, off_t size), (descriptor, size))
WRAP(fchmod, "fchmod", descriptor, (int descriptor, mode_t mode), (descriptor, mode))
WRAP(fchown, "fchown", descriptor, (int descriptor, uid_t user, gid_t group), (descriptor, user, group))
WRAP(flock, "flock", descriptor, (int descriptor, int operation), (descriptor, operation))

#define WRAP_TRANSFER(name, counted_as, parameters, arguments)                                   \
  extern "C" ssize_t fault_##name parameters REPLACES(name);                                     \
  ssize_t fault_##name parameters {                                                              \
    static const auto real = next<ssize_t(*) parameters>(#name);                                 \
    return transfer(counted_as, descriptor, wanted, [&](std::size_t size) { return real arguments; }); \
  }

WRAP_TRANSFER(read, "read", (int descriptor, void* bytes, std::size_t wanted), (descriptor, bytes, size))
WRAP_TRANSFER(pread, "pread", (int descriptor, void* bytes, std::size_t wanted, off_t at), (descriptor, bytes, size, at))
WRAP_TRANSFER(pread64, "pread", (int descriptor, void* bytes, std::size_t wanted, off_t at), (descriptor, bytes, size, at))
WRAP_TRANSFER(write, "write", (int descriptor, const void* bytes, std::size_t wanted), (descriptor, bytes, size))
WRAP_TRANSFER(pwrite, "pwrite", (int descriptor, const void* bytes, std::size_t wanted, off_t at), (descriptor, bytes, size, at))
WRAP_TRANSFER(pwrite64, "pwrite", (int descriptor, const void* bytes, std::size_t wanted, off_t at), (descriptor, bytes, size, at))

extern "C" void* fault_opendir(const char*) REPLACES(opendir);
void* fault_opendir(const char* path) {
  static const auto real = next<void* (*)(const char*)>("opendir");
  return fails("opendir", path) ? nullptr : real(path);
}

extern "C" ssize_t fault_readlink(const char*, char*, std::size_t) REPLACES(readlink);
ssize_t fault_readlink(const char* path, char* text, std::size_t size) {
  static const auto real = next<ssize_t (*)(const char*, char*, std::size_t)>("readlink");
  return fails("readlink", path) ? -1 : real(path, text, size);
}

/// A close() that fails has closed all the same.
extern "C" int fault_close(int) REPLACES(close);
int fault_close(int descriptor) {
  static const auto real = next<int (*)(int)>("close");
  const bool failed = fails("close", descriptor);
  set_counts(descriptor, false);
  const int result = real(descriptor);
  if (!failed) return result;
  errno = plan().error;
  return -1;
}
