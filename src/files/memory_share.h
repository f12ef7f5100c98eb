// How much of what has no known size may be collected in memory.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>

namespace chainrule {

/// A third of the memory that the machine has, or that the process may use: what is made of the bytes needs room too.
inline std::size_t largest_collected_input() noexcept {
  const long pages = ::sysconf(_SC_PHYS_PAGES), page = ::sysconf(_SC_PAGESIZE);
  std::size_t memory = pages > 0 && page > 0 ? static_cast<std::size_t>(pages) * static_cast<std::size_t>(page) : SIZE_MAX;
  for (const auto kind : {RLIMIT_AS, RLIMIT_DATA}) {
    rlimit limit{};
    if (::getrlimit(kind, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) memory = std::min<std::size_t>(memory, limit.rlim_cur);
  }
  return memory / 3;
}

}  // namespace chainrule
