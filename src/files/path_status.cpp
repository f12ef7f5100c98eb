// Asks again when interrupted, as every call of this room.
#include "files/path_status.h"

#include <cerrno>

#include "files/descriptor.h"

namespace chainrule {

std::optional<struct stat> status_of(const std::string& path, const char* code) {
  struct stat info {};
  if (system_call([&] { return ::stat(path.c_str(), &info); }) == 0) return info;
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  fail_file(code, path, std::string(code) == "E0421" ? "cannot create this file" : "cannot open", errno);
}

}  // namespace chainrule
