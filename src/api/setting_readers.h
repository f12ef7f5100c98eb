// Which settings do anything in a run: one table of who reads each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chainrule/train.h"

namespace chainrule::api {

/// What an experiment of many runs brings itself.
struct Varied {
  std::vector<Optimizer> optimizers;  ///< empty: the settings' own
  bool dropout = false;               ///< kinds and rates of dropout
};

/// refuse_idle_settings() for an experiment. With a spec file the optimiser is the one that is passed.
void refuse_idle_settings(const TrainSettings& settings, const Varied& varied);

/// "0.001; sgd, momentum, adagrad 0.01; ..." for the settings whose default depends on the optimiser; "" for others. The most frequent
/// value comes first.
std::string default_by_optimizer(std::string_view key);

}  // namespace chainrule::api
