// Tests of the portable double functions against the C library in long double.
#include "math/exact_double.h"

#include <gtest/gtest.h>

#include <cmath>

namespace chainrule::math::exact_double {
namespace {

constexpr double kRelative = 2e-15;

TEST(ExactDouble, ExpIsWithinAFewUlp) {
  for (double x = -700; x < 700; x += 0.731) {
    const double exact = static_cast<double>(std::exp(static_cast<long double>(x)));
    EXPECT_NEAR(exp(x) / exact, 1, kRelative) << x;
  }
  EXPECT_EQ(exp(0.0), 1.0);
  EXPECT_EQ(exp(-1e9), 0.0);
  EXPECT_TRUE(std::isinf(exp(1e9)));
}

TEST(ExactDouble, LogIsWithinAFewUlp) {
  for (double x = 1e-300; x < 1e300; x *= 1.377) {
    const double exact = static_cast<double>(std::log(static_cast<long double>(x)));
    EXPECT_NEAR(log(x), exact, kRelative * std::fabs(exact)) << x;
  }
  for (double x = 0.5; x < 2; x += 0.00317) {
    const double exact = static_cast<double>(std::log(static_cast<long double>(x)));
    EXPECT_NEAR(log(x), exact, kRelative * std::fabs(exact)) << x;
  }
}

TEST(ExactDouble, CosPiIsWithinAFewUlpAndExactAtQuarters) {
  for (double x = -3; x < 3; x += 0.00371) {
    EXPECT_NEAR(cos_pi(x), static_cast<double>(std::cos(3.14159265358979323846264L * static_cast<long double>(x))), kRelative) << x;
  }
  EXPECT_EQ(cos_pi(0), 1.0);
  EXPECT_EQ(cos_pi(0.5), 0.0);
  EXPECT_EQ(cos_pi(1), -1.0);
  EXPECT_EQ(cos_pi(1.5), 0.0);
  EXPECT_EQ(cos_pi(2), 1.0);
}

TEST(ExactDouble, PowersWholeAndBroken) {
  for (const double base : {0.1, 0.9, 0.999, 0.9999999}) {
    for (const std::uint64_t n : {0ull, 1ull, 2ull, 17ull, 1000ull}) {
      const double exact = static_cast<double>(std::pow(static_cast<long double>(base), static_cast<long double>(n)));
      if (exact == 0) continue;
      EXPECT_NEAR(power(base, n) / exact, 1, 1e-12);
    }
    for (const double e : {0.004, 0.5, 1.0, 3.7}) EXPECT_NEAR(power(base, e) / std::pow(base, e), 1, 1e-14);
  }
  EXPECT_EQ(power(0.0, 0.0), 1.0);
  EXPECT_EQ(power(0.0, 2.0), 0.0);
}

}  // namespace
}  // namespace chainrule::math::exact_double
