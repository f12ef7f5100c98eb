// Who moved a weight: a training run is replayed in fp64 and every step of one weight is divided among the rows of its batch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "explain/weight_place.h"

namespace chainrule::explain {

/// One update of the run: its rows and its scheduled constants.
struct ReplayStep {
  std::vector<std::uint32_t> rows;
  engine::StepControl control;
};

/// A run from its first step: start in layout order, fresh optimiser state. Viewed samples must outlive it.
struct Replay {
  NetworkSpec network;
  TrainingSpec training;
  std::vector<float> start;
  Samples samples;
  std::vector<ReplayStep> steps;
};

/// Contributions of rows (by index into the samples) and of what is no row; all of them add up to end - start.
struct Account {
  bool exact = false;                 ///< every step was linear in the gradients: a contribution is what the step would lack without it
  double start = 0, end = 0;
  std::vector<double> by_row;
  std::vector<std::uint64_t> visits;  ///< how often each row was in a batch
  double weight_decay = 0, l2 = 0, l1 = 0, max_norm = 0;
  double rounding = 0;                ///< what storing the weight in 53 bits after each step adds
  double sum() const;
};

/// A step is -rate * direction, the direction a numerator that is linear in the gradients of all steps so far (momentum) over a denominator
/// that is not (Adam's root, clipping, the sign of lion). Rows and penalties get their part of the numerator over the common denominator;
/// without denominator, clipping and max-norm that is exact. REQUIRES: not L-BFGS.
Account account(const Replay& replay, std::size_t at);

}  // namespace chainrule::explain
