// Whole files and folders on POSIX calls.
#include "files/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "chainrule/error.h"
#include "files/file_state.h"
#include "files/file_writer.h"
#include "files/interruption.h"
#include "files/memory_share.h"

namespace chainrule {
namespace {

/// Makes the call again when it was interrupted, unless the interruption was meant for this program: then E0590.
template <class Call>
auto stoppable_call(const std::atomic<bool>* stop, const std::string& path, Call call) -> decltype(call()) {
  for (;;) {
    end_if_asked(stop, path);
    const auto result = file_call_fails() ? static_cast<decltype(call())>(-1) : call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

constexpr std::size_t kReadBlock = std::size_t{8} << 20;  // so much is read between two looks at `stop`

/// One file being read, piece by piece.
class Reading {
 public:
  Reading(const std::string& path, const FileLimit& limit, const std::atomic<bool>* stop)
      : path_(path), limit_(limit), stop_(stop), fd_(stoppable_call(stop, path, [&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); })) {
    if (!fd_ && errno == ENOENT) {
      throw Error("E0401", path, std::string("cannot open: ") + std::strerror(ENOENT), "check the spelling and the current folder");
    }
    if (!fd_) fail_file("E0401", path, "cannot open", errno);
    struct stat info {};
    if (system_call([&] { return ::fstat(fd_.get(), &info); }) != 0) fail_file("E0424", path, "cannot read", errno);
    if (S_ISDIR(info.st_mode)) fail_file("E0401", path, "cannot open as a file", EISDIR);
    before_ = FileState::of(fd_.get());
  }

  std::string all() {
    constexpr std::size_t kFirst = 8;  // the smallest head that tells a kind of file
    if (before_.size() > limit_.bytes) throw_too_large(limit_.bytes);
    std::string bytes;
    const bool more = read_to(bytes, kFirst);
    if (limit_.judge != nullptr) limit_.judge(bytes, path_);
    if (more) read_rest(bytes);
    before_.check_unchanged(fd_.get(), path_, "E0424");
    return bytes;
  }

 private:
  [[noreturn]] void throw_too_large(std::size_t most) const {
    throw Error(limit_.code, path_, "is larger than " + std::to_string(most >> 20) + " MB; " + limit_.what, limit_.hint);
  }

  // To the size that a regular file had at first; others to their end.
  void read_rest(std::string& bytes) {
    if (before_.size() > bytes.size()) {
      read_to(bytes, before_.size());
      return;
    }
    const std::size_t most = std::min(limit_.bytes, largest_collected_input());
    for (std::size_t room = std::size_t{1} << 16; read_to(bytes, std::min(room, most + 1)); room += room / 2) {
      if (bytes.size() > most) throw_too_large(most);
    }
  }

  // Reads until `bytes` are as many as `size`; false when the file ends before.
  bool read_to(std::string& bytes, std::size_t size) {
    std::size_t used = bytes.size();
    bytes.resize(size);
    while (used < size) {
      const auto piece = [&] { return ::read(fd_.get(), bytes.data() + used, std::min(size - used, kReadBlock)); };
      const ssize_t got = stoppable_call(stop_, path_, piece);
      if (got < 0) fail_file("E0424", path_, "cannot read", errno);
      used += static_cast<std::size_t>(got);
      if (got > 0) continue;
      bytes.resize(used);
      return false;
    }
    return true;
  }

  const std::string& path_;
  const FileLimit& limit_;
  const std::atomic<bool>* stop_;
  Descriptor fd_;
  FileState before_;
};

}  // namespace

void write_file_atomically(const std::string& path, std::string_view bytes, Check check) {
  if (path.empty()) fail_file("E0421", path, "cannot create this file", ENOENT);
  FileWriter file(path);
  try {
    file.write(bytes);
    if (check == Check::read_back && file.replaces() && file.read_back() != bytes) {
      throw Error("E0422", path, "the file does not hold what was written", "check the disk, or choose another one");
    }
    file.finish();
  } catch (const ReaderGone&) {
    fail_file("E0422", path, "cannot write", EPIPE);
  }
}

void replace_file(const std::string& from, const std::string& to) {
  if (system_call([&] { return ::rename(from.c_str(), to.c_str()); }) != 0) {
    fail_file("E0423", to, "cannot rename \"" + name_of(from) + "\" to this name", errno);
  }
  if (!flush_folder(folder_of(to))) fail_file("E0423", to, "the file is in place, but its folder cannot be flushed", errno);
}

std::string read_file(const std::string& path, const FileLimit& limit, const std::atomic<bool>* stop) {
  try {
    return Reading(path, limit, stop).all();
  } catch (const std::bad_alloc&) {
    throw Error("E0490", path, "out of memory while it was read", "end other programs, or raise the limit on memory (ulimit -v)");
  }
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
  if (error == EEXIST) {  // what is there: a folder made meanwhile, a file, or a link that leads nowhere
    const bool there = ::stat(path.c_str(), &info) == 0;
    if (there && S_ISDIR(info.st_mode)) return;
    error = there ? ENOTDIR : errno;
  }
  fail_file("E0421", path, "cannot create the folder", error);
}

}  // namespace chainrule
