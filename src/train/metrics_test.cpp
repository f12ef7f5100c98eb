// Metrics against hand-made and brute-force answers.
#include "train/metrics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace chainrule::training {
namespace {

NetworkSpec classifier(std::size_t classes) {
  NetworkSpec spec;
  spec.inputs = 1;
  spec.layers.resize(1);
  spec.layers[0].units = classes;
  spec.layers[0].activation = Activation::identity;
  spec.loss.kind = Loss::cross_entropy;
  return spec;
}

DataPart part_of(std::span<const std::int32_t> labels, const float* weights = nullptr) {
  DataPart part;
  part.samples.labels = labels.data();
  part.samples.weights = weights;
  part.samples.rows = labels.size();
  for (std::uint32_t r = 0; r < labels.size(); ++r) part.rows.push_back(r);
  return part;
}

double brute_force_auc(const std::vector<float>& scores, const std::vector<bool>& positive) {
  double wins = 0, pairs = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    for (std::size_t j = 0; j < scores.size(); ++j) {
      if (!positive[i] || positive[j]) continue;
      wins += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
      ++pairs;
    }
  }
  return wins / pairs;
}

TEST(Metrics, AucWithTiesEqualsCountingAllPairs) {
  std::vector<float> scores;
  std::vector<bool> positive;
  std::uint32_t state = 7;
  for (int i = 0; i < 200; ++i) {
    state = state * 1664525u + 1013904223u;
    scores.push_back(static_cast<float>(state >> 28));  // 16 values only: many ties
    positive.push_back((state >> 12 & 3) == 0);
  }
  EXPECT_NEAR(area_under_roc(scores, positive), brute_force_auc(scores, positive), 1e-12);
}

TEST(Metrics, AucIsHalfWhenOneSideIsAbsentOrNothingIsOrdered) {
  EXPECT_EQ(area_under_roc(std::vector<float>{1, 2}, {true, true}), 0.5);
  EXPECT_EQ(area_under_roc(std::vector<float>{1, NAN}, {true, false}), 0.5);
  EXPECT_EQ(area_under_roc(std::vector<float>{3, 3, 3}, {true, false, true}), 0.5);
}

TEST(Metrics, MacroAucSkipsClassesThatDoNotOccur) {
  const std::vector<std::int32_t> labels = {0, 1, 0, 1};
  const std::vector<float> p = {0.8f, 0.1f, 0.1f, 0.2f, 0.7f, 0.1f, 0.6f, 0.3f, 0.1f, 0.1f, 0.8f, 0.1f};
  EXPECT_EQ(mean_area_under_roc(p, labels, 3), 1.0);
}

TEST(Metrics, ConfusionCountsTrueClassByPredictedClass) {
  const std::vector<std::int32_t> labels = {0, 0, 1, 2};
  const std::vector<float> z = {2, 0, 0, 0, 2, 0, 0, 2, 0, 0, 0, 2};
  const TargetUnit unit{true, {"a", "b", "c"}, 0, 1};
  const Metrics m = measure(classifier(3), unit, part_of(labels), z, {});
  EXPECT_EQ(m.confusion, (std::vector<std::vector<std::size_t>>{{1, 1, 0}, {0, 1, 0}, {0, 0, 1}}));
  EXPECT_EQ(m.accuracy, 0.75);
  const double right = std::log(std::exp(2.0) + 2) - 2, wrong = std::log(std::exp(2.0) + 2);
  EXPECT_NEAR(m.log_loss, (3 * right + wrong) / 4, 1e-6);
  EXPECT_NEAR(m.loss, m.log_loss, 1e-6);
}

TEST(Metrics, WeightTwoIsTheRowTwiceAndWeightZeroItsAbsence) {
  const std::vector<std::int32_t> labels = {0, 1, 1}, twice = {0, 0, 1};
  const std::vector<float> z = {1, -1, 0.5f, 2, 3, 0}, z_twice = {1, -1, 1, -1, 0.5f, 2};
  const std::vector<float> weights = {2, 1, 0};
  const TargetUnit unit{true, {"a", "b"}, 0, 1};
  const double weighted = measure(classifier(2), unit, part_of(labels, weights.data()), z, {}).loss;
  EXPECT_NEAR(weighted, measure(classifier(2), unit, part_of(twice), z_twice, {}).loss, 1e-15);
}

TEST(Metrics, RegressionIsMeasuredInTheUnitOfTheTarget) {
  NetworkSpec spec = classifier(1);
  spec.loss.kind = Loss::squared_error;
  const std::vector<float> y = {0, 1, 2}, z = {0, 1, 1};
  DataPart part;
  part.samples.y = y.data();
  part.samples.targets = 1;
  part.samples.rows = 3;
  part.rows = {0, 1, 2};
  const Metrics m = measure(spec, {false, {}, 100, 10}, part, z, {});
  EXPECT_NEAR(m.loss, 1.0 / 3, 1e-7);
  EXPECT_NEAR(m.rmse, 10 * std::sqrt(1.0 / 3), 1e-5);
  EXPECT_NEAR(m.mae, 10.0 / 3, 1e-5);
  EXPECT_NEAR(m.r2, 0.5, 1e-6);
}

TEST(Metrics, ProbabilitiesOfOneOutputAreAPairThatSumsToOne) {
  NetworkSpec spec = classifier(1);
  spec.loss.kind = Loss::binary_cross_entropy;
  const std::vector<float> p = class_probabilities(spec, std::vector<float>{0, 3, -90}, 3, 2);
  EXPECT_EQ(p[0], 0.5f);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(p[2 * i] + p[2 * i + 1], 1, 1e-6);
  EXPECT_GT(p[5], 0);
}

TEST(Metrics, EveryLossGivesAFiniteMeanOnPlainRows) {
  for (Loss kind : all<Loss>()) {
    NetworkSpec spec = classifier(2);
    spec.loss.kind = kind;
    const std::vector<float> y = {1, 0, 0, 1}, z = {0.5f, -0.25f, 1, 0.75f};
    DataPart part;
    part.samples.y = y.data();
    part.samples.targets = kind == Loss::gaussian_nll ? 1 : 2;
    part.rows = {0, 1};
    const Metrics m = measure(spec, {false, {}, 0, 1}, part, z, {});
    EXPECT_TRUE(std::isfinite(m.loss)) << name(kind);
    EXPECT_NE(m.loss, 0) << name(kind);
  }
}

TEST(Metrics, PenaltyCountsWeightsAndLeavesBiasesOut) {
  NetworkSpec spec = classifier(2);
  spec.loss.l1 = 0.5;
  spec.loss.l2 = 2;
  const std::vector<float> parameters = {3, -1, 100, 100};  // weight [2, 1], bias [2]
  EXPECT_DOUBLE_EQ(penalty(spec, parameters), 0.5 * 4 + 10);
}

}  // namespace
}  // namespace chainrule::training
