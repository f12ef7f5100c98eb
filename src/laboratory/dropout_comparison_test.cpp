// Tests of the dropout laboratory: masks hold their rates, calibration has known values, threads change nothing.
#include "laboratory/dropout_comparison.h"

#include <gtest/gtest.h>

#include "chainrule/error.h"
#include "laboratory/calibration.h"
#include "laboratory/data_race.h"
#include "laboratory/mask_check.h"
#include "net/initial_parameters.h"
#include "testing/error_of.h"
#include "train/test_runs.h"

namespace chainrule::laboratory {
namespace {

TrainingSubject subject_of(const training::TestRows& rows, bool classes, std::uint64_t seed) {
  const training::RunSpec run = training::test_run(rows, classes, "adam");
  TrainingSubject subject;
  subject.network = run.network;
  subject.training = run.training;
  subject.training.seed = seed;
  subject.unit = run.unit;
  subject.train = run.train;
  subject.validation = run.validation;
  subject.start = net::initial_parameters(run.network, seed);
  subject.batch = 16;
  subject.epochs = 6;
  subject.early_stop = 3;
  return subject;
}

TEST(Masks, EveryKindHoldsItsRateInEveryLayer) {
  for (const DropoutKind kind : all<DropoutKind>()) {
    for (const double rate : {0.05, 0.3, 0.9}) {
      for (const std::size_t layer : {0u, 2u}) {
        const MaskCheck check = check_masks({{kind, rate}, layer, 80, 300, 5, 1e-6});
        EXPECT_TRUE(check.holds) << name(kind) << " " << rate << " layer " << layer << ": " << check.measured;
        EXPECT_GE(check.draws, 32768u);
        EXPECT_LT(check.high - check.low, 0.3);
        EXPECT_FALSE(check.sample.empty());
      }
    }
  }
}

TEST(Masks, AWrongRateIsSeen) {
  MaskCheck check = check_masks({{DropoutKind::inverted, 0.31}, 0, 80, 300, 5, 1e-6});
  EXPECT_FALSE(check.low <= 0.7 && 0.7 <= check.high);
}

TEST(Masks, LayersAndSeedsDrawTheirOwn) {
  const MaskCheck a = check_masks({{DropoutKind::inverted, 0.5}, 0, 8, 32, 5}),
                  b = check_masks({{DropoutKind::inverted, 0.5}, 1, 8, 32, 5});
  const MaskCheck c = check_masks({{DropoutKind::inverted, 0.5}, 0, 8, 32, 6}),
                  again = check_masks({{DropoutKind::inverted, 0.5}, 0, 8, 32, 5});
  EXPECT_NE(a.sample, b.sample);
  EXPECT_NE(a.sample, c.sample);
  EXPECT_EQ(a.sample, again.sample);
}

TEST(Calibration, KnownValues) {
  // Four rows at 0.8, three of them right: |0.75 - 0.8|.
  const std::vector<float> p = {0.8f, 0.2f, 0.8f, 0.2f, 0.8f, 0.2f, 0.8f, 0.2f};
  EXPECT_NEAR(calibration_error(p, std::vector<std::int32_t>{0, 0, 0, 1}, 2), 0.05, 1e-6);
  EXPECT_NEAR(calibration_error(p, std::vector<std::int32_t>{1, 1, 1, 1}, 2), 0.8, 1e-6);
  EXPECT_NEAR(calibration_error(std::vector<float>{1, 0}, std::vector<std::int32_t>{0}, 2), 0, 1e-9);
}

TEST(Calibration, CoverageIsNearItsNameForAModestNetwork) {
  const training::TestRows rows(150);
  TrainingSubject subject = subject_of(rows, false, 3);
  subject.epochs = 2;
  TrainedSubject trained(subject);
  const double rmse = trained.measure(subject.train).rmse;
  EXPECT_NEAR(interval_coverage(trained, subject, subject.train, rmse, 0), 0.9, 0.1);
  EXPECT_EQ(interval_coverage(trained, subject, subject.train, 1e6, 0), 1);
}

DropoutComparison comparison(bool classes, int threads) {
  static const training::TestRows rows(150);
  DropoutExperiment experiment;
  for (std::uint64_t seed = 0; seed < 4; ++seed) experiment.subjects.push_back(subject_of(rows, classes, seed));
  DropoutSettings settings;
  settings.kinds = {DropoutKind::inverted, DropoutKind::gaussian, DropoutKind::dropconnect};
  settings.rates = {0.1, 0.4};
  settings.samples = 5;
  settings.threads = threads;
  return compare_dropout(experiment, settings, {});
}

TEST(DropoutComparison, SameBitsForAnyNumberOfThreads) {
  for (const bool classes : {true, false}) {
    const DropoutComparison one = comparison(classes, 1), three = comparison(classes, 3);
    ASSERT_EQ(one.rows.size(), 7u);
    for (std::size_t i = 0; i < one.rows.size(); ++i) {
      EXPECT_EQ(one.rows[i].validation_loss.mean, three.rows[i].validation_loss.mean);
      EXPECT_EQ(one.rows[i].calibration.mean, three.rows[i].calibration.mean);
      EXPECT_EQ(one.rows[i].adjusted_p, three.rows[i].adjusted_p);
    }
    EXPECT_EQ(one.recommendation, three.recommendation);
  }
}

TEST(DropoutComparison, NoDropoutIsTheFirstRowAndDiffersByNothing) {
  const DropoutComparison result = comparison(true, 2);
  EXPECT_EQ(result.rows[0].dropout.rate, 0);
  EXPECT_EQ(result.rows[0].difference.mean, 0);
  EXPECT_EQ(result.masks.size(), 6u * 2);
  for (const DropoutRow& row : result.rows) EXPECT_NEAR(row.gap.mean, row.validation_loss.mean - row.train_loss.mean, 1e-12);
}

TEST(DropoutComparison, BadRatesAndImpossibleKindsAreErrors) {
  const training::TestRows rows(150);
  const DropoutExperiment experiment{{subject_of(rows, true, 0), subject_of(rows, true, 1)}, 0};
  const auto code = [&](DropoutKind kind, double rate) { return error_of([&] { compare_dropout(experiment, {{kind}, {rate}}, {}); }).code(); };
  EXPECT_EQ(code(DropoutKind::inverted, 1), "E0204");
  EXPECT_EQ(code(DropoutKind::inverted, 0), "E0204");
  EXPECT_EQ(code(DropoutKind::alpha, 0.1), "E0206");
  EXPECT_EQ(possible_kinds(experiment.subjects[0].network).size(), all<DropoutKind>().size() - 1);
}

TEST(DataRace, TrainsAllLanesOnTheSameStartAndIsIndependentOfThreads) {
  const training::TestRows rows(150);
  DataExperiment experiment;
  for (std::uint64_t seed = 0; seed < 3; ++seed) experiment.racing.push_back(subject_of(rows, true, seed));
  experiment.tuning.push_back(subject_of(rows, true, 9));
  experiment.names = {"sgd", "adam", "lion"};
  for (const std::string& name : experiment.names) experiment.optimizers.push_back(default_optimizer(name));
  RaceSettings settings;
  settings.optimizers = experiment.names;
  settings.seeds = 3;
  settings.tuning_seeds = 1;
  settings.trials = 5;
  std::vector<Race> races;
  for (const int threads : {1, 4}) {
    settings.threads = threads;
    races.push_back(hold_race(data_contest("rows", experiment), settings, {}));
  }
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(races[0].lanes[i].scores, races[1].lanes[i].scores);
    EXPECT_EQ(races[0].lanes[i].curve[0].mean, races[0].lanes[0].curve[0].mean);
    EXPECT_EQ(races[0].lanes[i].curve.size(), 7u);
  }
  experiment.optimizers.push_back(default_optimizer("lbfgs"));
  EXPECT_THROW(data_contest("rows", experiment), Error);
}

TEST(Runs, AStopThrowsAndTheLowestFailureIsToldFirst) {
  std::atomic<bool> stop{true};
  LaboratoryWatch watch;
  watch.stop = &stop;
  RaceSettings settings;
  settings.threads = 2;
  EXPECT_THROW(hold_race(surface_contest("valley", settings), settings, watch), Error);
}

}  // namespace
}  // namespace chainrule::laboratory
