// Why a network answers as it does, and whether it computes what it should: explanations and checks.
#pragma once

#include <string>
#include <vector>

#include "chainrule/model.h"

namespace chainrule {

struct BlameEntry {
  std::string weight;            ///< "layers.1.weight[3,17]"
  double value = 0, gradient = 0;
  std::string direction;         ///< "lower" when the gradient is positive, "raise" when negative
  double predicted = 0, measured = 0;  ///< change of the loss for the same small nudge: first order, and by running it
};

struct ChainFactor { std::string name; double value = 0; };

struct LayerTrace {
  std::string name, activation;
  std::vector<double> z, a, dz, da;    ///< of this row; dz = dL/dz, da = dL/da
  double da_norm = 0, dz_norm = 0;
};

struct Explanation {
  std::size_t row = 0;
  std::string prediction, truth;
  double loss = 0;
  std::vector<LayerTrace> layers;
  std::vector<BlameEntry> blame;       ///< ranked by |gradient|
  std::string chain_weight;            ///< the weight whose gradient is taken apart
  std::vector<ChainFactor> chain;      ///< their product is chain_product
  double chain_product = 0, chain_gradient = 0;
};
/// The row's loss taken apart in fp64 on the reference engine. `top` weights are ranked. Needs the target column.
Explanation explain_row(Model& model, const Table& table, std::size_t row, std::size_t top = 10);

/// One finding: a number with its limit. docs/check.md lists the ids.
struct CheckItem {
  std::string id, title, detail;       ///< id: "gradient", "initial_loss", "overfit_one_batch", "determinism", ...
  bool passed = false;                 ///< false only when severity is "failed"
  double value = 0, limit = 0;
  std::string severity;                ///< "passed", "warning" or "failed"
  std::string meaning, advice;         ///< what the number is, and what to do when it is bad
};
struct CheckReport { bool passed = false; double max_relative_error = 0; std::vector<CheckItem> checks; };
/// Checks the model's own network on its data.
CheckReport check(Model& model, const Table& table);
/// Checks the network that `settings` would train on `data`, before training it.
CheckReport check(const std::string& data, const TrainSettings& settings);
/// Checks the engine alone on a small built-in network.
CheckReport check();

}  // namespace chainrule
