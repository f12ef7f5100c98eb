// Measures of predictions against the truth; every sum is a double chain over rows in order, so they are the same bits
// everywhere.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chainrule/train.h"
#include "train/data_part.h"

namespace chainrule::training {

/// How outputs of the network become predictions in the target's unit.
struct TargetUnit {
  bool classification = false;
  std::vector<std::string> classes;
  double center = 0, scale = 1;  ///< regression: value = output * scale + center
};

/// outputs: [part.size(), network.outputs()], row i belongs to part.rows[i]. loss is weighted by the rows' weights; all
/// other measures count every row once. parameters (named layout) only serve the penalty term; may be empty.
Metrics measure(const NetworkSpec& network, const TargetUnit& unit, const DataPart& part,
                std::span<const float> outputs, std::span<const float> parameters);

/// [rows, classes] from raw outputs: softmax, or the sigmoid pair when the network has one output (binary
/// cross-entropy, hinge).
std::vector<float> class_probabilities(const NetworkSpec& network, std::span<const float> outputs, std::size_t rows,
                                       std::size_t classes);
/// [rows, targets] in the target's unit: means for gaussian_nll, exp for poisson.
std::vector<float> target_predictions(const NetworkSpec& network, const TargetUnit& unit,
                                      std::span<const float> outputs, std::size_t rows);

/// Index of the largest value; the first of equals.
std::size_t largest(std::span<const float> values) noexcept;

/// l1 * sum|w| + l2/2 * sum w^2 over the tensors that decay, a double chain in layout order.
double penalty(const NetworkSpec& network, std::span<const float> parameters);

}  // namespace chainrule::training
