// The engine's speed on the problem list S1 to S6 (training steps on data in memory), and of one network beside the cost model.
#include <algorithm>
#include <chrono>

#include "base/atomic_file.h"
#include "chainrule/machine.h"
#include "engine/cost_model.h"
#include "net/problems.h"

namespace chainrule {
namespace {

// Samples per second of steps repeated for about `seconds`.
double time_steps(Network& network, const net::ProblemRows& rows, std::size_t batch, double seconds) {
  const auto begin = std::chrono::steady_clock::now();
  std::size_t steps = 0;
  double passed = 0;
  for (std::size_t run = 1; passed < seconds; run = std::min<std::size_t>(2 * run, 4096)) {
    for (std::size_t i = 0; i < run; ++i) network.step(rows.samples, rows.batches[steps++ % rows.batches.size()]);
    passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  return static_cast<double>(steps * batch) / passed;
}

constexpr int kRepeats = 5;

/// Fills in the speeds of `row`, whose names are known.
BenchRow measure(BenchRow row, Network& network, const NetworkSpec& spec, double seconds) {
  const net::ProblemRows rows(spec, row.batch, 4);
  time_steps(network, rows, row.batch, seconds / 10);
  std::vector<double> speeds;
  for (int i = 0; i < kRepeats; ++i) speeds.push_back(time_steps(network, rows, row.batch, seconds / kRepeats));
  std::sort(speeds.begin(), speeds.end());
  row.layers = net::layers_text(spec);
  row.samples_per_second = speeds[kRepeats / 2];
  row.spread = (speeds.back() - speeds.front()) / row.samples_per_second;
  row.gflops = row.samples_per_second * net::training_flops(spec) * 1e-9;
  return row;
}

BenchRow named(const std::string& name, std::size_t batch, int threads) {
  BenchRow row;
  row.shape = name;
  row.batch = batch;
  row.threads = threads;
  return row;
}

BenchRow measure(const net::Problem& problem, int threads, double seconds) {
  const NetworkSpec spec = net::network_of(problem);
  Network network(spec, net::training_of(problem), {EngineKind::automatic, threads, problem.batch});
  return measure(named(problem.name, problem.batch, threads), network, spec, seconds);
}

void add_ceilings(NetworkBench& bench, const engine::MachineModel& machine) {
  const engine::Ceilings& top = machine.ceilings;
  bench.fma_gflops = top.fma;
  bench.l1_gbs = top.l1;
  bench.l2_gbs = top.l2;
  bench.l3_gbs = top.l3;
  bench.dram_gbs = top.dram;
  bench.barrier_ns = top.barrier;
  bench.updates_per_second = machine.update_rate;
  bench.share_of_peak = bench.row.gflops / top.fma;
}

void add_cost(NetworkBench& bench, engine::StepCost cost) {
  bench.predicted_seconds = cost.seconds;
  cost.compare_with(bench.step_seconds);
  bench.limit = engine::name(cost.limit());
  for (const engine::PhaseCost& phase : cost.phases) {
    bench.phases.push_back({phase.name, phase.flops * 1e-9, phase.l2 * 1e-6, phase.l3 * 1e-6, phase.dram * 1e-6, phase.barriers, phase.seconds,
                            engine::name(phase.limit)});
  }
  const double whole = std::max(bench.step_seconds, cost.seconds);
  for (std::size_t i = 0; i < cost.by_limit.size(); ++i) {
    bench.shares.push_back({engine::name(static_cast<engine::Limit>(i)), cost.by_limit[i] / whole});
  }
}

NetworkBench bench_one(const NetworkSpec& spec, const TrainingSpec& training, std::size_t batch, double seconds, int threads) {
  Network network(spec, training, {EngineKind::automatic, threads, batch});
  NetworkBench bench;
  const engine::MachineModel machine = engine::measure_machine(training, threads, seconds);
  bench.row = measure(named("network", batch, threads), network, spec, seconds);
  bench.engine = network.plan().engine;
  bench.step_seconds = static_cast<double>(batch) / bench.row.samples_per_second;
  add_ceilings(bench, machine);
  if (bench.engine == "cpu") add_cost(bench, engine::step_cost(spec, training, batch, machine));
  return bench;
}

}  // namespace

std::vector<BenchRow> bench(double seconds, const std::vector<int>& threads) {
  std::vector<BenchRow> rows;
  for (const net::Problem& problem : net::training_problems()) {
    for (int count : threads) rows.push_back(measure(problem, count, seconds));
  }
  return rows;
}

std::vector<NetworkBench> bench_network(const NetworkSpec& network, const TrainingSpec& training, std::size_t batch, double seconds,
                                        const std::vector<int>& threads) {
  std::vector<NetworkBench> found;
  for (int count : threads) found.push_back(bench_one(network, training, batch, seconds, count));
  return found;
}

std::vector<NetworkBench> bench_network(const std::string& spec_file, std::size_t batch, double seconds, const std::vector<int>& threads) {
  const ParsedSpec spec = spec_from_toml(read_file(spec_file), spec_file);
  return bench_network(spec.network, spec.training, batch, seconds, threads);
}

}  // namespace chainrule
