// Measures what the cost model asks of a machine: its ceilings, and how fast the optimiser of a spec is when all is in L1.
#include <algorithm>
#include <chrono>

#include "engine/cost_model.h"
#include "engine/cpu/instruction_sets.h"
#include "engine/plan.h"
#include "net/initial_parameters.h"
#include "net/problems.h"

namespace chainrule::engine {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Parameters a second that one thread updates: a layer of 32 x 32, whose weights, gradients and states fit into L1.
double update_rate(const TrainingSpec& training, double seconds) {
  constexpr std::size_t kWidth = 32;
  NetworkSpec network = net::network_of({"", {kWidth, kWidth}, {}, Loss::squared_error, 1, ""});
  TrainingSpec alone;
  alone.optimizer = training.optimizer;
  alone.clip_value = training.clip_value;
  const auto plan = make_plan(network, alone, {EngineKind::automatic, 1, 1});
  plan->load(Part::parameters, net::initial_parameters(network, 1));
  const net::ProblemRows rows(network, 1, 1);
  const StepControl control{1, 1, math::update_constants(alone.optimizer, 1, 1e-9, 0)};
  plan->forward(rows.samples, rows.batches[0], Mode::train, control);
  plan->loss(rows.samples, rows.batches[0]);
  plan->backward({}, {});
  double best = 0;
  for (const auto begin = Clock::now(); best == 0 || seconds_since(begin) < seconds;) {
    constexpr int kUpdates = 500;
    const auto start = Clock::now();
    for (int i = 0; i < kUpdates; ++i) plan->update(control);
    best = std::max(best, kUpdates * static_cast<double>(kWidth * kWidth + kWidth) / seconds_since(start));
  }
  return best;
}

}  // namespace

void MachineModel::keep_best_of(const MachineModel& other) {
  for (double Ceilings::*rate : {&Ceilings::fma, &Ceilings::bf16, &Ceilings::l1, &Ceilings::l2, &Ceilings::l3, &Ceilings::dram}) {
    ceilings.*rate = std::max(ceilings.*rate, other.ceilings.*rate);
  }
  ceilings.barrier = std::min(ceilings.barrier, other.ceilings.barrier);
  update_rate = std::max(update_rate, other.update_rate);
}

MachineModel measure_machine(const TrainingSpec& training, int threads, double seconds) {
  MachineModel machine;
  machine.ceilings = measure_ceilings(threads, seconds * 0.9);
  machine.caches = cache_sizes();
  if (const cpu::KernelTable* kernels = cpu::active_kernels()) {
    machine.lanes = kernels->lanes;
    machine.panel = kernels->panel;
    machine.row_tile = kernels->row_tile;
  }
  machine.update_rate = update_rate(training, seconds * 0.1) * threads;
  return machine;
}

}  // namespace chainrule::engine
