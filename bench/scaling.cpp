// Prints the cost model's tables of docs/performance.md as Markdown: checked against this machine, and for machines that are not here.
// scaling [seconds]
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include "chainrule/machine.h"
#include "engine/cost_model.h"
#include "net/problems.h"

namespace {

using namespace chainrule;
using engine::MachineModel;

struct Machine {
  std::string name;
  MachineModel model;
};

/// The same machine with `count` cores: caches of a core and arithmetic grow with them, L3 by half as much, DRAM until eight cores fill it.
MachineModel with_cores(const MachineModel& one, const MachineModel& several, int count) {
  MachineModel model = one;
  const double n = count;
  engine::Ceilings& top = model.ceilings;
  top.threads = count;
  for (double* ceiling : {&top.fma, &top.l1, &top.l2}) *ceiling *= n;
  top.l3 *= 1 + (n - 1) / 2;
  top.dram *= std::min(n, 8.0) / 2 + 0.5;
  top.barrier = several.ceilings.barrier * std::log2(n);
  model.update_rate *= n;
  return model;
}

/// Twice as wide vectors at the same clock; memory beyond the first level stays as it is.
MachineModel with_avx512(MachineModel model) {
  model.ceilings.fma *= 2;
  model.ceilings.l1 *= 2;
  model.ceilings.l2 *= 1.5;
  model.lanes = 16;
  model.panel = 64;
  model.row_tile = 6;
  model.update_rate *= 1.6;  // division and square root are not twice as fast
  return model;
}

/// Arm with four 128-bit units (Neoverse V1 and V2 have them) at 2.6 GHz, or two (Neoverse N1).
MachineModel arm(const MachineModel& like, int units) {
  MachineModel model = like;
  engine::Ceilings& top = model.ceilings;
  const double n = top.threads;
  top.fma = 2.6 * 4 * 2 * units * n;
  top.l1 = 2.6 * 16 * (units > 2 ? 3 : 2) * n;
  top.l2 = 2.6 * 32 * 0.7 * n;
  model.caches = {64u << 10, 1u << 20, 32u << 20};
  model.lanes = 4;
  model.panel = 16;
  model.row_tile = 6;
  model.chains = 4.0 * units;
  model.update_rate = like.update_rate / 2;
  return model;
}

std::vector<Machine> imagined(const MachineModel& one, const MachineModel& several) {
  std::vector<Machine> machines;
  for (int count : {4, 8, 16}) machines.push_back({std::to_string(count) + " cores", with_cores(one, several, count)});
  Machine large{"L2 2 MB", several};
  large.model.caches.l2 = 2u << 20;
  machines.push_back(large);
  large = {"L3 96 MB", several};
  large.model.caches.l3 = 96u << 20;
  machines.push_back(large);
  large = {"L2 256 KB, L3 8 MB", several};
  large.model.caches.l2 = 256u << 10;
  large.model.caches.l3 = 8u << 20;
  machines.push_back(large);
  if (several.lanes <= 8) machines.push_back({"AVX-512", with_avx512(several)});
  machines.push_back({"Arm, 4 x 128 bit", arm(several, 4)});
  machines.push_back({"Arm, 2 x 128 bit", arm(several, 2)});
  return machines;
}

engine::StepCost cost_of(const net::Problem& problem, const MachineModel& machine) {
  return engine::step_cost(net::network_of(problem), net::training_of(problem), problem.batch, machine);
}

std::string thousands(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value < 9950 ? "%.2f" : "%.0f", value * 1e-3);
  return text;
}

void print_check(const net::Problem& problem, int threads, double seconds) {
  const NetworkBench found = bench_network(net::network_of(problem), net::training_of(problem), problem.batch, seconds, {threads})[0];
  const double rows = static_cast<double>(problem.batch), share = found.share_of_peak, ratio = found.predicted_seconds / found.step_seconds;
  std::string parts;
  for (const auto& [limit, part] : found.shares) {
    if (part >= 0.01) parts += (parts.empty() ? "" : ", ") + limit + " " + std::to_string(static_cast<int>(100 * part + 0.5)) + " %";
  }
  std::printf("| %s | %d | %s | %s | %.2f | %.0f %% | %.0f %% | %s |\n", problem.name.c_str(), threads, thousands(rows / found.predicted_seconds).c_str(),
              thousands(rows / found.step_seconds).c_str(), ratio, 100 * share / ratio, 100 * share, parts.c_str());
  std::fflush(stdout);
}

void print_predictions(const std::vector<Machine>& machines) {
  std::string rule = "|---|";
  std::printf("\n| |");
  for (const Machine& machine : machines) std::printf(" %s |", machine.name.c_str()), rule += "---|";
  std::printf("\n%s\n", rule.c_str());
  for (const net::Problem& problem : net::training_problems()) {
    if (problem.batch == 1) continue;  // latency, which no ceiling describes
    std::printf("| %s |", problem.name.c_str());
    for (const Machine& machine : machines) {
      const engine::StepCost cost = cost_of(problem, machine.model);
      std::printf(" %s, %.0f %%, %s |", thousands(static_cast<double>(problem.batch) / cost.seconds).c_str(),
                  100 * cost.flops / cost.seconds / (machine.model.ceilings.fma * 1e9), engine::name(cost.limit()));
    }
    std::printf("\n");
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 2;
  const int cores = std::max(2, static_cast<int>(std::thread::hardware_concurrency()));
  const TrainingSpec training = net::training_of(net::training_problems().front());
  const MachineModel one = engine::measure_machine(training, 1, 2 * seconds), all = engine::measure_machine(training, cores, 2 * seconds);
  std::printf("| | threads | predicted, k rows/s | measured | ratio | share of peak predicted | measured | time |\n|---|---|---|---|---|---|---|---|\n");
  for (const net::Problem& problem : net::training_problems()) {
    print_check(problem, 1, seconds);
    print_check(problem, cores, seconds);
  }
  print_predictions(imagined(one, all));
} catch (const std::exception& error) {
  std::fprintf(stderr, "scaling: %s\n", error.what());
  return 1;
}
