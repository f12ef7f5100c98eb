// Metrics against hand-made and brute-force answers.
#include "train/metrics.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>

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

// As many outputs as classes; row i is predicted as guesses[i].
Metrics measured(std::size_t classes, const std::vector<std::int32_t>& labels, const std::vector<std::size_t>& guesses) {
  TargetUnit unit{true, {}, 0, 1};
  for (std::size_t c = 0; c < classes; ++c) unit.classes.push_back(std::to_string(c));
  std::vector<float> z(labels.size() * classes, 0.0f);
  for (std::size_t i = 0; i < guesses.size(); ++i) z[i * classes + guesses[i]] = 3;
  return measure(classifier(classes), unit, part_of(labels), z, {});
}

TEST(Metrics, ConfusionOfManyClassesIsKeptAsThePairsThatOccur) {
  const std::vector<std::int32_t> labels = {200, 3, 200, 3, 3, 7};
  const std::vector<std::size_t> guesses = {0, 3, 0, 200, 3, 7};
  const Metrics many = measured(kMostClassesOfMatrix + 1, labels, guesses);
  EXPECT_TRUE(many.confusion.empty());
  const std::vector<std::array<std::size_t, 3>> expected = {{3, 3, 2}, {3, 200, 1}, {7, 7, 1}, {200, 0, 2}};
  ASSERT_EQ(many.confusion_counts.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const ConfusionCount& cell = many.confusion_counts[i];
    EXPECT_EQ((std::array<std::size_t, 3>{cell.truth, cell.predicted, cell.rows}), expected[i]);
  }
  EXPECT_EQ(many.accuracy, 0.5);
}

TEST(Metrics, ConfusionOfTwoHundredClassesIsStillAMatrix) {
  const Metrics m = measured(kMostClassesOfMatrix, {199, 0}, {1, 0});
  EXPECT_TRUE(m.confusion_counts.empty());
  ASSERT_EQ(m.confusion.size(), kMostClassesOfMatrix);
  EXPECT_EQ(m.confusion[199][1], 1u);
  EXPECT_EQ(m.confusion[0][0], 1u);
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
  const std::vector<float> p = class_scores(spec, std::vector<float>{0, 3, -90}, 3, 2);
  EXPECT_EQ(p[0], 0.5f);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(p[2 * i] + p[2 * i + 1], 1, 1e-6);
  EXPECT_GT(p[5], 0);
}

NetworkSpec outputs_of(Loss loss, std::size_t units) {
  NetworkSpec spec = classifier(units);
  spec.loss.kind = loss;
  return spec;
}

struct Numbers {
  std::vector<float> y, z;
  DataPart part() const {
    DataPart part;
    part.samples.y = y.data();
    part.samples.targets = 1;
    part.samples.rows = y.size();
    for (std::uint32_t r = 0; r < y.size(); ++r) part.rows.push_back(r);
    return part;
  }
};

TEST(Metrics, TargetsOfAnyOffsetAndSizeAreMeasuredAndPredictedWithoutLoss) {
  const Numbers n{{-1, 0, 1, 2}, {-0.9f, 0.1f, 0.8f, 2.2f}};
  const NetworkSpec spec = outputs_of(Loss::squared_error, 1);
  const Metrics plain = measure(spec, {false, {}, 0, 1}, n.part(), n.z, {});
  for (const double center : {0.0, 1.7e9, -2.46e6, 1e300}) {
    for (const double scale : {1e-46, 1e-300, 3.0, 100.0, 1e299}) {
      const TargetUnit unit{false, {}, center, scale};
      const Metrics m = measure(spec, unit, n.part(), n.z, {});
      EXPECT_NEAR(m.rmse / scale, plain.rmse, 1e-12 * plain.rmse) << center << " " << scale;
      EXPECT_NEAR(m.mae / scale, plain.mae, 1e-12 * plain.mae);
      EXPECT_EQ(m.r2, plain.r2);
      const std::vector<double> values = target_predictions(spec, unit, n.z, 4);
      for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(values[i], static_cast<double>(n.z[i]) * scale + center);
    }
  }
}

TEST(Metrics, R2OfEqualTruthsIsUndefinedWhateverTheirValue) {
  for (const float truth : {7.0f, 0.1f, 0.3f, 1.0f / 3, 123456.789f}) {
    for (const std::size_t rows : {1u, 3u, 7u, 10u}) {
      const Numbers n{std::vector<float>(rows, truth), std::vector<float>(rows, 0.5f)};
      const Metrics m = measure(outputs_of(Loss::squared_error, 1), {false, {}, 5, 3}, n.part(), n.z, {});
      EXPECT_TRUE(std::isnan(m.r2)) << truth << ", " << rows << " rows";
      EXPECT_TRUE(std::isfinite(m.rmse));
    }
  }
}

TEST(Metrics, LossOfRowsThatAllWeighNothingIsUndefined) {
  const std::vector<std::int32_t> labels = {0, 1};
  const std::vector<float> z = {1, 0, 0, 1}, weights = {0, 0};
  const Metrics m = measure(classifier(2), {true, {"a", "b"}, 0, 1}, part_of(labels, weights.data()), z, {});
  EXPECT_TRUE(std::isnan(m.loss));
  EXPECT_EQ(m.accuracy, 1);
}

TEST(Metrics, BinaryCrossEntropyOfManyClassesIsReadAsSigmoidsThatSumToOne) {
  const NetworkSpec spec = outputs_of(Loss::binary_cross_entropy, 3);
  const auto logit = [](double p) { return static_cast<float>(std::log(p / (1 - p))); };
  const std::vector<float> shares = class_scores(spec, std::vector<float>{logit(0.593), logit(0.301), logit(0.106)}, 1, 3);
  EXPECT_NEAR(shares[0], 0.593, 1e-6);
  EXPECT_NEAR(shares[1], 0.301, 1e-6);
  EXPECT_NEAR(shares[2], 0.106, 1e-6);
  const std::vector<float> small = class_scores(spec, std::vector<float>{-200, -201, -500}, 1, 3);  // every sigmoid is 0 in fp32
  EXPECT_NEAR(small[0], 1 / (1 + std::exp(-1.0)), 1e-6);
  EXPECT_NEAR(small[0] + small[1] + small[2], 1, 1e-6);
}

TEST(Metrics, HingeGivesMarginsAndNoLogLoss) {
  const NetworkSpec spec = outputs_of(Loss::hinge, 3);
  EXPECT_FALSE(has_probabilities(spec));
  EXPECT_EQ(class_scores(spec, std::vector<float>{-0.5f, 2, 0.25f}, 1, 3), (std::vector<float>{-0.5f, 2, 0.25f}));
  EXPECT_EQ(class_scores(outputs_of(Loss::hinge, 1), std::vector<float>{0.75f}, 1, 2), (std::vector<float>{-0.75f, 0.75f}));
  const Numbers n{{0, 1, 1}, {-1, 0.5f, -0.25f}};
  const Metrics m = measure(outputs_of(Loss::hinge, 1), {true, {"a", "b"}, 0, 1}, n.part(), n.z, {});
  EXPECT_TRUE(std::isnan(m.log_loss));
  EXPECT_EQ(m.auc, 1);
  EXPECT_NEAR(m.accuracy, 2.0 / 3, 1e-12);
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
