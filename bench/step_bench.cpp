// Times training steps of the cpu engine on the shapes S1..S6, beside the processor's FMA peak measured in the same
// minute.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/ceilings.h"
#include "engine/cpu/cpu_plan.h"
#include "net/initial_parameters.h"
#include "net/problems.h"

namespace {

using namespace chainrule;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// With one thread a busy machine is measured by the processor time this thread got, else by the clock on the wall.
bool use_cpu_time = false;
double now() {
  timespec t;
  clock_gettime(use_cpu_time ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

double peak(const std::string& instruction_set) {
  const double begin = now();
  double flops = 0;
  for (int i = 0; i < 10; ++i) flops += engine::multiply_add(instruction_set);
  return flops / (now() - begin) * 1e-9;
}

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

void measure(const net::Problem& shape, int threads, double seconds, Precision precision) {
  use_cpu_time = threads == 1 && std::getenv("WALL") == nullptr;
  Run run(shape, threads, precision);
  for (int i = 0; i < 3; ++i) run.step();
  const std::string isa = run.plan->report().instruction_set;
  std::vector<double> rates, peaks;
  const auto start = Clock::now();
  while (seconds_since(start) < seconds || rates.size() < 3) {
    peaks.push_back(peak(isa));
    const double begin = now();
    int steps = 0;
    while (steps == 0 || now() - begin < 0.02) run.step(), ++steps;
    rates.push_back(steps / (now() - begin));
  }
  std::sort(rates.begin(), rates.end());
  std::sort(peaks.begin(), peaks.end());
  const auto at = [](const std::vector<double>& v, double q) {
    return v[static_cast<std::size_t>(q * static_cast<double>(v.size() - 1))];
  };
  const double best = at(rates, 0.9) * run.flops / 1e9, middle = at(rates, 0.5) * run.flops / 1e9, top = at(peaks, 0.9);
  std::printf(
      "%s %-6s %d threads: median %7.1f, 90th percentile %7.1f GFLOP/s, %5.1f %% of %d x %.1f; %9.1f k samples/s, %.2f "
      "us a step\n",
      shape.name.c_str(), isa.c_str(), threads, middle, best, 100 * best / (top * threads), threads, top,
      at(rates, 0.9) * static_cast<double>(shape.batch) / 1e3, 1e6 / at(rates, 0.9));
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
  const std::string wanted = argc > 3 ? argv[3] : "S1S2S3S4S5S6";
  const Precision precision = argc > 4 ? parse_kind<Precision>(argv[4]) : Precision::fp32;
  for (const net::Problem& shape : net::training_problems()) {
    for (int count : threads) {
      if (wanted.find(shape.name) != std::string::npos) measure(shape, count, seconds, precision);
    }
  }
}
