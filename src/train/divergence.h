// Where a training run went wrong: the first value that was not finite, found with the reference engine.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "chainrule/network_spec.h"
#include "engine/plan.h"

namespace chainrule::training {

struct Divergence {
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  enum class Place { input, layer, loss, gradient, update } place = Place::loss;
  std::uint64_t epoch = 0, step = 0;  ///< counted from 1
  std::size_t layer = kNone, unit = kNone;
  std::size_t row = kNone;    ///< of the samples; for gradients and updates the row that contributed most
  std::size_t input = kNone;  ///< place input: the column of x
  std::string tensor;         ///< gradient, update: "layers.1.weight[3,17]"
  double value = 0;           ///< inf or nan
  double output = 0;          ///< place loss: what the unit gave, the largest of the row
  double loss = 0;            ///< of the batch, when it was still finite
};

/// Repeats the step on `parameters` (named layout, the values before the step) and names the first value that is not
/// finite, in the order input, layers, loss, gradients; Place::update when all of these are finite.
Divergence trace_divergence(const NetworkSpec& network, const TrainingSpec& training, std::span<const float> parameters,
                            const Samples& samples, std::span<const std::uint32_t> rows,
                            const engine::StepControl& control);

/// The name of element `i` of the parameter vector: "layers.1.weight[3,17]", and its layer and unit.
void name_parameter(const NetworkSpec& network, std::size_t i, Divergence& divergence);

/// One or two sentences: what became infinite where. `row_name` and `input_name` are the caller's words for row and
/// input.
std::string describe(const Divergence& divergence, const std::string& row_name, const std::string& input_name);

}  // namespace chainrule::training
