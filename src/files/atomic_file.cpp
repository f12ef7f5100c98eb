// Whole files and folders on POSIX calls.
#include "files/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "chainrule/error.h"
#include "files/file_writer.h"

namespace chainrule {
namespace {

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

std::string read_file(const std::string& path) {
  Descriptor fd = open_file(path, O_RDONLY);
  if (!fd && errno == ENOENT) {
    throw Error("E0401", path, std::string("cannot open: ") + std::strerror(ENOENT), "check the spelling and the current folder");
  }
  if (!fd) fail_file("E0401", path, "cannot open", errno);
  struct stat info {};
  if (system_call([&] { return ::fstat(fd.get(), &info); }) != 0) fail_file("E0424", path, "cannot read", errno);
  if (S_ISDIR(info.st_mode)) fail_file("E0401", path, "cannot open as a file", EISDIR);
  const std::size_t size = S_ISREG(info.st_mode) ? static_cast<std::size_t>(info.st_size) : 0;
  std::string bytes;
  if (!read_all(fd.get(), size, bytes)) fail_file("E0424", path, "cannot read", errno);
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
  fail_file("E0421", path, "cannot create the folder", error);
}

}  // namespace chainrule
