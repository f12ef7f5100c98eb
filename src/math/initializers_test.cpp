// Tests of every initialiser: moments and limits, orthogonality, and that weights depend on their place alone.
#include "math/initializers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace chainrule::math {
namespace {

std::vector<float> filled(Initializer kind, WeightShape shape, double parameter = 0, std::uint64_t seed = 1, std::uint32_t layer = 0) {
  std::vector<float> w(shape.units * shape.inputs, 99.0f);
  fill_weights(w, shape, kind, parameter, seed, layer);
  return w;
}

double deviation(const std::vector<float>& w) {
  double squares = 0;
  for (const float x : w) squares += static_cast<double>(x) * x;
  return std::sqrt(squares / static_cast<double>(w.size()));
}

class Initializers : public testing::TestWithParam<Initializer> {};

TEST_P(Initializers, FillsEverySizeWithFiniteNumbers) {
  for (const WeightShape shape : {WeightShape{1, 1}, {1, 7}, {7, 1}, {3, 17}, {17, 3}}) {
    for (const float x : filled(GetParam(), shape)) {
      EXPECT_TRUE(std::isfinite(x));
      EXPECT_LT(std::fabs(x), 50.0f);
    }
  }
}

TEST_P(Initializers, SameSeedSameWeightsOtherSeedOrLayerOthers) {
  const WeightShape shape{5, 9};
  const auto w = filled(GetParam(), shape);
  EXPECT_EQ(w, filled(GetParam(), shape));
  if (GetParam() == Initializer::zeros || GetParam() == Initializer::constant) return;
  EXPECT_NE(w, filled(GetParam(), shape, 0, 2));
  EXPECT_NE(w, filled(GetParam(), shape, 0, 1, 1));
}

INSTANTIATE_TEST_SUITE_P(All, Initializers, testing::ValuesIn(all<Initializer>()),
                         [](const auto& info) { return std::string(name(info.param)); });

TEST(Initializer, DeviationsAreThoseOfThePapers) {
  const WeightShape shape{300, 200};
  const struct { Initializer kind; double expected; } cases[] = {
      {Initializer::glorot_uniform, std::sqrt(2.0 / 500)}, {Initializer::glorot_normal, std::sqrt(2.0 / 500)},
      {Initializer::he_uniform, std::sqrt(2.0 / 200)},     {Initializer::he_normal, std::sqrt(2.0 / 200)},
      {Initializer::lecun_uniform, std::sqrt(1.0 / 200)},  {Initializer::lecun_normal, std::sqrt(1.0 / 200)},
      {Initializer::normal, 0.01},                         {Initializer::uniform, 0.01 / std::sqrt(3.0)},
      {Initializer::constant, 0.01},                       {Initializer::data_dependent, std::sqrt(1.0 / 200)},
  };
  for (const auto& c : cases) EXPECT_NEAR(deviation(filled(c.kind, shape)) / c.expected, 1, 0.012) << name(c.kind);
  EXPECT_NEAR(deviation(filled(Initializer::normal, shape, 0.5)), 0.5, 0.01);
}

TEST(Initializer, UniformStaysInsideItsLimits) {
  const auto w = filled(Initializer::uniform, {100, 100}, 0.25);
  EXPECT_GE(*std::min_element(w.begin(), w.end()), -0.25f);
  EXPECT_LT(*std::max_element(w.begin(), w.end()), 0.25f);
}

TEST(Initializer, OrthogonalRowsOrColumnsAreOrthonormal) {
  for (const WeightShape shape : {WeightShape{20, 33}, {33, 20}, {16, 16}}) {
    const auto w = filled(Initializer::orthogonal, shape);
    const bool by_units = shape.units <= shape.inputs;
    const std::size_t count = std::min(shape.units, shape.inputs), length = std::max(shape.units, shape.inputs);
    const auto at = [&](std::size_t i, std::size_t k) { return static_cast<double>(by_units ? w[i * length + k] : w[k * count + i]); };
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        double dot = 0;
        for (std::size_t k = 0; k < length; ++k) dot += at(i, k) * at(j, k);
        EXPECT_NEAR(dot, i == j ? 1 : 0, 1e-6);
      }
    }
  }
}

TEST(Initializer, UnitsWeightsDoNotDependOnTheNumberOfUnits) {
  const auto few = filled(Initializer::normal, {2, 10}), many = filled(Initializer::normal, {50, 10});
  EXPECT_TRUE(std::equal(few.begin(), few.end(), many.begin()));
}

TEST(Initializer, AutomaticFollowsTheActivation) {
  EXPECT_EQ(resolve_initializer(Initializer::automatic, Activation::relu), Initializer::he_normal);
  EXPECT_EQ(resolve_initializer(Initializer::automatic, Activation::selu), Initializer::lecun_normal);
  EXPECT_EQ(resolve_initializer(Initializer::automatic, Activation::tanh), Initializer::glorot_uniform);
  EXPECT_EQ(resolve_initializer(Initializer::zeros, Activation::relu), Initializer::zeros);
  for (const auto activation : all<Activation>()) {
    EXPECT_NE(resolve_initializer(Initializer::automatic, activation), Initializer::automatic);
  }
}

}  // namespace
}  // namespace chainrule::math
