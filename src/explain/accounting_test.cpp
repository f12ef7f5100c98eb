// Accounting: whatever the optimiser, the contributions of rows, penalties and limits add up to the weight's movement.
#include "explain/accounting.h"

#include <gtest/gtest.h>

#include <cmath>

#include "explain/test_data.h"

namespace chainrule::explain {
namespace {

constexpr std::size_t kRows = 48, kBatch = 8;

Replay make_replay(const TestData& data, const NetworkSpec& spec, const TrainingSpec& training, std::size_t steps) {
  Replay replay{spec, training, data.parameters, data.samples, {}};
  for (std::size_t t = 0; t < steps; ++t) {
    ReplayStep& step = replay.steps.emplace_back();
    for (std::size_t i = 0; i < kBatch; ++i) step.rows.push_back(static_cast<std::uint32_t>((t * kBatch + 5 * i) % kRows));
    step.control.step = t + 1;
    const double rate = training.optimizer.learning_rate * (1 - 0.01 * static_cast<double>(t));
    step.control.update = math::update_constants(training.optimizer, t + 1, rate, training.optimizer.weight_decay);
  }
  return replay;
}

std::vector<std::string> every_optimizer() {
  std::vector<std::string> names = optimizer_forms();
  for (const std::string_view name : chainrule::names<Optimizer>()) {
    if (name != "lbfgs") names.emplace_back(name);
  }
  return names;
}

void expect_balance(const Replay& replay, std::size_t at, const std::string& what) {
  const Account a = account(replay, at);
  const double moved = a.end - a.start;
  EXPECT_NE(moved, 0) << what;
  EXPECT_NEAR(a.sum(), moved, 1e-10 * std::abs(moved)) << what << " at " << at;
  // Half a unit in the last place of the weight per step; more would be a step that was not divided rightly.
  const double last_place = 0x1p-53 * std::max(1.0, std::abs(a.end));
  EXPECT_LE(std::abs(a.rounding), 2 * last_place * static_cast<double>(replay.steps.size())) << what << " at " << at;
}

TEST(Accounting, ContributionsAddUpToTheMovementForEveryOptimizer) {
  const NetworkSpec spec = test_spec(Loss::cross_entropy);
  const TestData data(spec, kRows);
  for (const std::string& optimizer : every_optimizer()) {
    TrainingSpec training;
    training.optimizer = default_optimizer(optimizer);
    for (std::size_t at = 0; at < data.parameters.size(); at += 41) expect_balance(make_replay(data, spec, training, 20), at, optimizer);
  }
}

TEST(Accounting, OptionsOfEveryOptimizerAddUpToo) {
  const NetworkSpec spec = test_spec(Loss::squared_error);
  const TestData data(spec, kRows);
  for (const std::string& optimizer : every_optimizer()) {
    TrainingSpec training;
    training.optimizer = default_optimizer(optimizer);
    training.optimizer.weight_decay = 0.02;
    for (const bool decoupled : {false, true}) {
      training.optimizer.decoupled = decoupled;
      training.optimizer.centered = training.optimizer.amsgrad = decoupled;
      if (training.optimizer.kind == Optimizer::rmsprop) training.optimizer.momentum = 0.9;
      expect_balance(make_replay(data, spec, training, 12), 100, optimizer);
    }
  }
}

TEST(Accounting, PenaltiesClippingAndMaxNormAreEntriesOfTheirOwn) {
  NetworkSpec spec = test_spec(Loss::cross_entropy);
  spec.loss.l1 = 1e-3, spec.loss.l2 = 1e-2, spec.loss.max_norm = 0.7;
  const TestData data(spec, kRows);
  for (const std::string optimizer : {"sgd", "momentum:nesterov", "adam", "lion"}) {
    TrainingSpec training;
    training.optimizer = default_optimizer(optimizer);
    training.optimizer.weight_decay = 0.01;
    training.clip_norm = 0.05, training.clip_value = 0.01;
    const Replay replay = make_replay(data, spec, training, 15);
    const std::size_t at = 17;
    const Account a = account(replay, at);
    EXPECT_NEAR(a.sum(), a.end - a.start, 1e-10 * std::abs(a.end - a.start)) << optimizer;
    EXPECT_NE(a.weight_decay, 0);
    EXPECT_NE(a.l1, 0);
    EXPECT_NE(a.l2, 0);
    EXPECT_NE(a.max_norm, 0);
    EXPECT_FALSE(a.exact);
  }
}

TEST(Accounting, MasksNormsAndShardsAddUp) {
  for (const Norm norm : all<Norm>()) {
    for (const DropoutKind kind : all<DropoutKind>()) {
      NetworkSpec spec = test_spec(Loss::cross_entropy);
      spec.layers[0].norm = norm;
      spec.layers[1].dropout = {kind, 0.3};
      spec.input_noise = 0.1;
      const TestData data(spec, kRows);
      TrainingSpec training;
      training.optimizer = default_optimizer("adam");
      training.shards = 4;
      const net::ParameterLayout layout(spec);
      const net::Tensor* middle = layout.find(net::Role::weight, 1);
      ASSERT_NE(middle, nullptr);
      expect_balance(make_replay(data, spec, training, 10), middle->info.offset + 30, std::string(name(norm)) + " " + std::string(name(kind)));
    }
  }
}

TEST(Accounting, ASingleSgdStepGivesEachRowItsOwnGradient) {
  const NetworkSpec spec = test_spec(Loss::cross_entropy);
  const TestData data(spec, kRows);
  TrainingSpec training;
  training.optimizer = default_optimizer("sgd");
  const Replay replay = make_replay(data, spec, training, 1);
  const Account a = account(replay, 70);
  EXPECT_TRUE(a.exact);
  for (const std::uint32_t row : replay.steps[0].rows) {
    EXPECT_EQ(a.visits[row], 1u);
    // A step on this row alone, with its share of the batch's weight, moves the weight by the same.
    Replay alone = replay;
    alone.steps[0].rows = {row};
    const Account b = account(alone, 70);
    EXPECT_NEAR(a.by_row[row], (b.end - b.start) / kBatch, 1e-14);
  }
}

TEST(Accounting, MomentumKeepsPayingRowsOfEarlierSteps) {
  const NetworkSpec spec = test_spec(Loss::squared_error);
  const TestData data(spec, kRows);
  TrainingSpec training;
  training.optimizer = default_optimizer("momentum:heavy_ball");
  Replay replay = make_replay(data, spec, training, 2);
  replay.steps[0].rows = {1, 2};
  replay.steps[1].rows = {3, 4};
  const Account both = account(replay, 70);
  replay.steps.pop_back();
  const Account first = account(replay, 70);
  EXPECT_TRUE(both.exact);
  // The learning rate of the second step is 1 % lower, and momentum 0.9 is left of the first direction.
  EXPECT_NEAR(both.by_row[1], first.by_row[1] * (1 + 0.9 * 0.99), 1e-14);
  EXPECT_NE(both.by_row[3], 0);
  EXPECT_EQ(both.by_row[5], 0);
}

}  // namespace
}  // namespace chainrule::explain
