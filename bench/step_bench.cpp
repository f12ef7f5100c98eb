// Times training steps of the cpu engine on the shapes S1..S9: as the machine is, and in the moments when no one else used its cores, which is what
// the engine itself reaches.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core_probe.h"
#include "engine/ceilings.h"
#include "engine/cpu/cpu_plan.h"
#include "net/initial_parameters.h"
#include "net/problems.h"

namespace {

using namespace chainrule;

struct Run {
  net::ProblemRows rows;
  OptimizerSpec optimizer;
  std::unique_ptr<engine::Plan> plan;
  std::uint64_t t = 0;
  double flops;

  Run(const net::Problem& problem, int threads, Precision precision)
      : rows(net::network_of(problem), problem.batch, 4), optimizer(net::training_of(problem).optimizer) {
    const NetworkSpec network = net::network_of(problem);
    flops = net::training_flops(network) * static_cast<double>(problem.batch);
    TrainingSpec training = net::training_of(problem);
    training.precision = precision;
    plan = engine::make_cpu_plan(network, training, {EngineKind::cpu, threads, problem.batch});
    plan->load(engine::Part::parameters, net::initial_parameters(network, 1));
  }

  void step() {
    ++t;
    plan->step(rows.samples, rows.batches[t % 4], {t, 1, math::update_constants(optimizer, t, optimizer.learning_rate, 0)});
  }
};

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}

/// Steps for so many seconds or one step, in GFLOP/s.
double rate_of_steps(Run& run, double seconds) {
  const double begin = bench::now();
  double passed = 0;
  int steps = 0;
  for (; passed < seconds; passed = bench::now() - begin) run.step(), ++steps;
  return steps * run.flops / passed * 1e-9;
}

/// A look at the cores lets a virtual core fall asleep, and the host give it away: steps are counted once it is awake.
double slice(Run& run, int threads) {
  rate_of_steps(run, threads > 1 ? 1e-3 : 1e-4);
  return rate_of_steps(run, threads > 1 ? 2e-3 : 1e-3);
}

void print(const char* what, const std::vector<double>& rates, double peak, double flops_of_row) {
  if (rates.empty()) return;
  const double middle = quantile(rates, 0.5);
  std::printf("  %-12s %5zu slices: %7.1f GFLOP/s (quartiles %.1f, %.1f), %4.1f %% of peak, %.4g rows/s\n", what, rates.size(), middle, quantile(rates, 0.25),
              quantile(rates, 0.75), 100 * middle / peak, middle * 1e9 / flops_of_row);
}

/// Slices for that many seconds: one in eight whatever the machine does, and all that a look at the cores before and after found undisturbed.
void measure(const net::Problem& shape, int threads, double seconds, Precision precision, double peak) {
  Run run(shape, threads, precision);
  bench::CoreProbe probe(threads);
  for (int i = 0; i < 3; ++i) run.step();
  std::vector<double> any, ours;
  const double begin = bench::now();
  for (int i = 0; any.empty() || bench::now() - begin < seconds; ++i) {
    const bool free_before = probe.cores_are_ours();
    if (!free_before && i % 8 != 0) continue;
    const double rate = slice(run, threads);
    if (threads > 1) probe.let_sleep();
    if (i % 8 == 0) any.push_back(rate);
    if (free_before && probe.cores_are_ours()) ours.push_back(rate);
  }
  std::printf("%s %s, %d threads\n", shape.name.c_str(), run.plan->report().instruction_set.c_str(), run.plan->report().threads);
  print("as it is", any, peak, run.flops / static_cast<double>(shape.batch));
  print("undisturbed", ours, peak, run.flops / static_cast<double>(shape.batch));
  std::fflush(stdout);
}

}  // namespace

/// step_bench [threads,...] [seconds] [shapes] [precision]: step_bench 1,2 2 S1S3 bf16
int main(int argc, char** argv) {
  std::vector<int> threads;
  for (const char* p = argc > 1 ? argv[1] : "1,2"; *p != '\0';) {
    char* end;
    threads.push_back(static_cast<int>(std::strtol(p, &end, 10)));
    p = *end == ',' ? end + 1 : end;
  }
  const double seconds = argc > 2 ? std::atof(argv[2]) : 2;
  const std::string wanted = argc > 3 ? argv[3] : "S1S2S3S4S5S6S7S8S9";
  const Precision precision = argc > 4 ? parse_kind<Precision>(argv[4]) : Precision::fp32;
  for (int count : threads) {
    const double peak = engine::measure_ceilings(count, 2).fma;
    std::printf("peak of %d threads: %.1f GFLOP/s\n", count, peak);
    for (const net::Problem& shape : net::training_problems()) {
      if (wanted.find(shape.name) != std::string::npos) measure(shape, count, seconds, precision, peak);
    }
  }
}
