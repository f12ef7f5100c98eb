// Tests of dropout: keep rate inside binomial bounds, equal means at training and prediction, alpha keeps mean and variance.
#include "math/dropout.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/counter_rng.h"

namespace chainrule::math {
namespace {

constexpr std::uint32_t kDraws = 400000;

std::uint32_t word(std::uint32_t i) { return draw({.seed = 3, .purpose = Purpose::dropout}, i); }

/// What a unit with value and slope `a` becomes under draw i.
ValueSlope<float> dropped_out(DropoutKind kind, const DropoutConstants& c, ValueSlope<float> a, std::uint32_t i) {
  const bool dropped = word(i) < c.threshold;
  if (kind == DropoutKind::alpha) {
    return apply_alpha_dropout(a, dropped, static_cast<float>(c.alpha_scale), static_cast<float>(c.alpha_shift),
                               static_cast<float>(c.alpha_value));
  }
  const float m = kind == DropoutKind::gaussian ? gaussian_factor(static_cast<float>(word(i) >> 8), static_cast<float>(c.deviation))
                                                : (dropped ? 0.0f : static_cast<float>(c.kept));
  return {a.value * m, a.slope * m};
}

class DropoutKinds : public testing::TestWithParam<DropoutKind> {};

TEST_P(DropoutKinds, KeepRateIsInsideBinomialBounds) {
  for (const double rate : {0.05, 0.5, 0.9}) {
    const auto c = dropout_constants(GetParam(), rate);
    std::uint32_t dropped = 0;
    for (std::uint32_t i = 0; i < kDraws; ++i) dropped += word(i) < c.threshold;
    EXPECT_NEAR(dropped, rate * kDraws, 5 * std::sqrt(kDraws * rate * (1 - rate)));
  }
}

TEST_P(DropoutKinds, MeanAtTrainingEqualsPrediction) {
  if (GetParam() == DropoutKind::alpha) return;  // it keeps mean 0, tested below
  for (const double rate : {0.1, 0.5}) {
    const auto c = dropout_constants(GetParam(), rate);
    double sum = 0;
    for (std::uint32_t i = 0; i < kDraws; ++i) sum += dropped_out(GetParam(), c, {1.0f, 1.0f}, i).value;
    EXPECT_NEAR(sum / kDraws, c.predict_scale, 5 * std::sqrt(rate / (1 - rate) / kDraws));
  }
}

TEST_P(DropoutKinds, RateZeroDropsNothing) {
  const auto c = dropout_constants(GetParam(), 0);
  EXPECT_EQ(c.threshold, 0u);
  EXPECT_EQ(c.predict_scale, 1.0);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const auto a = dropped_out(GetParam(), c, {0.3f, 0.7f}, i);
    EXPECT_EQ(a.value, 0.3f);
    EXPECT_EQ(a.slope, 0.7f);
  }
}

TEST_P(DropoutKinds, SlopeIsThatOfTheValue) {
  const auto c = dropout_constants(GetParam(), 0.4);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const float up = dropped_out(GetParam(), c, {2.0f, 1.0f}, i).value, down = dropped_out(GetParam(), c, {1.0f, 1.0f}, i).value;
    EXPECT_NEAR(dropped_out(GetParam(), c, {1.5f, 1.0f}, i).slope, up - down, 1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(All, DropoutKinds, testing::ValuesIn(all<DropoutKind>()),
                         [](const auto& info) { return std::string(name(info.param)); });

TEST(AlphaDropout, KeepsMeanZeroAndVarianceOne) {
  for (const double rate : {0.05, 0.2, 0.5}) {
    const auto c = dropout_constants(DropoutKind::alpha, rate);
    double sum = 0, squares = 0;
    for (std::uint32_t i = 0; i < kDraws; ++i) {
      const float x = normal_from_draw(static_cast<float>(draw({.seed = 4}, i) >> 8));
      const double a = dropped_out(DropoutKind::alpha, c, {x, 1.0f}, i).value;
      sum += a, squares += a * a;
    }
    EXPECT_NEAR(sum / kDraws, 0, 5 / std::sqrt(kDraws));
    EXPECT_NEAR(squares / kDraws, 1, 0.02);
  }
}

TEST(GaussianDropout, SpreadIsRateOverRetention) {
  const auto c = dropout_constants(DropoutKind::gaussian, 0.2);
  double squares = 0;
  for (std::uint32_t i = 0; i < kDraws; ++i) {
    const double a = dropped_out(DropoutKind::gaussian, c, {1.0f, 1.0f}, i).value - 1;
    squares += a * a;
  }
  EXPECT_NEAR(squares / kDraws, 0.25, 0.003);
}

}  // namespace
}  // namespace chainrule::math
