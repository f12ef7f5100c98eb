// How many cores this process may really use.
#pragma once

#include <optional>
#include <string_view>

namespace chainrule {

/// Cores that the system lets this process run on (taskset, cpusets), fewer if a control group grants less time than they have (containers with
/// a CPU limit, rounded up). At least 1. std::thread::hardware_concurrency() counts the machine's instead, and threads that share a core
/// wait for each other.
int usable_cores();

/// Cores' worth of time that a control group's `cpu.max` ("200000 100000": microseconds of each period) grants; nothing for "max" or what is
/// no such text.
std::optional<double> granted_cores(std::string_view cpu_max);

}  // namespace chainrule
