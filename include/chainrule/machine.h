// The program and the machine it runs on: version, instruction set, speed.
#pragma once

#include <string>
#include <vector>

namespace chainrule {

struct VersionInfo {
  std::string version, compiler, build_type, instruction_set;
  std::vector<std::string> instruction_sets;  ///< compiled in and supported here, best first
  std::vector<std::string> plan_candidates;
  int cores = 0;
};
/// Throws Error E0110 when CHAINRULE_ISA names an instruction set that is unknown or not supported here.
VersionInfo version_info();

struct BenchRow { std::string shape, layers; std::size_t batch = 0; int threads = 1; double samples_per_second = 0, spread = 0, gflops = 0; };
/// Times training steps on the problem list S1..S6 for about `seconds` each.
std::vector<BenchRow> bench(double seconds, const std::vector<int>& threads);

}  // namespace chainrule
