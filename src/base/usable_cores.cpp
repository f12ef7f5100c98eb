// Counts usable cores: the affinity mask, then the limits of the control group and of those around it.
#include "base/usable_cores.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

namespace chainrule {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string text;
  std::getline(file, text, '\0');
  return text;
}

int allowed_cores() {
#if defined(__linux__)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
}

/// The least that a group or one around it grants; `limit_of` reads one group's folder.
template <class LimitOf>
double least_grant(const std::filesystem::path& root, std::string_view group, LimitOf limit_of) {
  double least = HUGE_VAL;
  std::filesystem::path folder = root / std::filesystem::path(group).relative_path();
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) folder = root;  // inside a container the file names the group as the host sees it
  for (;; folder = folder.parent_path()) {
    least = std::min(least, limit_of(folder).value_or(HUGE_VAL));
    if (folder == root || folder.native().size() <= root.native().size()) return least;
  }
}

/// Both versions of control groups: a line of /proc/self/cgroup is "number:controllers:group", without controllers in version 2.
double granted_to_group() {
  double least = HUGE_VAL;
  const std::string lines = text_of("/proc/self/cgroup");
  for (std::string_view rest = lines; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == line.npos || second == line.npos) continue;
    const std::string_view group = line.substr(second + 1);
    const std::string controllers = "," + std::string(line.substr(first + 1, second - first - 1)) + ",";
    if (controllers == ",,") {
      least = std::min(least, least_grant("/sys/fs/cgroup", group, [](const auto& folder) { return granted_cores(text_of(folder / "cpu.max")); }));
    } else if (controllers.find(",cpu,") != controllers.npos) {
      least = std::min(least, least_grant("/sys/fs/cgroup/cpu", group, [](const auto& folder) {
        return granted_cores(text_of(folder / "cpu.cfs_quota_us") + " " + text_of(folder / "cpu.cfs_period_us"));
      }));
    }
  }
  return least;
}

}  // namespace

std::optional<double> granted_cores(std::string_view cpu_max) {
  double numbers[2];
  for (double& number : numbers) {
    cpu_max.remove_prefix(std::min(cpu_max.size(), cpu_max.find_first_not_of(" \n")));
    const auto [end, error] = std::from_chars(cpu_max.data(), cpu_max.data() + cpu_max.size(), number);
    if (error != std::errc() || !(number > 0)) return std::nullopt;
    cpu_max.remove_prefix(static_cast<std::size_t>(end - cpu_max.data()));
  }
  return numbers[0] / numbers[1];
}

int usable_cores() {
  static const double granted = std::ceil(granted_to_group());
  const int allowed = std::max(1, allowed_cores());
  return granted < allowed ? std::max(1, static_cast<int>(granted)) : allowed;
}

}  // namespace chainrule
