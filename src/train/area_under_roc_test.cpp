// The area under the ROC curve against counting all pairs and against the ranks it is defined by.
#include "train/area_under_roc.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace chainrule::training {
namespace {

using Rows = std::vector<std::uint32_t>;

struct Case {
  std::vector<float> scores;
  Rows positive;
};

// `values` different scores; about one row of `rarity` is positive.
Case random_case(std::size_t rows, std::uint32_t values, std::uint32_t rarity) {
  Case made;
  std::uint32_t state = 7;
  for (std::uint32_t row = 0; row < rows; ++row) {
    state = state * 1664525u + 1013904223u;
    made.scores.push_back(static_cast<float>((state >> 8) % values) / 16);
    state = state * 1664525u + 1013904223u;
    if ((state >> 8) % rarity == 0) made.positive.push_back(row);
  }
  return made;
}

double by_pairs(const Case& c) {
  double wins = 0, pairs = 0;
  for (const std::uint32_t i : c.positive) {
    for (std::uint32_t j = 0; j < c.scores.size(); ++j) {
      if (std::binary_search(c.positive.begin(), c.positive.end(), j)) continue;
      wins += c.scores[i] > c.scores[j] ? 1 : c.scores[i] == c.scores[j] ? 0.5 : 0;
      ++pairs;
    }
  }
  return wins / pairs;
}

// Mann and Whitney: the sum of the positive rows' ranks, ties sharing their mean rank.
double by_ranks(const Case& c) {
  Rows order(c.scores.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return c.scores[a] < c.scores[b]; });
  double ranks = 0;
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && c.scores[order[end]] == c.scores[order[begin]]) ++end;
    for (std::size_t i = begin; i < end; ++i) {
      if (std::binary_search(c.positive.begin(), c.positive.end(), order[i])) ranks += 0.5 * static_cast<double>(begin + 1 + end);
    }
  }
  const double positives = static_cast<double>(c.positive.size()), negatives = static_cast<double>(c.scores.size()) - positives;
  return (ranks - 0.5 * positives * (positives + 1)) / (positives * negatives);
}

TEST(AreaUnderRoc, EqualsTheRanksToTheLastBitForFewAndForManyPositiveRows) {
  for (const std::uint32_t rarity : {2u, 3u, 50u, 400u}) {
    for (const std::uint32_t values : {2u, 16u, 100000u}) {
      const Case c = random_case(5000, values, rarity);
      EXPECT_EQ(area_under_roc(c.scores, c.positive), by_ranks(c)) << values << " values, " << c.positive.size() << " positive";
    }
  }
}

TEST(AreaUnderRoc, WithTiesEqualsCountingAllPairs) {
  for (const std::uint32_t rarity : {4u, 30u}) {
    const Case c = random_case(300, 16, rarity);
    EXPECT_NEAR(area_under_roc(c.scores, c.positive), by_pairs(c), 1e-12);
  }
}

TEST(AreaUnderRoc, IsUndefinedWhenOneSideIsAbsentOrThereIsNoOrderAndHalfWhenAllAreEqual) {
  EXPECT_TRUE(std::isnan(area_under_roc(std::vector<float>{1, 2}, Rows{0, 1})));
  EXPECT_TRUE(std::isnan(area_under_roc(std::vector<float>{1, 2}, Rows{})));
  EXPECT_TRUE(std::isnan(area_under_roc(std::vector<float>{1, NAN}, Rows{0})));
  EXPECT_EQ(area_under_roc(std::vector<float>{3, 3, 3}, Rows{0, 2}), 0.5);
}

TEST(AreaUnderRoc, MeanOverRowsOfOneClassIsUndefinedAndOfNoClass) {
  const MeanArea two = mean_area_under_roc(std::vector<float>{0.5f, 0.5f, 0.1f, 0.9f}, std::vector<std::int32_t>{1, 1}, 2);
  EXPECT_TRUE(std::isnan(two.mean));
  EXPECT_EQ(two.classes, 0u);
}

TEST(AreaUnderRoc, MacroMeanSkipsClassesThatDoNotOccur) {
  const std::vector<std::int32_t> labels = {0, 1, 0, 1};
  const std::vector<float> p = {0.8f, 0.1f, 0.1f, 0.2f, 0.7f, 0.1f, 0.6f, 0.3f, 0.1f, 0.1f, 0.8f, 0.1f};
  EXPECT_EQ(mean_area_under_roc(p, labels, 3).mean, 1.0);
  EXPECT_EQ(mean_area_under_roc(p, labels, 3).classes, 2u);
  EXPECT_EQ(mean_area_under_roc(std::vector<float>{0.9f, 0.1f, 0.2f, 0.8f}, std::vector<std::int32_t>{0, 1}, 2).classes, 2u);
}

TEST(AreaUnderRoc, MacroMeanOfManyClassesIsTheMeanOfEachAlone) {
  constexpr std::size_t kClasses = 37, kRows = 500;
  const Case c = random_case(kRows * kClasses, 1000, 2);
  std::vector<std::int32_t> labels(kRows);
  for (std::size_t row = 0; row < kRows; ++row) labels[row] = static_cast<std::int32_t>(row * row % kClasses);
  double sum = 0, counted = 0;
  for (std::size_t k = 0; k < kClasses; ++k) {
    Case one;
    for (std::uint32_t row = 0; row < kRows; ++row) {
      one.scores.push_back(c.scores[row * kClasses + k]);
      if (labels[row] == static_cast<std::int32_t>(k)) one.positive.push_back(row);
    }
    if (one.positive.empty()) continue;
    sum += by_ranks(one);
    ++counted;
  }
  EXPECT_LT(counted, kClasses);  // squares: about half of the classes occur
  EXPECT_EQ(mean_area_under_roc(c.scores, labels, kClasses).mean, sum / counted);
}

}  // namespace
}  // namespace chainrule::training
