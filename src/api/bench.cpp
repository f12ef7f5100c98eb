// The engine's speed on the problem list S1 to S6 (training steps on data in memory).
#include <algorithm>
#include <chrono>

#include "chainrule/machine.h"
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

BenchRow measure(const net::Problem& problem, int threads, double seconds) {
  constexpr int kRepeats = 5;
  const NetworkSpec spec = net::network_of(problem);
  Network network(spec, net::training_of(problem), {EngineKind::automatic, threads, problem.batch});
  const net::ProblemRows rows(spec, problem.batch, 4);
  time_steps(network, rows, problem.batch, seconds / 10);
  std::vector<double> speeds;
  for (int i = 0; i < kRepeats; ++i) speeds.push_back(time_steps(network, rows, problem.batch, seconds / kRepeats));
  std::sort(speeds.begin(), speeds.end());
  const double median = speeds[kRepeats / 2];
  return {problem.name,
          net::layers_text(spec),
          problem.batch,
          threads,
          median,
          (speeds.back() - speeds.front()) / median,
          median * net::training_flops(spec) * 1e-9};
}

}  // namespace

std::vector<BenchRow> bench(double seconds, const std::vector<int>& threads) {
  std::vector<BenchRow> rows;
  for (const net::Problem& problem : net::training_problems()) {
    for (int count : threads) rows.push_back(measure(problem, count, seconds));
  }
  return rows;
}

}  // namespace chainrule
