// Tests of every activation: slope against finite differences in fp64, fp32 against fp64, kinks, extremes.
#include "math/activations.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace chainrule::math {
namespace {

template <class T>
ValueSlope<T> at(Activation kind, T z) {
  const T parameter = static_cast<T>(default_activation_parameter(kind));
  return with_activation(kind, [&](auto a) { return activate<a.value>(z, parameter); });
}

/// Places where the slope jumps.
std::vector<double> kinks(Activation kind) {
  switch (kind) {
    case Activation::relu:
    case Activation::leaky_relu:
    case Activation::prelu:
    case Activation::elu:
    case Activation::selu: return {0};
    case Activation::hard_tanh: return {-1, 1};
    case Activation::hard_sigmoid: return {-3, 3};
    default: return {};
  }
}

bool near_kink(Activation kind, double z) {
  for (const double kink : kinks(kind)) {
    if (std::fabs(z - kink) < 1e-3) return true;
  }
  return false;
}

class Activations : public testing::TestWithParam<Activation> {};

TEST_P(Activations, SlopeEqualsFiniteDifferencesInFp64) {
  constexpr double h = 1e-5;
  for (double z = -12; z < 12; z += 0.0371) {
    if (near_kink(GetParam(), z)) continue;
    const double numeric = (at(GetParam(), z + h).value - at(GetParam(), z - h).value) / (2 * h);
    EXPECT_NEAR(at(GetParam(), z).slope, numeric, 1e-8) << z;
  }
}

TEST_P(Activations, Fp32FollowsFp64) {
  for (float z = -30; z < 30; z += 0.0137f) {
    const auto single = at(GetParam(), z);
    const auto judge = at(GetParam(), static_cast<double>(z));
    if (near_kink(GetParam(), z)) continue;
    EXPECT_NEAR(single.value, judge.value, 1e-6 * (1 + std::fabs(z))) << z;
    EXPECT_NEAR(single.slope, judge.slope, 2e-6) << z;
  }
}

TEST_P(Activations, NanIsNotSwallowed) {
  EXPECT_TRUE(std::isnan(at(GetParam(), std::numeric_limits<float>::quiet_NaN()).value));
}

TEST_P(Activations, HugeFiniteInputsGiveFiniteValuesAndSlopes) {
  for (const float z : {-3e38f, -1e20f, -1000.0f, -89.0f, 89.0f, 1000.0f, 1e20f, 3e37f}) {
    const auto a = at(GetParam(), z);
    EXPECT_TRUE(std::isfinite(a.value)) << z;
    EXPECT_TRUE(std::isfinite(a.slope)) << z;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Activations, testing::ValuesIn(all<Activation>()),
                         [](const auto& info) { return std::string(name(info.param)); });

TEST(Activation, SlopesAtKinksAreAsDocumented) {
  EXPECT_EQ(at(Activation::relu, 0.0f).slope, 0.0f);
  EXPECT_EQ(at(Activation::leaky_relu, 0.0f).slope, 0.01f);
  EXPECT_EQ(at(Activation::prelu, 0.0f).slope, 0.25f);
  EXPECT_EQ(at(Activation::elu, 0.0f).slope, 1.0f);
  EXPECT_EQ(at(Activation::selu, 0.0f).slope, static_cast<float>(kSeluScale * kSeluAlpha));
  EXPECT_EQ(at(Activation::celu, 0.0f).slope, 1.0f);
  for (const float side : {-1.0f, 1.0f}) {
    EXPECT_EQ(at(Activation::hard_tanh, side).slope, 0.0f);
    EXPECT_EQ(at(Activation::hard_sigmoid, 3 * side).slope, 0.0f);
  }
}

TEST(Activation, KnownValues) {
  EXPECT_NEAR(at(Activation::gelu, 1.0).value, 0.84134474606854293, 1e-15);
  EXPECT_NEAR(at(Activation::gelu_tanh, 1.0).value, 0.84119199060827676, 1e-12);
  EXPECT_NEAR(at(Activation::silu, 1.0).value, 0.73105857863000490, 1e-15);
  EXPECT_NEAR(at(Activation::mish, 1.0).value, 0.86509838826731034, 1e-12);
  EXPECT_NEAR(at(Activation::selu, -1.0).value, -1.1113307378125627, 1e-12);
  EXPECT_NEAR(at(Activation::softplus, 0.0).value, 0.69314718055994531, 1e-15);
  EXPECT_EQ(at(Activation::softsign, -1.0).value, -0.5);
  EXPECT_EQ(at(Activation::hard_sigmoid, 0.0).value, 0.5);
}

TEST(Activation, AlphaOfEluAndCeluCounts) {
  EXPECT_NEAR((activate<Activation::elu>(-1.0, 2.0).value), 2 * std::expm1(-1.0), 1e-15);
  EXPECT_NEAR((activate<Activation::celu>(-1.0, 2.0).value), 2 * std::expm1(-0.5), 1e-15);
  EXPECT_NEAR((activate<Activation::celu>(-1.0, 2.0).slope), std::exp(-0.5), 1e-15);
}

}  // namespace
}  // namespace chainrule::math
