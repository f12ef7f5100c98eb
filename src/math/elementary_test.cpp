// Tests of the elementary functions: largest error in ulp against long double over a sweep of all floats, and special values.
#include "math/elementary.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <functional>
#include <limits>

namespace chainrule::math {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// |result - exact| in units of the last place of a float near `exact`.
double ulps(float result, long double exact) {
  const long double overflow = 3.4028235677973366e38L;  // half a unit above the largest float
  if (std::fabs(exact) >= overflow) return std::isinf(result) && (result > 0) == (exact > 0) ? 0 : 1e30;
  if (!std::isfinite(result)) return 1e30;
  const int exponent = exact == 0 ? -149 : std::max(-149, std::ilogb(exact) - 23);
  return static_cast<double>(std::fabs(static_cast<long double>(result) - exact) / std::ldexp(1.0L, exponent));
}

struct Function {
  const char* name;
  float (*ours)(float);
  long double (*exact)(long double);
  float low, high;
  double limit;  // documented in docs/elementary.md
};

long double sigmoid_exact(long double x) { return 1 / (1 + std::exp(-x)); }
long double softplus_exact(long double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

const Function kFunctions[] = {
    {"exp", [](float x) { return exp(x); }, [](long double x) { return std::exp(x); }, -110, 90, 1.0},
    {"expm1", [](float x) { return expm1(x); }, [](long double x) { return std::expm1(x); }, -110, 90, 1.5},
    {"log", [](float x) { return log(x); }, [](long double x) { return std::log(x); }, 0, kInf, 1.0},
    {"log1p", [](float x) { return log1p(x); }, [](long double x) { return std::log1p(x); }, -1, kInf, 1.5},
    {"tanh", [](float x) { return tanh(x); }, [](long double x) { return std::tanh(x); }, -kInf, kInf, 1.5},
    {"sigmoid", [](float x) { return sigmoid(x); }, sigmoid_exact, -110, kInf, 2.5},
    {"softplus", [](float x) { return softplus(x); }, softplus_exact, -110, kInf, 2.5},
    {"erf", [](float x) { return erf(x); }, [](long double x) { return std::erf(x); }, -kInf, kInf, 1.5},
};

/// Calls f(x) for every 997th float in [low, high], denormals included; the documented figures are from every 97th.
void sweep(float low, float high, const std::function<void(float)>& f) {
  for (std::uint64_t bits = 0; bits < 0x100000000u; bits += 997) {
    const float x = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    if (x >= low && x <= high && std::isfinite(x)) f(x);
  }
}

class Elementary : public testing::TestWithParam<Function> {};

TEST_P(Elementary, ErrorStaysBelowTheDocumentedUlps) {
  const Function& function = GetParam();
  double worst = 0;
  float at = 0;
  sweep(function.low, function.high, [&](float x) {
    const double error = ulps(function.ours(x), function.exact(x));
    if (error > worst) worst = error, at = x;
  });
  std::printf("%-9s %.3f ulp at %.9g\n", function.name, worst, at);
  EXPECT_LE(worst, function.limit) << "at " << at;
}

TEST_P(Elementary, NanGivesNan) { EXPECT_TRUE(std::isnan(GetParam().ours(kNan))); }

// The templates below exp, log, ... must use the C library when V is double, or the fp64 judge would be an fp32 one.
TEST(ElementaryValues, DoubleHasFullPrecision) {
  for (const double x : {-3.5, -0.3, 0.1, 0.7, 1.0, 3.5}) {
    EXPECT_EQ(exp(x), std::exp(x));
    EXPECT_EQ(tanh(x), std::tanh(x));
    EXPECT_EQ(erf(x), std::erf(x));
    EXPECT_NEAR(softplus(x), static_cast<double>(softplus_exact(x)), 1e-15 * (1 + std::fabs(x)));
    EXPECT_NEAR(sigmoid(x), static_cast<double>(sigmoid_exact(x)), 1e-15);
  }
  EXPECT_NEAR(normal_from_draw(8388608.0), 0.5 * 0x1p-24 * std::sqrt(2 * 3.14159265358979), 1e-15);
}

INSTANTIATE_TEST_SUITE_P(All, Elementary, testing::ValuesIn(kFunctions), [](const auto& info) { return info.param.name; });

TEST(ElementaryValues, SpecialValuesFollowIeee) {
  EXPECT_EQ(exp(kInf), kInf);
  EXPECT_EQ(exp(-kInf), 0.0f);
  EXPECT_EQ(exp(0.0f), 1.0f);
  EXPECT_EQ(exp(1e30f), kInf);
  EXPECT_GT(exp(-100.0f), 0.0f) << "a denormal, not flushed";
  EXPECT_EQ(expm1(kInf), kInf);
  EXPECT_EQ(expm1(-kInf), -1.0f);
  EXPECT_TRUE(std::signbit(expm1(-0.0f)));
  EXPECT_EQ(log(0.0f), -kInf);
  EXPECT_EQ(log(1.0f), 0.0f);
  EXPECT_EQ(log(kInf), kInf);
  EXPECT_TRUE(std::isnan(log(-1.0f)));
  EXPECT_EQ(log1p(-1.0f), -kInf);
  EXPECT_EQ(log1p(kInf), kInf);
  EXPECT_TRUE(std::isnan(log1p(-1.5f)));
  EXPECT_EQ(tanh(kInf), 1.0f);
  EXPECT_EQ(tanh(-kInf), -1.0f);
  EXPECT_EQ(sigmoid(kInf), 1.0f);
  EXPECT_EQ(sigmoid(-kInf), 0.0f);
  EXPECT_EQ(softplus(kInf), kInf);
  EXPECT_EQ(softplus(-kInf), 0.0f);
  EXPECT_EQ(erf(-kInf), -1.0f);
}

TEST(ElementaryValues, OddFunctionsAreExactlyOdd) {
  for (float x = 1e-6f; x < 100; x *= 1.01f) {
    EXPECT_EQ(tanh(-x), -tanh(x));
    EXPECT_EQ(erf(-x), -erf(x));
  }
}

TEST(NormalQuantile, EveryDrawIsCloseToTheExactQuantile) {
  double worst = 0;
  for (std::uint32_t k = 0; k < 1u << 24; k += k < 4096 || k > (1u << 24) - 4096 ? 1 : 997) {
    const double exact = normal_quantile((k + 0.5) * 0x1p-24);
    const double ours = normal_from_draw(static_cast<float>(k));
    worst = std::max(worst, std::fabs(ours - exact) / std::max(1e-7, std::fabs(exact)));
  }
  std::printf("normal    relative error %.3g\n", worst);
  EXPECT_LT(worst, 4e-7);
}

TEST(NormalQuantile, DoubleInvertsTheDistribution) {
  for (double p = 1e-7; p < 1; p += 0.00731) {
    EXPECT_NEAR(0.5 * std::erfc(-normal_quantile(p) / std::sqrt(2.0)), p, 1e-14 + 1e-14 * p);
  }
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-14);
}

TEST(NormalQuantile, DrawsAreMirrored) {
  for (std::uint32_t k = 0; k < 1u << 23; k += 12345) {
    EXPECT_EQ(normal_from_draw(static_cast<float>(k)), -normal_from_draw(static_cast<float>((1u << 24) - 1 - k)));
  }
  EXPECT_NEAR(normal_from_draw(0.0f), -5.42, 0.01);
}

TEST(LogGamma, IsThatOfTheCLibraryAndWritesNothingShared) {
  for (const double x : {0.5, 1.0, 7.25, 171.5, 1e6}) EXPECT_EQ(log_gamma(x), std::lgamma(x)) << x;
  signgam = 7;
  EXPECT_NEAR(log_gamma(-0.5), std::log(2 * std::sqrt(3.14159265358979323846)), 1e-15);
  EXPECT_EQ(signgam, 7);
}

}  // namespace
}  // namespace chainrule::math
