// Tests of every loss: slopes against finite differences in fp64, fp32 against fp64, safety at extremes.
#include "math/losses.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "math/penalties.h"

namespace chainrule::math {
namespace {

template <class T>
ValueSlope<T> term(Loss kind, T z, T target) {
  const T parameter = static_cast<T>(kind == Loss::quantile ? 0.8 : default_loss_parameter(kind));
  return with_loss(kind, [&](auto l) -> ValueSlope<T> {
    if constexpr (is_elementwise(l.value)) {
      return loss_term<l.value>(z, target, parameter);
    } else {
      return {};
    }
  });
}

std::vector<Loss> elementwise_losses() {
  std::vector<Loss> result;
  for (const Loss kind : all<Loss>()) {
    if (is_elementwise(kind)) result.push_back(kind);
  }
  return result;
}

/// Targets that make sense for the loss.
std::vector<double> targets(Loss kind) {
  if (kind == Loss::binary_cross_entropy) return {0, 0.05, 0.5, 1};
  if (kind == Loss::hinge) return {0, 1};
  if (kind == Loss::poisson) return {0, 1, 7};
  return {-3, 0, 0.5, 2};
}

bool near_kink(Loss kind, double z, double t) {
  if (kind == Loss::absolute_error || kind == Loss::quantile) return std::fabs(z - t) < 1e-3;
  if (kind == Loss::huber) return std::fabs(std::fabs(z - t) - 1) < 1e-3;
  if (kind == Loss::hinge) return std::fabs(std::fabs(z) - 1) < 1e-3;
  return false;
}

class Losses : public testing::TestWithParam<Loss> {};

TEST_P(Losses, SlopeEqualsFiniteDifferencesInFp64) {
  constexpr double h = 1e-5;
  for (const double t : targets(GetParam())) {
    for (double z = -6; z < 6; z += 0.0171) {
      if (near_kink(GetParam(), z, t)) continue;
      const double numeric = (term(GetParam(), z + h, t).value - term(GetParam(), z - h, t).value) / (2 * h);
      EXPECT_NEAR(term(GetParam(), z, t).slope, numeric, 1e-7) << z << " " << t;
    }
  }
}

TEST_P(Losses, Fp32FollowsFp64) {
  for (const double t : targets(GetParam())) {
    const float target = static_cast<float>(t);
    for (float z = -6; z < 6; z += 0.0171f) {
      if (near_kink(GetParam(), z, t)) continue;
      const auto single = term(GetParam(), z, target);
      const auto judge = term(GetParam(), static_cast<double>(z), static_cast<double>(target));
      EXPECT_NEAR(single.value, judge.value, 2e-6 * (1 + std::fabs(judge.value)));
      EXPECT_NEAR(single.slope, judge.slope, 2e-6 * (1 + std::fabs(judge.slope)));
    }
  }
}

TEST_P(Losses, NanIsNotSwallowed) { EXPECT_TRUE(std::isnan(term(GetParam(), std::nanf(""), 1.0f).value)); }

INSTANTIATE_TEST_SUITE_P(All, Losses, testing::ValuesIn(elementwise_losses()),
                         [](const auto& info) { return std::string(name(info.param)); });

TEST(Loss, KinksHaveSlopeZero) {
  EXPECT_EQ(term(Loss::absolute_error, 2.0f, 2.0f).slope, 0.0f);
  EXPECT_EQ(term(Loss::quantile, 2.0f, 2.0f).slope, 0.0f);
  EXPECT_EQ(term(Loss::hinge, 1.0f, 1.0f).slope, 0.0f);
}

TEST(Loss, KnownValues) {
  EXPECT_EQ(term(Loss::squared_error, 3.0, 1.0).value, 4.0);
  EXPECT_EQ(term(Loss::huber, 3.0, 0.0).value, 2.5);
  EXPECT_NEAR(term(Loss::quantile, 0.0, 1.0).value, 0.8, 1e-15) << "too low costs the quantile";
  EXPECT_NEAR(term(Loss::quantile, 1.0, 0.0).value, 0.2, 1e-15);
  EXPECT_EQ(term(Loss::hinge, 0.25, 0.0).value, 1.25);
  EXPECT_NEAR(term(Loss::binary_cross_entropy, 0.0, 1.0).value, std::log(2.0), 1e-15);
}

TEST(Loss, BinaryCrossEntropyIsFiniteForExtremeLogits) {
  for (const float z : {-1e30f, -200.0f, 200.0f, 1e30f}) {
    for (const float t : {0.0f, 1.0f}) {
      EXPECT_TRUE(std::isfinite(term(Loss::binary_cross_entropy, z, t).value));
      EXPECT_TRUE(std::isfinite(term(Loss::binary_cross_entropy, z, t).slope));
    }
  }
}

TEST(GaussianLoss, BothSlopesEqualFiniteDifferences) {
  constexpr double h = 1e-5;
  for (double mean = -2; mean < 2; mean += 0.3) {
    for (double s = -3; s < 3; s += 0.4) {
      const auto loss = gaussian_nll(mean, s, 0.7);
      const double in_mean = (gaussian_nll(mean + h, s, 0.7).value - gaussian_nll(mean - h, s, 0.7).value) / (2 * h);
      const double in_s = (gaussian_nll(mean, s + h, 0.7).value - gaussian_nll(mean, s - h, 0.7).value) / (2 * h);
      EXPECT_NEAR(loss.mean_slope, in_mean, 1e-6);
      EXPECT_NEAR(loss.log_variance_slope, in_s, 1e-6);
    }
  }
  EXPECT_NEAR(gaussian_nll(0.0, 0.0, 0.0).value, 0.5 * std::log(2 * 3.141592653589793), 1e-15);
  EXPECT_EQ(target_count(Loss::gaussian_nll, 6), 3u);
  EXPECT_EQ(target_count(Loss::huber, 6), 6u);
}

TEST(CrossEntropy, SlopeEqualsFiniteDifferencesAndSumsToZero) {
  constexpr double h = 1e-5;
  std::array<double, 4> z = {0.3, -2, 5, 1}, gradient, scratch;
  const std::array<double, 4> t = {0.1, 0.6, 0, 0.3};
  cross_entropy_row(z.data(), t.data(), 4, gradient.data());
  double sum = 0;
  for (int o = 0; o < 4; ++o) {
    auto up = z, down = z;
    up[o] += h, down[o] -= h;
    const double numeric = (cross_entropy_row(up.data(), t.data(), 4, scratch.data()) -
                            cross_entropy_row(down.data(), t.data(), 4, scratch.data())) / (2 * h);
    EXPECT_NEAR(gradient[o], numeric, 1e-9);
    sum += gradient[o];
  }
  EXPECT_NEAR(sum, 0, 1e-15);
}

TEST(CrossEntropy, ExtremeLogitsAreSafe) {
  const std::array<float, 3> t = {0, 1, 0};
  std::array<float, 3> gradient;
  for (const std::array<float, 3> z : {std::array<float, 3>{1e30f, 1e30f, -1e30f}, {300, 200, 100}, {-1e4f, 0, -1e4f}}) {
    EXPECT_TRUE(std::isfinite(cross_entropy_row(z.data(), t.data(), 3, gradient.data())));
    for (const float g : gradient) EXPECT_TRUE(std::isfinite(g));
  }
  const std::array<float, 3> impossible = {-INFINITY, 0, -INFINITY};
  EXPECT_EQ(cross_entropy_row(impossible.data(), t.data(), 3, gradient.data()), 0.0f);
}

TEST(CrossEntropy, SmoothingSpreadsTheTargetAndZeroIsExact) {
  EXPECT_EQ(smooth_target(1.0f, 0, 10), 1.0f);
  EXPECT_EQ(smooth_target(0.0f, 0, 10), 0.0f);
  EXPECT_NEAR(smooth_target(1.0, 0.1, 10) + 9 * smooth_target(0.0, 0.1, 10), 1, 1e-15);
}

TEST(Penalties, SlopesAreThoseOfTheValue) {
  constexpr double h = 1e-6;
  for (const double w : {-2.0, -0.1, 0.4, 3.0}) {
    const double numeric = (penalty_value(w + h, 0.3, 0.7) - penalty_value(w - h, 0.3, 0.7)) / (2 * h);
    EXPECT_NEAR(add_l1(add_l2(0.0, w, 0.7), w, 0.3), numeric, 1e-8);
  }
  EXPECT_EQ(add_l1(0.0, 0.0, 0.3), 0.0) << "sign(0) = 0";
  EXPECT_EQ(clip_by_value(5.0f, 2.0f), 2.0f);
  EXPECT_EQ(clip_by_value(-5.0f, 2.0f), -2.0f);
  EXPECT_EQ(clip_by_value(1.5f, 2.0f), 1.5f);
  EXPECT_TRUE(std::isnan(clip_by_value(std::nanf(""), 2.0f)));
  EXPECT_EQ(average_element(1.0, 3.0, 0.25), 1.5);
}

TEST(CrossEntropy, LossOfLargeAndOfTinyScoresKeepsItsDigits) {
  for (const float offset : {0.0f, -1e4f, 1e7f, 3e30f}) {
    const float above = offset == 3e30f ? offset : offset + 1;
    const float z[] = {above, offset, offset}, t[] = {1, 0, 0};
    float gradient[3];
    const double difference = static_cast<double>(above) - static_cast<double>(offset);
    EXPECT_NEAR(cross_entropy_row(z, t, 3, gradient), std::log(1 + 2 * std::exp(-difference)), 1e-6) << offset;
  }
  const float sure[] = {20, 0}, t[] = {1, 0};
  float gradient[2];
  EXPECT_NEAR(cross_entropy_row(sure, t, 2, gradient), std::log1p(std::exp(-20.0)), 1e-7);  // log(1 + e) of a float S
}

}  // namespace
}  // namespace chainrule::math
