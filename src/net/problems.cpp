// The problem list of bench/problems.json, its networks, its flops and its made-up rows.
#include "net/problems.h"

#include <numeric>

#include "base/counter_rng.h"
#include "math/losses.h"

namespace chainrule::net {
namespace {

// A target each loss accepts: class numbers, 0 or 1, or the first input.
float target_of(Loss loss, float first_input, std::size_t row) {
  const bool binary = loss == Loss::binary_cross_entropy || loss == Loss::hinge;
  return binary ? static_cast<float>(row % 2) : (first_input + 1) / 2;
}

double weights_of(const NetworkSpec& network, std::size_t layer) {
  return static_cast<double>(network.fan_in(layer) * network.layers[layer].units);
}

}  // namespace

const std::vector<Problem>& training_problems() {
  static const std::vector<Problem> problems = {
#include "net/training_problems.inc"
  };
  return problems;
}

const std::vector<PredictionProblem>& prediction_problems() {
  static const std::vector<PredictionProblem> problems = {
#include "net/prediction_problems.inc"
  };
  return problems;
}

const Problem* find_problem(std::string_view name) {
  for (const Problem& problem : training_problems()) {
    if (problem.name == name) return &problem;
  }
  return nullptr;
}

NetworkSpec network_of(const Problem& problem) {
  NetworkSpec network;
  network.inputs = problem.widths.front();
  for (std::size_t l = 1; l < problem.widths.size(); ++l) {
    LayerSpec layer;
    layer.units = problem.widths[l];
    network.layers.push_back(layer);
  }
  network.layers.back().activation = Activation::identity;
  network.loss.kind = problem.loss;
  return network;
}

TrainingSpec training_of(const Problem& problem) {
  TrainingSpec training;
  training.optimizer = default_optimizer(problem.optimizer);
  training.optimizer.learning_rate = 1e-4;
  return training;
}

std::string layers_text(const NetworkSpec& network) {
  std::string text = std::to_string(network.inputs);
  for (const LayerSpec& layer : network.layers) text += "-" + std::to_string(layer.units);
  return text;
}

double training_flops(const NetworkSpec& network) {
  double flops = 0;
  for (std::size_t l = 0; l < network.layers.size(); ++l) flops += (l == 0 ? 4 : 6) * weights_of(network, l);
  return flops;
}

double prediction_flops(const NetworkSpec& network) {
  double flops = 0;
  for (std::size_t l = 0; l < network.layers.size(); ++l) flops += 2 * weights_of(network, l);
  return flops;
}

ProblemRows::ProblemRows(const NetworkSpec& network, std::size_t batch, std::size_t batch_count) {
  const std::size_t rows = batch * batch_count, targets = math::target_count(network.loss.kind, network.outputs());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t i = 0; i < network.inputs; ++i) {
      const DrawPlace place{1, Purpose::subsample, 0, 0, static_cast<std::uint32_t>(r)};
      const std::uint32_t word = draw(place, static_cast<std::uint32_t>(i));
      x.push_back(static_cast<float>(word >> 8) * 0x1p-23f - 1);
    }
    for (std::size_t k = 0; k < targets; ++k) y.push_back(target_of(network.loss.kind, x[r * network.inputs], r));
    labels.push_back(static_cast<std::int32_t>(r % network.outputs()));
  }
  for (std::size_t first = 0; first < rows; first += batch) {
    std::vector<std::uint32_t>& picked = batches.emplace_back(batch);
    std::iota(picked.begin(), picked.end(), static_cast<std::uint32_t>(first));
  }
  const bool classes = network.loss.kind == Loss::cross_entropy;
  samples.x = x.data();
  if (classes) {
    samples.labels = labels.data();
  } else {
    samples.y = y.data();
  }
  samples.rows = rows;
  samples.inputs = network.inputs;
  samples.targets = targets;
}

}  // namespace chainrule::net
