// Why a network answers as it does (chainrule/explanation.h), and whether it computes what it should: checks.
#pragma once

#include <string>
#include <vector>

#include "chainrule/explanation.h"
#include "chainrule/model.h"

namespace chainrule {

/// One finding: a number with its limit. docs/check.md lists the ids.
struct CheckItem {
  std::string id, title, detail;       ///< id: "gradient", "initial_loss", "overfit_one_batch", "determinism", ...
  bool passed = false;                 ///< false only when severity is "failed"
  double value = 0, limit = 0;         ///< a passed value does not lie beyond the limit, one that is warned about or failed does
  bool at_least = false;               ///< the limit is the least good value, not the largest
  std::string severity;                ///< "passed", "warning" or "failed"
  std::string meaning, advice;         ///< what the number is, and what to do when it is bad
};
struct CheckReport { bool passed = false; double max_relative_error = 0; std::vector<CheckItem> checks; std::string digest = {}; };  // digest: of the model that was checked
/// Checks the model's own network on its data.
CheckReport check(Model& model, const Table& table);
/// Checks the network that `settings` would train on `data`, before training it.
CheckReport check(const std::string& data, const TrainSettings& settings);
/// Checks the engine alone on a small built-in network.
CheckReport check();

}  // namespace chainrule
