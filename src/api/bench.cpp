// The engine's speed on the problem list S1 to S9 (training steps on data in memory), and of one network beside the cost model.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "api/network_choice.h"
#include "chainrule/error.h"
#include "chainrule/machine.h"
#include "engine/cost_model.h"
#include "net/problems.h"

namespace chainrule {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// Samples per second of steps repeated for about `seconds`, once at least; the clock is read after ever longer runs of steps.
double time_steps(Network& network, const net::ProblemRows& rows, std::size_t batch, double seconds) {
  const auto begin = Clock::now();
  constexpr double kLongestRun = 4096, kTick = 1e-9;
  for (std::size_t steps = 0, run = 1;;) {
    for (std::size_t i = 0; i < run; ++i) network.step(rows.samples, rows.batches[steps++ % rows.batches.size()]);
    const double passed = std::max(seconds_since(begin), kTick);
    const double left = (seconds - passed) / passed * static_cast<double>(steps);  // steps that still fit
    if (left < 1) return static_cast<double>(steps * batch) / passed;
    run = static_cast<std::size_t>(std::min({2.0 * static_cast<double>(run), left, kLongestRun}));
  }
}

/// Five turns within `seconds`; fewer, but two at least, where a step takes long.
std::vector<double> speeds_of_turns(Network& network, const net::ProblemRows& rows, std::size_t batch, double seconds) {
  constexpr std::size_t kTurns = 5, kLeast = 2;
  time_steps(network, rows, batch, seconds / 10);
  std::vector<double> speeds;
  for (const auto begin = Clock::now(); speeds.size() < kTurns && (speeds.size() < kLeast || seconds_since(begin) < seconds);) {
    speeds.push_back(time_steps(network, rows, batch, seconds / kTurns));
  }
  std::sort(speeds.begin(), speeds.end());
  return speeds;
}

/// Fills in the speeds of `row`, whose names are known.
BenchRow measure(BenchRow row, Network& network, const NetworkSpec& spec, double seconds) {
  const net::ProblemRows rows(spec, row.batch, 4);
  const std::vector<double> speeds = speeds_of_turns(network, rows, row.batch, seconds);
  row.samples_per_second = speeds[(speeds.size() - 1) / 2];
  row.spread = (speeds.back() - speeds.front()) / row.samples_per_second;
  row.gflops = row.samples_per_second * net::training_flops(spec) * 1e-9;
  return row;
}

BenchRow named(const std::string& name, const NetworkSpec& spec, std::size_t batch, int threads) {
  BenchRow row;
  row.shape = name;
  row.layers = net::layers_text(spec);
  row.batch = batch;
  row.threads = threads;
  return row;
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

std::string percent(double share) { return std::to_string(std::lround(100 * share)) + " %"; }

/// Beside other programs the figures mean little, and must say so themselves.
void add_doubts(NetworkBench& bench) {
  constexpr double kWideSpread = 0.3, kTolerance = 1.05;
  if (bench.row.spread > kWideSpread) {
    bench.notes.push_back("the turns differ by " + percent(bench.row.spread) + ": other programs use these cores, so all figures here are rough");
  }
  if (bench.share_of_peak > 1 || bench.predicted_seconds > kTolerance * bench.step_seconds) {
    bench.notes.push_back("a step took less time than these ceilings allow: they were measured while other programs ran, or the cost model is "
                          "wrong here; measure again on an idle machine, or for more seconds");
  }
}

NetworkBench bench_one(const NetworkSpec& spec, const TrainingSpec& training, std::size_t batch, double seconds, int threads_asked) {
  Network network(spec, training, {EngineKind::automatic, threads_asked, batch});
  const int threads = network.plan().threads;  // may be fewer
  NetworkBench bench;
  engine::MachineModel machine = engine::measure_machine(training, threads, seconds / 2);
  bench.row = measure(named("network", spec, batch, threads), network, spec, seconds);
  machine.keep_best_of(engine::measure_machine(training, threads, seconds / 2));
  const PlanReport plan = network.plan();
  bench.engine = plan.engine;
  bench.step_seconds = static_cast<double>(batch) / bench.row.samples_per_second;
  add_ceilings(bench, machine);
  if (bench.engine == "cpu") add_cost(bench, engine::step_cost(spec, training, batch, machine));
  add_doubts(bench);
  const bool bf16 = training.precision == Precision::bf16 && bench.engine == "cpu";
  if (bf16) bench.notes.push_back("the cost model counts bf16 products like those of fp32");
  bench.notes.insert(bench.notes.end(), plan.notes.begin(), plan.notes.end());
  return bench;
}

/// The rows, and activations and gradients of every layer, are what grows with the batch; Linux would kill the process for them unasked.
void check_memory(const NetworkSpec& spec, std::size_t batch) {
  double columns = 5.0 * static_cast<double>(spec.inputs);
  for (const LayerSpec& layer : spec.layers) columns += 3.0 * static_cast<double>(layer.units);
  const double needed = columns * sizeof(float) * static_cast<double>(batch);
  const double installed = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (needed <= installed) return;
  const auto gigabytes = [](double bytes) { return std::to_string(std::llround(std::ceil(std::min(bytes * 1e-9, 1e15)))) + " GB"; };
  throw Error("E0490", "batch " + std::to_string(batch),
              "a step of so many rows needs about " + gigabytes(needed) + ", and this machine has " + gigabytes(installed), "try a smaller batch");
}

}  // namespace

std::vector<BenchRow> bench(double seconds, const std::vector<int>& threads, const std::function<void(const BenchRow&)>& starting) {
  std::vector<BenchRow> rows;
  for (const net::Problem& problem : net::training_problems()) {
    const NetworkSpec spec = net::network_of(problem);
    for (int count : threads) {
      rows.push_back(named(problem.name, spec, problem.batch, count));
      if (starting) starting(rows.back());
      Network network(spec, net::training_of(problem), {EngineKind::automatic, count, problem.batch});
      rows.back().threads = network.plan().threads;  // may be fewer
      rows.back() = measure(rows.back(), network, spec, seconds);
    }
  }
  return rows;
}

std::vector<NetworkBench> bench_network(const NetworkSpec& network, const TrainingSpec& training, std::size_t batch, double seconds,
                                        const std::vector<int>& threads) {
  check_spec(network, training);
  check_memory(network, batch);
  std::vector<NetworkBench> found;
  for (int count : threads) found.push_back(bench_one(network, training, batch, seconds, count));
  return found;
}

std::vector<NetworkBench> bench_network(const std::string& spec_file, std::size_t batch, double seconds, const std::vector<int>& threads) {
  const ParsedSpec spec = api::read_spec_file(spec_file);
  return bench_network(spec.network, spec.training, batch, seconds, threads);
}

}  // namespace chainrule
