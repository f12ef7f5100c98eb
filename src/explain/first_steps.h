// The first steps of the run itself, taken on a copy: what the weights, the optimiser's state and the loss look like after them.
#pragma once

#include <cstdint>
#include <vector>

#include "explain/checks.h"
#include "train/progress.h"

namespace chainrule::explain {

struct FirstSteps {
  std::vector<double> losses;   ///< of every step, before its update
  bool finite = true;           ///< false: a loss or a weight became infinite or NaN
  training::Snapshot end;       ///< the last finite state
  double rate = 0;              ///< of the last step
};

/// At most 60 steps, fewer for large networks (about 10 s of one core). The run's own seed, batches and schedules.
FirstSteps take_first_steps(const Subject& subject);
/// The mean over the last quarter of the steps.
double loss_at_end(const FirstSteps& first);

}  // namespace chainrule::explain
