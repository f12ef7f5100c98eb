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

  double value_of(double output) const noexcept { return output * scale + center; }
};

/// outputs: [part.size(), network.outputs()], row i belongs to part.rows[i]. loss is weighted by the rows' weights; all
/// other measures count every row once. parameters (named layout) only serve the penalty term; may be empty. What is not
/// defined for these rows is NaN. From the outputs on everything is double, and differences are taken before the target's
/// center and scale come in, so that targets of any size and offset keep their digits.
Metrics measure(const NetworkSpec& network, const TargetUnit& unit, const DataPart& part,
                std::span<const float> outputs, std::span<const float> parameters);

/// False for hinge: margins order the classes but are no probabilities.
bool has_probabilities(const NetworkSpec& network) noexcept;
/// [rows, classes] from raw outputs, as the loss was trained. cross_entropy: softmax. binary_cross_entropy: each output's
/// sigmoid, divided by their sum; of one output the pair 1 - p, p. hinge: the margins; of one output the pair -z, z.
std::vector<float> class_scores(const NetworkSpec& network, std::span<const float> outputs, std::size_t rows,
                                std::size_t classes);
/// [rows, targets] in the target's unit: means for gaussian_nll, exp for poisson.
std::vector<double> target_predictions(const NetworkSpec& network, const TargetUnit& unit,
                                       std::span<const float> outputs, std::size_t rows);
/// What the last bit of an output near 1 is worth in the target's unit: digits below it mean nothing. 0 where predictions are a multiple of
/// an output (no center), whose own digits then count.
double resolution(const TargetUnit& unit) noexcept;

/// Index of the largest value; the first of equals.
std::size_t largest(std::span<const float> values) noexcept;

/// l1 * sum|w| + l2/2 * sum w^2 over the tensors that decay, a double chain in layout order.
double penalty(const NetworkSpec& network, std::span<const float> parameters);

}  // namespace chainrule::training
