// Finds a learning rate by trying: a logarithmic grid, then ever smaller steps to both sides of the best.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "chainrule/laboratory.h"

namespace chainrule::laboratory {

struct TuningBudget {
  double lowest = 1e-5, highest = 10;
  std::size_t trials = 15;  ///< at least 3
};

struct TunedRate {
  double rate = 0;
  bool at_edge = false;
  std::vector<RateTrial> trials;  ///< by rate
};

/// The scores of several rates, lower is better; infinite: unusable.
using ScoreRates = std::function<std::vector<double>(std::span<const double>)>;

/// Uses exactly budget.trials scores: 60 % of them on the grid, the rest in pairs left and right of the best so far, each pair at half
/// the distance of the one before. Of equal scores the lower rate is taken.
TunedRate tune_rate(const TuningBudget& budget, const ScoreRates& score);

}  // namespace chainrule::laboratory
