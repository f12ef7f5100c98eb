// Tests of the statistics against values from tables and from exact counting.
#include "laboratory/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/counter_rng.h"

namespace chainrule::laboratory {
namespace {

TEST(Student, CriticalValuesAreThoseOfTheTables) {
  EXPECT_NEAR(student_critical(0.05, 9), 2.262157, 1e-6);
  EXPECT_NEAR(student_critical(0.05, 1), 12.706205, 1e-5);
  EXPECT_NEAR(student_critical(0.01, 30), 2.749996, 1e-6);
  EXPECT_NEAR(student_two_sided(1, 1), 0.5, 1e-12);  // Cauchy
}

TEST(IncompleteBeta, AgreesWithBinomialSums) {
  // I_p(k, n-k+1) = P(at least k hits)
  const double p = 0.3, q = 0.7;
  const double at_least_8_of_10 = 45 * std::pow(p, 8) * q * q + 10 * std::pow(p, 9) * q + std::pow(p, 10);
  EXPECT_NEAR(incomplete_beta(8, 3, p), at_least_8_of_10, 1e-14);
  EXPECT_EQ(incomplete_beta(2, 3, 0), 0);
  EXPECT_EQ(incomplete_beta(2, 3, 1), 1);
}

TEST(Estimate, IntervalOfTheMeanIsStudents) {
  const std::vector<double> values = {1, 2, 3, 4, 5};
  const Estimate e = estimate(values);
  EXPECT_DOUBLE_EQ(e.mean, 3);
  EXPECT_NEAR(e.high - e.mean, 2.776445 * std::sqrt(2.5 / 5), 1e-5);
  EXPECT_NEAR(estimate(values, 0.25).high - 3, 2.776445 * std::sqrt(2.5 * (0.2 + 0.25)), 1e-5);
  EXPECT_TRUE(std::isinf(estimate(std::vector<double>{1}).high));
}

TEST(PairedT, KnownValueAndDegenerateDifferences) {
  // t = 3 / sqrt(2.5/5) = 4.2426, 4 degrees of freedom: p = 0.013236
  EXPECT_NEAR(paired_t_test(std::vector<double>{1, 2, 3, 4, 5}), 0.013236, 1e-5);
  EXPECT_GT(paired_t_test(std::vector<double>{1, 2, 3, 4, 5}, 0.2), 0.013236);
  EXPECT_EQ(paired_t_test(std::vector<double>{0, 0, 0}), 1);
  EXPECT_EQ(paired_t_test(std::vector<double>{2, 2, 2}), 0);
}

TEST(SignedRank, ExactSmallCases) {
  EXPECT_DOUBLE_EQ(signed_rank_test(std::vector<double>{1, 2, 3, 4, 5}), 2.0 / 32);
  EXPECT_DOUBLE_EQ(signed_rank_test(std::vector<double>{-1, 2, 3, 4, 5}), 4.0 / 32);
  EXPECT_DOUBLE_EQ(signed_rank_test(std::vector<double>{1, 1, 1, 0, 0}), 2.0 / 8);  // ties and zeros
  EXPECT_EQ(signed_rank_test(std::vector<double>{0, 0}), 1);
  EXPECT_EQ(signed_rank_test(std::vector<double>{3, -3}), 1);
}

TEST(SignedRank, WilcoxonsPublishedCorn) {
  // Darwin's 15 pairs of maize plants, eighths of an inch: W- = 24, exact p = 0.04126
  const std::vector<double> maize = {49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48};
  EXPECT_NEAR(signed_rank_test(maize), 0.04126, 5e-5);
}

TEST(SignTest, IsTheBinomial) {
  EXPECT_DOUBLE_EQ(sign_test(10, 0), 2.0 / 1024);
  EXPECT_DOUBLE_EQ(sign_test(1, 9), 22.0 / 1024);
  EXPECT_EQ(sign_test(5, 5), 1);
  EXPECT_EQ(sign_test(0, 0), 1);
}

TEST(Holm, IsMonotoneAndMatchesTheHandCase) {
  const std::vector<double> adjusted = holm(std::vector<double>{0.01, 0.04, 0.03, 0.005});
  EXPECT_NEAR(adjusted[3], 0.02, 1e-15);
  EXPECT_NEAR(adjusted[0], 0.03, 1e-15);
  EXPECT_NEAR(adjusted[2], 0.06, 1e-15);
  EXPECT_NEAR(adjusted[1], 0.06, 1e-15);
}

TEST(BestShares, AreSharesAndFavourTheBetter) {
  const std::vector<double> shares = best_shares({{1, 1, 1, 1}, {2, 0.5, 2, 2}, {1, 1, 1, 1}}, 3);
  EXPECT_NEAR(shares[0] + shares[1] + shares[2], 1, 1e-9);
  EXPECT_EQ(shares[0], shares[2]);
  EXPECT_GT(shares[0], shares[1]);
}

TEST(ShareBounds, AreClopperAndPearsons) {
  const Bounds none = share_bounds(0, 20, 0.05), some = share_bounds(5, 10, 0.05);
  EXPECT_EQ(none.low, 0);
  EXPECT_NEAR(none.high, 1 - std::pow(0.025, 1.0 / 20), 1e-10);
  EXPECT_NEAR(some.low, 0.187086, 1e-6);
  EXPECT_NEAR(some.high, 0.812914, 1e-6);
}

// The error rate that the verdicts promise: 2,000 pairs without a difference, tested at 5 %.
TEST(PairedTests, KeepTheirErrorRate) {
  int ranks = 0, means = 0;
  for (std::uint32_t trial = 0; trial < 2000; ++trial) {
    std::vector<double> differences;
    for (std::uint32_t i = 0; i < 10; ++i) {
      double sum = 0;  // of twelve uniform draws: nearly normal
      for (std::uint32_t k = 0; k < 12; ++k) sum += static_cast<double>(draw({17, Purpose::subsample, 0, trial, i}, k) >> 8) * 0x1p-24;
      differences.push_back(sum - 6);
    }
    ranks += signed_rank_test(differences) < 0.05;
    means += paired_t_test(differences) < 0.05;
  }
  // 100 are expected, +- 4.5 deviations of the count; ranks of ten pairs come in steps, so theirs are a little fewer.
  EXPECT_NEAR(ranks, 98, 44);
  EXPECT_NEAR(means, 100, 44);
}

}  // namespace
}  // namespace chainrule::laboratory
