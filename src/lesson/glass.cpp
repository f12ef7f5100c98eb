// The weights that make a network transparent.
#include "lesson/glass.h"

namespace chainrule::lesson {
namespace {

constexpr std::size_t kUnits = Glass::kUnits;

/// Row r is 1 in column r.
Rows unit_rows() {
  Rows rows;
  rows.inputs = rows.targets = kUnits;
  rows.x.assign(kUnits * kUnits, 0.0f);
  rows.y.assign(kUnits * kUnits, 0.0f);
  for (std::size_t r = 0; r < kUnits; ++r) rows.x[r * kUnits + r] = 1;
  return rows;
}

NetworkSpec two_layers(const DropoutSpec& dropout) {
  const Activation activation = dropout.kind == DropoutKind::alpha ? Activation::selu : Activation::identity;
  NetworkSpec network = perceptron({kUnits, kUnits, kUnits}, activation, Loss::squared_error);
  network.layers[0].dropout = dropout;
  for (LayerSpec& layer : network.layers) layer.bias = false;
  return network;
}

/// A rate of 0: steps pass, the weights stay.
TrainingSpec standing_still(std::uint64_t seed, const ScheduleSpec& schedule) {
  TrainingSpec training = training_with("sgd", 0, seed);
  training.dropout_schedule = schedule;
  return training;
}

}  // namespace

Glass::Glass(const DropoutSpec& dropout, std::uint64_t seed, const ScheduleSpec& schedule, std::uint64_t total_steps)
    : rows_(unit_rows()), run_(two_layers(dropout), standing_still(seed, schedule), rows_.samples(), {kUnits, total_steps}) {
  std::vector<float> weights(2 * kUnits * kUnits, 1.0f);  // the hidden layer's, all 1; the output layer's, 1 on the diagonal
  for (std::size_t o = 0; o < kUnits; ++o) {
    for (std::size_t k = 0; k < kUnits; ++k) weights[(kUnits + o) * kUnits + k] = o == k ? 1.0f : 0.0f;
  }
  run_.set_parameters(weights);
}

std::vector<float> Glass::outputs(engine::Mode mode, const engine::StepControl& control) {
  const std::span<const float> seen = run_.plan().forward(rows_.samples(), all_rows(kUnits), mode, control);
  return {seen.begin(), seen.end()};
}

std::vector<float> Glass::train() {
  std::vector<float> seen = outputs(engine::Mode::train, run_.control());
  run_.step(all_rows(kUnits));
  return seen;
}

std::vector<float> Glass::predict() { return outputs(engine::Mode::predict, run_.control()); }

std::vector<float> Glass::sample(std::uint64_t number) {
  engine::StepControl control;
  control.step = number;
  return outputs(engine::Mode::monte_carlo, control);
}

}  // namespace chainrule::lesson
