// The arithmetic of bf16 operands: rounding, the steps of a sum of pairs, and what happens near zero.
#include "math/bf16.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace chainrule::math {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity(), kNaN = std::numeric_limits<float>::quiet_NaN();

/// Rounds |value| to a multiple of 2^lowest and to at most `digits` bits, ties to even, by exact double arithmetic.
double rounded(double value, int digits, int lowest) {
  if (value == 0 || !std::isfinite(value)) return value;
  const int place = std::max(std::ilogb(value) - digits + 1, lowest);
  return std::ldexp(std::nearbyint(std::ldexp(value, -place)), place);
}

TEST(Bf16, RoundsToNearestTiesToEven) {
  std::mt19937 random(1);
  for (int i = 0; i < 200000; ++i) {
    std::uint32_t bits = static_cast<std::uint32_t>(random());
    if (i % 3 == 0) bits = (bits & 0xffff0000u) | 0x8000u;  // a tie
    const float value = float_of(bits);
    if (!std::isfinite(value) || std::fabs(value) < 0x1p-126f) continue;
    const double expected = rounded(static_cast<double>(value), 8, -1000);
    const bool overflow = std::fabs(expected) > 0x1.fep127;
    EXPECT_EQ(static_cast<double>(round_to_bf16(value)), overflow ? std::copysign(HUGE_VAL, expected) : expected);
  }
}

TEST(Bf16, RoundsSpecialNumbersAsWritten) {
  EXPECT_EQ(bits_of(round_to_bf16(-0.0f)), 0x80000000u);
  EXPECT_EQ(bits_of(round_to_bf16(float_of(0x007fffffu))), 0u);           // the largest denormal
  EXPECT_EQ(bits_of(round_to_bf16(float_of(0x80000001u))), 0x80000000u);
  EXPECT_EQ(round_to_bf16(0x1p-126f), 0x1p-126f);
  EXPECT_EQ(round_to_bf16(kInfinity), kInfinity);
  EXPECT_EQ(round_to_bf16(-std::numeric_limits<float>::max()), -kInfinity);
  for (const std::uint32_t nan : {0x7f800001u, 0x7fffffffu, 0xff800001u, 0xffffffffu})
    EXPECT_TRUE(std::isnan(round_to_bf16(float_of(nan)))) << nan;
}

/// The definition of a step, by a sum that is exact.
float step_by_definition(float sum, float a, float b) {
  using Wide = long double;  // 64 bits: exact for the sums below, whose terms lie within 60 bits of each other
  const Wide exact = static_cast<Wide>(a) * static_cast<Wide>(b) + static_cast<Wide>(sum);
  const double wide = static_cast<double>(exact);
  EXPECT_EQ(static_cast<Wide>(wide), exact) << "the test's numbers must be exact";
  const double unbounded = rounded(wide, 24, -100000);
  if (std::fabs(unbounded) < 0x1p-126) return std::copysign(0.0f, static_cast<float>(wide < 0 ? -1 : 1));
  return static_cast<float>(unbounded);
}

bool exact_zero(float sum, float a, float b) { return static_cast<double>(a) * static_cast<double>(b) == -static_cast<double>(sum); }

TEST(Bf16, StepsNearTheLeastNormalNumberFollowTheDefinition) {
  std::mt19937 random(2);
  int flushed = 0, kept = 0;
  for (int i = 0; i < 200000; ++i) {
    const auto mantissa = [&](int bits) { return 1.0 + static_cast<double>(random() >> (32 - bits)) * std::ldexp(1.0, -bits); };
    const int shift = static_cast<int>(random() % 28);
    const float a = static_cast<float>(std::ldexp(mantissa(7), -63)), b = static_cast<float>(std::ldexp(-mantissa(7), -63 - shift));
    const float sum = static_cast<float>(std::ldexp(random() % 4 == 0 ? 1.0 : mantissa(random() % 2 == 0 ? 23 : 4), -126));
    const float expected = step_by_definition(sum, a, b);
    ASSERT_EQ(bits_of(add_product(sum, a, b)), bits_of(expected)) << a << " * " << b << " + " << sum;
    ASSERT_EQ(bits_of(add_product(-sum, -a, b)), expected == 0 && exact_zero(sum, a, b) ? 0u : bits_of(expected) ^ 0x80000000u);
    (expected == 0 ? flushed : kept) += 1;
  }
  EXPECT_GT(flushed, 1000);
  EXPECT_GT(kept, 1000);
}

TEST(Bf16, TinyIsDecidedAfterRoundingWithoutALeastExponent) {
  const float least = 0x1p-126f;
  EXPECT_EQ(add_product(least, -0x1p-76f, 0x1p-76f), least);               // rounds up to the least normal number
  EXPECT_EQ(add_product(least, -0x1p-75f, 0x1p-76f), least);               // the tie: 2^-126 is the even one
  EXPECT_EQ(add_product(least, -0x1.02p-75f, 0x1p-76f), 0.0f);             // a little more: tiny, though fp32 would round it to 2^-126
  EXPECT_EQ(std::fma(-0x1.02p-75f, 0x1p-76f, least), least);
  EXPECT_EQ(bits_of(add_product(-least, 0x1.02p-75f, 0x1p-76f)), 0x80000000u);
}

TEST(Bf16, DenormalsCountAsZeroAndKeepTheirSign) {
  const float denormal = 0x1p-130f;
  EXPECT_EQ(add_product(denormal, 1.0f, 0x1p-126f), 0x1p-126f);
  EXPECT_EQ(add_product(0, denormal, 0x1p100f), 0.0f);
  EXPECT_EQ(bits_of(add_product(-denormal, -denormal, 1.0f)), 0x80000000u);  // -0 + -0
  EXPECT_EQ(bits_of(add_product(0, -0x1p-100f, 0x1p-100f)), 0x80000000u);  // a product of 2^-200 is tiny
  EXPECT_TRUE(std::isnan(add_product(0, denormal, kInfinity)));            // zero times infinity
  EXPECT_TRUE(std::isnan(add_product(kNaN, 0, 0)));
  EXPECT_EQ(add_product(1, kInfinity, -2), -kInfinity);
}

TEST(Bf16, PairsAddTheOddElementFirst) {
  const float big = 0x1p30f;
  const std::vector<float> a{big, 1, -big}, ones{1, 1, 1};
  const auto sum = [&](std::size_t count) {
    return sum_of_pairs(0, count, [&](std::size_t i) { return a[i]; }, [&](std::size_t i) { return ones[i]; });
  };
  EXPECT_EQ(sum(2), big);  // 1 + 2^30
  EXPECT_EQ(sum(3), 0.0f);
  EXPECT_EQ(add_pair(-big, 1, 1, big, 1), 1.0f);  // (-big + big) + 1
  EXPECT_EQ(add_pair(-big, big, 1, 1, 1), 0.0f);  // (-big + 1) + big
}

TEST(Bf16, AnOddCountTurnsMinusZeroIntoZero) {
  const auto minus = [](std::size_t) { return -0.0f; };
  const auto one = [](std::size_t) { return 1.0f; };
  EXPECT_EQ(bits_of(sum_of_pairs(-0.0f, 2, minus, one)), 0x80000000u);
  EXPECT_EQ(bits_of(sum_of_pairs(-0.0f, 1, minus, one)), 0u);
  EXPECT_EQ(bits_of(sum_of_pairs(-0.0f, 0, minus, one)), 0x80000000u);
}

}  // namespace
}  // namespace chainrule::math
