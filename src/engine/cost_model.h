// What a training step should cost: flops, bytes from each level of memory and barriers of each phase, against a machine's ceilings.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "chainrule/network_spec.h"
#include "engine/ceilings.h"

namespace chainrule::engine {

/// A machine, measured (measure_machine) or imagined. Ceilings are of all `ceilings.threads` threads together.
struct MachineModel {
  Ceilings ceilings;
  CacheSizes caches{};        ///< l1 and l2 of each core, l3 shared by all
  int lanes = 8, panel = 32;  ///< floats in a vector; output units that one run of the product kernel makes
  int row_tile = 3;           ///< rows whose sums it holds in registers
  double chains = 8;          ///< independent multiply-adds that keep its units busy: units times latency
  double update_rate = 0;     ///< parameters a second that the optimiser updates when all is in L1

  /// The better of each ceiling of two measurements: what disturbed one of them may have spared the other.
  void keep_best_of(const MachineModel& other);
};

/// What holds a phase up. `other` is what the model does not know: latency of small pieces, calls, page faults, other programs.
enum class Limit { compute, l2, l3, dram, barrier, other };
const char* name(Limit limit);

struct PhaseCost {
  std::string name;           ///< "forward 1", "backward 2", "update 1", "inputs", "loss", "barriers"
  double flops = 0;           ///< real ones of the matrix products
  double work = 0;            ///< with padding, idle register chains and the element-wise operations, in flops
  double updates = 0;         ///< parameters the optimiser touches
  double l2 = 0, l3 = 0, dram = 0;  ///< bytes that come from there, all threads together
  double barriers = 0;
  double balance = 1;         ///< work of the busiest thread over the mean
  double seconds = 0;         ///< the longest of its limits
  Limit limit = Limit::compute;
};

struct StepCost {
  std::vector<PhaseCost> phases;
  double seconds = 0, flops = 0;
  /// Seconds of the phases that each limit holds up; Limit::other stays 0 until a measured time is known.
  std::array<double, 6> by_limit{};

  Limit limit() const;  ///< the largest part
  /// Puts what `measured` seconds exceed the prediction by into Limit::other.
  void compare_with(double measured);
};

/// One step of `batch` rows with machine.ceilings.threads threads, as the cpu engine divides it.
StepCost step_cost(const NetworkSpec& network, const TrainingSpec& training, std::size_t batch, const MachineModel& machine);

/// Measures this machine for that many threads in about `seconds`.
MachineModel measure_machine(const TrainingSpec& training, int threads, double seconds);

}  // namespace chainrule::engine
