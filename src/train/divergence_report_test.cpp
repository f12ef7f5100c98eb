// What is told about a divergence is what happened: norms of the real steps, and cures that hold when tried for real.
#include "train/divergence_report.h"

#include <gtest/gtest.h>

#include <cmath>

#include "train/test_runs.h"

namespace chainrule::training {
namespace {

RunSpec exploding_run(const TestRows& rows) {
  RunSpec run = test_run(rows, false, "sgd");
  for (LayerSpec& layer : run.network.layers) layer.activation = Activation::identity;
  run.training.optimizer.learning_rate = 2;
  run.epochs = 60;
  return run;
}

std::vector<float> start_of(const RunSpec& run) { return net::initial_parameters(run.network, run.training.seed); }

struct Diverged {
  RunSpec run;
  TestTrainer test;
  Outcome outcome;
  DivergenceReport report;

  explicit Diverged(RunSpec run_) : run(std::move(run_)), test(run) {
    test.start_fresh(run);
    outcome = test.trainer->run({});
    if (outcome == Outcome::diverged) {
      examine_divergence(run, test.trainer->replay_start(), start_of(run), test.trainer->divergence().step, report);
    }
  }
};

TEST(DivergenceReport, NormsLeadUpToTheFailedStep) {
  const TestRows rows(150);
  const Diverged diverged(exploding_run(rows));
  ASSERT_EQ(diverged.outcome, Outcome::diverged);
  const std::vector<DivergenceStep>& steps = diverged.report.steps;
  ASSERT_GT(steps.size(), 2u);
  EXPECT_EQ(steps.back().step, diverged.test.trainer->divergence().step);
  for (std::size_t i = 1; i < steps.size(); ++i) EXPECT_EQ(steps[i].step, steps[i - 1].step + 1);
  EXPECT_GT(steps.back().parameter_norm, 10 * steps.front().parameter_norm);
  for (const DivergenceStep& step : steps) {
    double squares = 0;
    for (const double norm : step.weights) squares += norm * norm;
    EXPECT_LE(squares, step.parameter_norm * step.parameter_norm * (1 + 1e-12));
    EXPECT_EQ(step.activations.size(), diverged.run.network.layers.size());
  }
  EXPECT_EQ(steps.front().step, 1u) << "a run that fails early is seen from its first step";
}

/// The run with the cure's setting, for the steps it was tried for.
bool holds(RunSpec run, const DivergenceReport& report, const DivergenceCure& cure) {
  if (cure.setting == "--clip 1") run.training.clip_norm = 1;
  else if (cure.setting == "--optimizer adamw") run.training.optimizer = default_optimizer("adamw");
  else run.training.optimizer.learning_rate = std::stod(cure.setting.substr(5));
  const std::uint64_t steps = run.train.size() / run.batch + (run.train.size() % run.batch != 0);
  run.epochs = std::max<std::uint64_t>(1, report.tried_to / steps);
  TestTrainer again(run);
  again.start_fresh(run);
  if (again.trainer->run({}) == Outcome::diverged) return false;
  return again.trainer->progress().history.back().loss <= 2 * again.trainer->progress().history.front().loss;
}

TEST(DivergenceReport, WhatSurvivesOnTheCopySurvivesInARunOfItsOwn) {
  const TestRows rows(150);
  for (const double rate : {2.0, 50.0, 1e6}) {
    RunSpec run = exploding_run(rows);
    run.training.optimizer.learning_rate = rate;
    const Diverged diverged(run);
    ASSERT_EQ(diverged.outcome, Outcome::diverged) << rate;
    std::size_t survivors = 0;
    for (const DivergenceCure& cure : diverged.report.cures) {
      if (!cure.survived) continue;
      EXPECT_TRUE(holds(diverged.run, diverged.report, cure)) << rate << ": " << cure.change;
      ++survivors;
    }
    EXPECT_GT(survivors, 0u) << "the rate is lowered by tens until one holds: " << rate;
  }
}

TEST(DivergenceReport, ALateDivergenceIsSeenAcrossTheEndOfAnEpoch) {
  TestRows rows(150);
  RunSpec run = test_run(rows, false, "sgd");
  run.training.optimizer.learning_rate = 0.05;
  run.training.learning_rate_schedule.kind = ScheduleKind::multi_step;
  run.training.learning_rate_schedule.milestones = {3};
  run.training.learning_rate_schedule.factor = 1e6;
  const Diverged diverged(run);
  ASSERT_EQ(diverged.outcome, Outcome::diverged);
  EXPECT_GT(diverged.test.trainer->divergence().epoch, 3u);
  EXPECT_LT(diverged.report.steps.front().epoch, diverged.report.steps.back().epoch);
}

}  // namespace
}  // namespace chainrule::training
