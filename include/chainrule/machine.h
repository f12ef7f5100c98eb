// The program and the machine it runs on: version, instruction set, speed.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/network_spec.h"

namespace chainrule {

struct VersionInfo {
  std::string version, compiler, build_type, instruction_set;
  std::vector<std::string> instruction_sets;  ///< compiled in and supported here, best first
  std::vector<std::string> plan_candidates;
  int cores = 0;
};
/// Throws Error E0110 when CHAINRULE_ISA names an instruction set that is unknown or not supported here.
VersionInfo version_info();

/// "only 3 of 6 threads could be started" when the system refused some to this process so far (the worst case of all); "" otherwise. Results
/// do not depend on the number of threads, only the time they take does.
std::string thread_shortage_text();

struct BenchRow { std::string shape, layers; std::size_t batch = 0; int threads = 1; double samples_per_second = 0, spread = 0, gflops = 0; };
/// Times training steps on the problem list S1..S6 for about `seconds` each, or three steps where those take longer. `starting` hears
/// of each before it runs: its names, no figures yet.
std::vector<BenchRow> bench(double seconds, const std::vector<int>& threads, const std::function<void(const BenchRow&)>& starting = {});

/// One part of a training step in the cost model (docs/performance.md). Bytes are those that come from that level, all threads together.
struct BenchPhase {
  std::string name;   ///< "forward 1", "update 2", "barriers"
  double gflop = 0, l2_mb = 0, l3_mb = 0, dram_mb = 0, barriers = 0;
  double seconds = 0; ///< predicted
  std::string limit;  ///< what it waits for: "compute", "L2", "L3", "DRAM", "barrier"
};

/// A network's speed beside what this machine could do at most, measured in the same run.
struct NetworkBench {
  BenchRow row;
  std::string engine;                        ///< the cost model knows "cpu" only; without it there are no phases
  double fma_gflops = 0, l1_gbs = 0, l2_gbs = 0, l3_gbs = 0, dram_gbs = 0, barrier_ns = 0, updates_per_second = 0;
  double share_of_peak = 0;                  ///< row.gflops / fma_gflops
  double step_seconds = 0, predicted_seconds = 0;
  std::vector<BenchPhase> phases;
  std::string limit;                         ///< the largest of `shares`; "other": more than the model explains
  std::vector<std::pair<std::string, double>> shares;  ///< of the step's time, by limit
  std::vector<std::string> notes;            ///< what makes these figures doubtful, and what the plan has to say
};
/// Times training steps of this network on made-up rows and compares them with the cost model, once for each number of threads.
/// Throws Error E0490 when a step of so many rows cannot fit into this machine's memory.
std::vector<NetworkBench> bench_network(const NetworkSpec& network, const TrainingSpec& training, std::size_t batch, double seconds,
                                        const std::vector<int>& threads);
/// The same for the network of a TOML file (what `inspect --toml` prints and --spec reads).
std::vector<NetworkBench> bench_network(const std::string& spec_file, std::size_t batch, double seconds, const std::vector<int>& threads);

}  // namespace chainrule
