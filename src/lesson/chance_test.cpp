// Bounds of shares and the sign test against sums of binomial chances, and where both have a closed form.
#include "lesson/chance.h"

#include <gtest/gtest.h>

#include <cmath>

namespace chainrule::lesson {
namespace {

/// The chance of at least `hits`, term by term.
double tail(int hits, int trials, double p) {
  double sum = 0;
  for (int k = hits; k <= trials; ++k) {
    sum += std::exp(std::lgamma(trials + 1) - std::lgamma(k + 1) - std::lgamma(trials - k + 1) + k * std::log(p) + (trials - k) * std::log1p(-p));
  }
  return sum;
}

TEST(Chance, SignTestIsTheTailOfFairCoins) {
  EXPECT_NEAR(sign_test(24, 24) * std::pow(2, 24), 1, 1e-9);
  EXPECT_DOUBLE_EQ(sign_test(0, 24), 1);
  for (int wins = 1; wins <= 24; ++wins) EXPECT_NEAR(sign_test(wins, 24), tail(wins, 24, 0.5), 1e-12) << wins;
}

TEST(Chance, BoundsLeaveHalfTheErrorOnEachSide) {
  for (const int trials : {1, 7, 200, 5000}) {
    for (const double error : {0.1, 1e-9}) {
      for (const int hits : {1, trials / 2, trials - 1}) {
        if (hits < 1 || hits >= trials) continue;
        const Interval bounds = share_bounds(hits, trials, error);
        EXPECT_NEAR(tail(hits, trials, bounds.low) / (error / 2), 1, 1e-3) << hits << " of " << trials;
        EXPECT_NEAR(tail(trials - hits, trials, 1 - bounds.high) / (error / 2), 1, 1e-3) << hits << " of " << trials;
        EXPECT_TRUE(bounds.holds(double(hits) / trials));
      }
    }
  }
}

TEST(Chance, NoHitsAndNothingButHitsHaveOneBound) {
  const Interval none = share_bounds(0, 50, 0.02), all = share_bounds(50, 50, 0.02);
  EXPECT_EQ(none.low, 0);
  EXPECT_NEAR(none.high, 1 - std::pow(0.01, 1.0 / 50), 1e-12);
  EXPECT_EQ(all.high, 1);
  EXPECT_NEAR(all.low, std::pow(0.01, 1.0 / 50), 1e-12);
}

TEST(Chance, BoundsMissARateThatIsFarEnoughAway) {
  EXPECT_FALSE(share_bounds(12288, 24576, kBoundError).holds(0.53));
  EXPECT_TRUE(share_bounds(12288, 24576, kBoundError).holds(0.51));
}

}  // namespace
}  // namespace chainrule::lesson
