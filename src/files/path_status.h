// What lies at a path: a file system that does not answer is an error, never "there is nothing".
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>

namespace chainrule {

/// Links followed; nothing where nothing lies, also behind a dangling link. Throws Error `code` where the system does not say.
std::optional<struct stat> status_of(const std::string& path, const char* code = "E0401");

inline bool exists(const std::string& path) { return status_of(path).has_value(); }

}  // namespace chainrule
