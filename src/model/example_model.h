// What the tests of models share: a small model. Every optional part is there, and its outputs can be computed in a few lines.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>

#include "model/checkpoint.h"
#include "net/parameter_layout.h"

namespace chainrule::model {

/// relu network without norm, docs/arithmetic.md "One step", part 2.
inline std::vector<float> forward(const NetworkSpec& network, const std::vector<float>& parameters, std::vector<float> a) {
  const net::ParameterLayout layout(network);
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const float* weight = parameters.data() + layout.find(net::Role::weight, l)->info.offset;
    const float* bias = parameters.data() + layout.find(net::Role::bias, l)->info.offset;
    std::vector<float> next;
    for (std::size_t o = 0; o < network.layers[l].units; ++o) {
      float z = bias[o];
      for (std::size_t k = 0; k < a.size(); ++k) z = std::fma(weight[o * a.size() + k], a[k], z);
      next.push_back(l + 1 < network.layers.size() ? std::max(z, 0.0f) : z);
    }
    a = std::move(next);
  }
  return a;
}

inline std::vector<float> wave(std::size_t size, int phase) {
  std::vector<float> values(size);
  for (std::size_t i = 0; i < size; ++i) values[i] = static_cast<float>(static_cast<int>((i * 37 + static_cast<std::size_t>(phase) * 11) % 101) - 50) / 70.0f;
  return values;
}

/// `hidden` makes the file as small or large as a test needs.
inline ModelFile example_model(std::size_t hidden = 3) {
  ModelFile model;
  const data::Table table = data::read_csv_text("size,colour,label\n1.1,red,no\n2.7,blue,yes\n,red,no\n3.9,blue,yes\n0.3,green,yes\n", "t.csv", {});
  std::vector<std::uint32_t> rows(table.rows);
  std::iota(rows.begin(), rows.end(), 0u);
  model.features = features::fit(table, rows, "label", true, {});
  model.network.inputs = model.features.inputs;
  model.network.layers.resize(2);
  model.network.layers[0].units = hidden;
  model.network.layers[0].dropout.rate = 0.25;
  model.network.layers[1].units = 2;
  model.network.layers[1].activation = Activation::identity;
  model.network.loss.kind = Loss::cross_entropy;
  model.training.seed = 42;
  model.training.ema = 0.5;
  const std::size_t size = net::ParameterLayout(model.network).size;
  model.parameters = wave(size, 1);
  model.averaged = wave(size, 2);
  model.facts = {{"seed", "42"}, {"split", "random 0.15"}, {"program", "chainrule 0.1.0"}, {"data", "t.csv"}};
  model.self_test.rows = 2;
  model.self_test.inputs = wave(2 * model.network.inputs, 3);
  for (std::size_t row = 0; row < 2; ++row) {
    const auto begin = model.self_test.inputs.begin() + static_cast<std::ptrdiff_t>(row * model.network.inputs);
    const std::vector<float> z = forward(model.network, model.averaged, {begin, begin + static_cast<std::ptrdiff_t>(model.network.inputs)});
    model.self_test.outputs.insert(model.self_test.outputs.end(), z.begin(), z.end());
  }
  return model;
}

inline Checkpoint example_checkpoint(std::uint64_t epoch, std::size_t hidden = 3) {
  Checkpoint checkpoint;
  checkpoint.model = example_model(hidden);
  const std::size_t size = checkpoint.model.parameters.size();
  checkpoint.model.parameters = wave(size, static_cast<int>(epoch));
  checkpoint.optimizer_state = {wave(size, 5), wave(size, 6)};
  checkpoint.best_parameters = wave(size, 7);
  checkpoint.best_averaged = wave(size, 8);
  checkpoint.settings = {{"hidden", "3"}, {"lr", "0.001"}};
  checkpoint.trainer_state = "{\"best\":0.25}";
  checkpoint.epoch = epoch;
  checkpoint.step = epoch * 10;
  checkpoint.data_path = "t.csv";
  checkpoint.data_digest = std::string(64, 'a');
  return checkpoint;
}

}  // namespace chainrule::model
