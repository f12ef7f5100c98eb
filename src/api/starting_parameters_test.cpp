// Data-dependent initial weights: what they promise about z.
#include "api/starting_parameters.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/counter_rng.h"
#include "engine/reference/reference_network.h"
#include "net/initial_parameters.h"

namespace chainrule::api {
namespace {

constexpr std::uint32_t kRows = 200, kInputs = 5;

/// Inputs far from mean 0 and deviation 1; the last one is constant.
struct Shifted {
  std::vector<float> x, y, weights;
  training::DataPart part;

  Shifted() : y(kRows, 0.0f), weights(kRows, 1.0f) {
    for (std::uint32_t r = 0; r < kRows; ++r) {
      for (std::uint32_t k = 0; k < kInputs; ++k) {
        const double u = static_cast<double>(draw({3, Purpose::subsample, 0, 0, r}, k) >> 8) * 0x1p-24;
        x.push_back(k + 1 == kInputs ? 4.0f : static_cast<float>(7 * k + 10 * u));
      }
      part.rows.push_back(r);
    }
    part.samples.x = x.data();
    part.samples.y = y.data();
    part.samples.weights = weights.data();
    part.samples.rows = kRows;
    part.samples.inputs = kInputs;
    part.samples.targets = 1;
  }
};

NetworkChoice choice_with(Initializer initializer) {
  NetworkChoice choice;
  choice.network.inputs = kInputs;
  for (const std::size_t units : {6, 4, 1}) {
    LayerSpec layer;
    layer.units = units;
    layer.activation = units == 1 ? Activation::identity : Activation::tanh;
    layer.initializer = initializer;
    choice.network.layers.push_back(layer);
  }
  choice.network.loss.kind = Loss::squared_error;
  choice.training.optimizer = default_optimizer("adam");
  return choice;
}

/// Every layer's z over the part's rows.
std::vector<reference::Matrix<double>> sums_of(const NetworkChoice& choice, const std::vector<float>& start,
                                               const training::DataPart& part) {
  reference::Batch<double> batch;
  reference::gather(part.samples, part.rows, batch);
  reference::ReferenceNetwork<double> network(choice.network, choice.training, kRows);
  network.parameters().assign(start.begin(), start.end());
  network.forward(batch, engine::Mode::predict, {});
  std::vector<reference::Matrix<double>> sums;
  for (const auto& layer : network.layers()) sums.push_back(layer.z);
  return sums;
}

TEST(StartingParameters, DataDependentLayersSeeMeanZeroAndDeviationOne) {
  const Shifted data;
  const NetworkChoice choice = choice_with(Initializer::data_dependent);
  for (const auto& z : sums_of(choice, starting_parameters(choice, data.part), data.part)) {
    for (std::size_t unit = 0; unit < z.columns; ++unit) {
      double mean = 0, square = 0;
      for (std::size_t r = 0; r < z.rows; ++r) mean += z(r, unit) / kRows;
      for (std::size_t r = 0; r < z.rows; ++r) square += (z(r, unit) - mean) * (z(r, unit) - mean) / kRows;
      EXPECT_NEAR(mean, 0, 1e-5);
      EXPECT_NEAR(std::sqrt(square), 1, 1e-5);
    }
  }
}

TEST(StartingParameters, OtherInitializersAreTheDrawsAlone) {
  const Shifted data;
  const NetworkChoice choice = choice_with(Initializer::he_normal);
  EXPECT_EQ(starting_parameters(choice, data.part), net::initial_parameters(choice.network, choice.training.seed));
}

TEST(StartingParameters, RowsOfWeightZeroHaveNoSay) {
  Shifted data;
  const NetworkChoice choice = choice_with(Initializer::data_dependent);
  for (std::uint32_t r = 0; r < kRows; r += 2) data.weights[r] = 0;
  const std::vector<float> before = starting_parameters(choice, data.part);
  for (std::uint32_t r = 0; r < kRows; r += 2) data.x[r * kInputs] = 1000;
  EXPECT_EQ(starting_parameters(choice, data.part), before);
}

TEST(StartingParameters, AUnitThatNeverVariesKeepsFiniteWeights) {
  Shifted data;
  for (std::uint32_t r = 0; r < kRows; ++r)
    for (std::uint32_t k = 0; k < kInputs; ++k) data.x[r * kInputs + k] = 2;
  for (const float value : starting_parameters(choice_with(Initializer::data_dependent), data.part))
    EXPECT_TRUE(std::isfinite(value));
}

}  // namespace
}  // namespace chainrule::api
