// Where a run stands: plain values and vectors; with the data and the settings they make a continued run bit-equal.
#pragma once

#include <cstdint>
#include <vector>

#include "chainrule/train.h"
#include "math/schedules.h"
#include "train/early_stopping.h"

namespace chainrule::training {

struct Progress {
  std::uint64_t epoch = 0;              ///< epochs finished
  std::uint64_t step = 0;               ///< updates done
  std::uint64_t batch = 0;              ///< steps done within the unfinished epoch
  double loss_sum = 0, weight_sum = 0;  ///< chains over the unfinished epoch's steps
  EarlyStopping stopping;
  math::PlateauState plateau;
  std::vector<TrainResult::Point> history;
};

/// L-BFGS's memory of past steps, oldest first; doubles, trainable parameters only.
struct CurvaturePairs {
  std::vector<std::vector<double>> steps, changes;  ///< w' - w and g' - g
};

struct Snapshot {
  Progress progress;
  std::vector<float> parameters, average;           ///< named layout order; average is empty when the run keeps none
  std::vector<std::vector<float>> optimizer_state;  ///< math::state_count() vectors
  std::vector<float> best_parameters, best_average;
  CurvaturePairs curvature;  ///< empty unless the optimiser is lbfgs
};

}  // namespace chainrule::training
