// Where bytes for a path really go: the file behind its links, a device or pipe, or a descriptor that is open already.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>

namespace chainrule {

struct WriteTarget {
  enum class Kind { replaced, device, descriptor } kind = Kind::replaced;
  std::string path;                    ///< links followed, also dangling ones
  int descriptor = -1;                 ///< of /dev/stdout and its like
  std::optional<struct stat> present;  ///< the file that will be replaced
};

/// Throws Error E0421 when nothing can be written there: a folder, a loop of links, a file without write permission, or
/// another user's link in a folder that everybody may write to (the rule of Linux' protected_symlinks).
WriteTarget find_write_target(const std::string& path);

}  // namespace chainrule
