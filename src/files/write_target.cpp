// Follows links one by one, so that dangling ones lead where live ones do and planted ones are seen.
#include "files/write_target.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <climits>

#include "chainrule/error.h"
#include "files/descriptor.h"
#include "files/path_status.h"

namespace chainrule {
namespace {

constexpr int kMostLinks = 40;  // as the kernel
constexpr const char* kRefused = "cannot create this file";

/// The descriptor that the path names: /dev/stdout, /dev/fd/3, /proc/self/fd/3. Opening it anew would write over its
/// beginning, whatever the shell had asked for.
std::optional<int> named_descriptor(const std::string& path) {
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string prefix : {"/dev/fd/", "/proc/self/fd/"}) {
    if (path.rfind(prefix, 0) != 0) continue;
    int number = -1;
    const char* end = path.data() + path.size();
    const auto [stopped, status] = std::from_chars(path.data() + prefix.size(), end, number);
    if (status == std::errc() && stopped == end && number >= 0) return number;
  }
  return std::nullopt;
}

std::string target_of_link(const std::string& link, const std::string& shown) {
  char text[PATH_MAX];
  const ssize_t size = ::readlink(link.c_str(), text, sizeof text);
  if (size < 0) fail_file("E0421", shown, kRefused, errno);
  const std::string target(text, static_cast<std::size_t>(size));
  return !target.empty() && target[0] == '/' ? target : folder_of(link) + "/" + target;
}

/// In a folder that all may write to, a link counts only when it is one's own or the folder's owner's.
void check_not_planted(const std::string& link, const struct stat& info, const std::string& shown) {
  struct stat folder {};
  const bool open_to_all = ::stat(folder_of(link).c_str(), &folder) == 0 && (folder.st_mode & S_IWOTH) != 0;
  if (!open_to_all || info.st_uid == ::geteuid() || info.st_uid == folder.st_uid) return;
  throw Error("E0421", shown, "is a link that another user made in a folder open to all", "remove the link or choose another folder");
}

std::string behind_links(const std::string& path) {
  std::string place = path;
  for (int links = 0; links <= kMostLinks; ++links) {
    struct stat info {};
    if (::lstat(place.c_str(), &info) != 0) {
      if (errno == ENOENT) return place;
      fail_file("E0421", path, kRefused, errno);
    }
    if (!S_ISLNK(info.st_mode)) return place;
    check_not_planted(place, info, path);
    place = target_of_link(place, path);
  }
  fail_file("E0421", path, kRefused, ELOOP);
}

/// A file without any write permission is protected from its owner too, and from root.
void check_may_be_replaced(const std::string& path, const WriteTarget& target) {
  if ((target.present->st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)) == 0) {
    throw Error("E0421", path, "is write-protected", "allow writing with `chmod u+w`, or give another name");
  }
  if (::access(target.path.c_str(), W_OK) != 0) fail_file("E0421", path, "cannot replace this file", errno);
}

}  // namespace

WriteTarget find_write_target(const std::string& path) {
  if (path.empty() || path.back() == '/') fail_file("E0421", path, kRefused, path.empty() ? ENOENT : EISDIR);
  WriteTarget target;
  if (const std::optional<int> descriptor = named_descriptor(path)) {
    target.kind = WriteTarget::Kind::descriptor;
    target.descriptor = *descriptor;
    return target;
  }
  const auto present = status_of(path, "E0421");
  if (present && S_ISDIR(present->st_mode)) fail_file("E0421", path, kRefused, EISDIR);
  if (present && !S_ISREG(present->st_mode)) {
    target.kind = WriteTarget::Kind::device;
    target.path = path;
    return target;
  }
  target.path = behind_links(path);
  if (present) {
    target.present = present;
    check_may_be_replaced(path, target);
  }
  return target;
}

}  // namespace chainrule
