// The training loop: the same bits however it is run, interrupted or continued; early stopping; divergence.
#include "train/trainer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "train/test_runs.h"

namespace chainrule::training {
namespace {

const TestRows& rows() {
  static const TestRows made(150);
  return made;
}

/// Runs that together use everything a checkpoint must hold.
std::vector<std::pair<std::string, RunSpec>> recipes() {
  std::vector<std::pair<std::string, RunSpec>> all;
  all.emplace_back("classification, adam, dropout", test_run(rows(), true, "adam", 0.2));
  all.emplace_back("regression, momentum, early stopping", test_run(rows(), false, "momentum", 0.1));
  all.back().second.early_stop = 3;
  all.emplace_back("regression, adamw, running mean, plateau", test_run(rows(), false, "adamw"));
  all.back().second.training.ema = 0.9;
  all.back().second.early_stop = 5;
  all.back().second.training.learning_rate_schedule.kind = ScheduleKind::plateau;
  all.back().second.training.learning_rate_schedule.patience = 1;
  all.back().second.training.optimizer.learning_rate = 0.05;
  all.emplace_back("classification, weighted rows, batch norm, cosine", test_run(rows(), true, "nadam", 0.1));
  all.back().second.train = rows().part(true, 0, 110, true);
  all.back().second.network.layers[0].norm = Norm::batch;
  all.back().second.training.learning_rate_schedule.kind = ScheduleKind::cosine;
  all.emplace_back("regression, lbfgs", test_run(rows(), false, "lbfgs"));
  return all;
}

TEST(Trainer, WeightsAreTheSameBitsForAnyEngineAndThreads) {
  for (const auto& [name, run] : recipes()) {
    const std::vector<float> want = trained(run, EngineKind::reference);
    for (int threads : {1, 2, 3})
      EXPECT_EQ(want, trained(run, EngineKind::automatic, threads)) << name << ", " << threads << " threads";
  }
}

TEST(Trainer, StoppedAtAnyStepAndContinuedEndsWithTheSameBits) {
  for (const auto& [name, run] : recipes()) {
    TestTrainer whole(run);
    whole.start_fresh(run);
    whole.trainer->run({});
    const std::uint64_t steps = whole.trainer->progress().step;
    for (std::uint64_t at : {std::uint64_t{1}, steps / 3, steps / 2 + 1, steps - 1}) {
      std::atomic<bool> stop = false;
      Listener listener;
      listener.stop = &stop;
      listener.on_event = [&](const TrainEvent& event) { stop = event.step >= at; };
      TestTrainer first(run), second(run);
      first.start_fresh(run);
      EXPECT_EQ(first.trainer->run(listener), Outcome::interrupted) << name << " at " << at;
      second.trainer->start(first.trainer->snapshot());
      second.trainer->run({});
      EXPECT_EQ(whole.parameters(run), second.parameters(run)) << name << " at " << at;
      EXPECT_EQ(whole.trainer->progress().stopping, second.trainer->progress().stopping) << name;
      EXPECT_EQ(whole.trainer->progress().plateau, second.trainer->progress().plateau) << name;
      EXPECT_EQ(whole.trainer->progress().history.size(), second.trainer->progress().history.size()) << name;
    }
  }
}

TEST(Trainer, ListeningChangesNothing) {
  const RunSpec run = test_run(rows(), true, "adam", 0.2);
  TestTrainer test(run);
  test.start_fresh(run);
  std::size_t events = 0, epochs = 0;
  test.trainer->run({[&](const TrainEvent&) { ++events; }, [&](const Snapshot&) { ++epochs; }, nullptr});
  EXPECT_EQ(test.parameters(run), trained(run));
  EXPECT_EQ(epochs, run.epochs);
  EXPECT_EQ(events, run.epochs * (test.trainer->steps_per_epoch() + 1));
}

TEST(Trainer, EarlyStoppingRestoresTheBestEpoch) {
  RunSpec run = test_run(rows(), false, "adam");
  run.training.optimizer.learning_rate = 0.1;
  run.epochs = 200;
  run.early_stop = 4;
  TestTrainer test(run);
  test.start_fresh(run);
  EXPECT_EQ(test.trainer->run({}), Outcome::early_stop);
  const EarlyStopping& stopping = test.trainer->progress().stopping;
  EXPECT_EQ(stopping.epochs_since_best, 4u);
  const std::vector<float> outputs = predict_part(*test.plan, run.network, run.validation, false);
  EXPECT_EQ(measure(run.network, run.unit, run.validation, outputs, {}).loss, stopping.best_score);
  run.epochs = stopping.best_epoch;
  run.early_stop = 0;
  EXPECT_EQ(test.parameters(run), trained(run)) << "the best weights are those after the best epoch";
}

TEST(Trainer, LossFallsAndTheHistoryTellsIt) {
  RunSpec run = test_run(rows(), true, "adam");
  run.training.optimizer.learning_rate = 0.01;
  run.epochs = 60;
  TestTrainer test(run);
  test.start_fresh(run);
  EXPECT_EQ(test.trainer->run({}), Outcome::epochs);
  const auto& history = test.trainer->progress().history;
  ASSERT_EQ(history.size(), 60u);
  EXPECT_LT(history.back().loss, 0.3 * history.front().loss);
  EXPECT_GT(history.back().validation_score, 0.85);
}

TEST(Trainer, RowsOfWeightZeroDoNotMatter) {
  RunSpec run = test_run(rows(), false, "sgd");
  run.batch = 200;  // one batch: leaving rows out moves no batch border
  run.train = rows().part(false, 0, 110, true);
  double mean = 0;
  for (std::size_t i = 0; i < 110; ++i) mean += run.train.weight(i) / 110;
  std::vector<float> normalized(run.train.samples.weights, run.train.samples.weights + run.train.samples.rows);
  for (float& weight : normalized) weight = static_cast<float>(static_cast<double>(weight) / mean);
  run.train.samples.weights = normalized.data();
  RunSpec without = run;
  without.train.rows.clear();
  for (std::uint32_t r = 0; r < 110; ++r) {
    if (r % 3 != 0) without.train.rows.push_back(r);
  }
  std::vector<float> weights_without(normalized);
  for (float& weight : weights_without) weight *= 73.0f / 110;  // of 110 rows 73 weigh something
  without.train.samples.weights = weights_without.data();
  const std::vector<float> a = trained(run), b = trained(without);
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5);
}

TEST(Batches, ARestOfFewRowsJoinsTheBatchBeforeItUnderBatchNormAlone) {
  NetworkSpec network = test_network(true, 0);
  const TrainingSpec training;
  const auto cut = [&](std::size_t rows, std::size_t batch) { return batch_cut(network, training, rows, batch); };
  EXPECT_EQ(cut(641, 32).steps(), 21u);
  EXPECT_EQ(cut(641, 32).size(20), 1u);
  network.layers[0].norm = Norm::batch;
  for (const std::size_t batch : {2u, 3u, 7u, 32u, 128u, 1000u}) {
    for (std::size_t rows = 2; rows < 1300; ++rows) {
      const data::BatchCut c = cut(rows, batch);
      std::size_t covered = 0, least = rows;
      for (std::size_t i = 0; i < c.steps(); ++i) {
        EXPECT_EQ(c.begin(i), covered);
        covered += c.size(i);
        least = std::min(least, c.size(i));
        EXPECT_LE(c.size(i), c.largest());
      }
      EXPECT_EQ(covered, rows) << batch;
      EXPECT_GE(least, std::min({std::size_t{16}, std::max<std::size_t>(2, (batch + 1) / 2), rows})) << rows << " by " << batch;
      EXPECT_LT(c.largest(), batch + 16);
    }
  }
  EXPECT_EQ(cut(57000, 128).steps(), 446u);  // a rest of 40 rows stays a batch
  TrainingSpec lbfgs;
  lbfgs.optimizer = default_optimizer("lbfgs");
  EXPECT_EQ(batch_cut(network, lbfgs, 641, 32).steps(), 1u);
  EXPECT_EQ(batch_cut(network, lbfgs, 641, 32).largest(), 641u);
}

TEST(Trainer, LbfgsReachesFarLowerLossThanStartedAndFaster) {
  RunSpec run = test_run(rows(), false, "lbfgs");
  run.epochs = 60;
  TestTrainer test(run);
  test.start_fresh(run);
  test.trainer->run({});
  const auto& history = test.trainer->progress().history;
  EXPECT_LT(history.back().loss, 0.02 * history.front().loss);
  for (std::size_t e = 1; e < history.size(); ++e) EXPECT_LE(history[e].loss, history[e - 1].loss) << "epoch " << e;
}

TEST(Divergence, HugeLearningRateIsTracedToLayerUnitAndRowAndWeightsStayFinite) {
  for (bool classes : {true, false}) {
    RunSpec run = test_run(rows(), classes, "sgd");
    run.training.optimizer.learning_rate = 1e9;
    TestTrainer test(run);
    test.start_fresh(run);
    ASSERT_EQ(test.trainer->run({}), Outcome::diverged);
    const Divergence& found = test.trainer->divergence();
    EXPECT_GE(found.step, 2u);
    EXPECT_NE(found.row, Divergence::kNone);
    EXPECT_NE(found.layer, Divergence::kNone);
    EXPECT_NE(found.unit, Divergence::kNone);
    EXPECT_NE(found.place, Divergence::Place::input);
    EXPECT_FALSE(std::isfinite(found.value));
    for (float w : test.parameters(run)) EXPECT_TRUE(std::isfinite(w));
    EXPECT_EQ(test.trainer->progress().step, found.step - 1);
    EXPECT_NE(describe(found, "row 3", "").find("step " + std::to_string(found.step)), std::string::npos);
  }
}

TEST(Divergence, TheStateKeptIsThatBeforeTheFailedStep) {
  RunSpec run = test_run(rows(), false, "sgd");
  run.training.optimizer.learning_rate = 100;
  TestTrainer test(run), again(run);
  test.start_fresh(run);
  ASSERT_EQ(test.trainer->run({}), Outcome::diverged);
  const std::uint64_t failed = test.trainer->divergence().step;
  std::atomic<bool> stop = false;
  Listener listener;
  listener.stop = &stop;
  listener.on_event = [&](const TrainEvent& event) { stop = event.step + 1 >= failed; };
  stop = failed == 1;
  again.start_fresh(run);
  again.trainer->run(listener);
  EXPECT_EQ(test.parameters(run), again.parameters(run));
}

TEST(Divergence, AnInfiniteInputIsNamedByRowAndColumn) {
  TestRows bad(150);
  bad.x[37 * 3 + 2] = std::numeric_limits<float>::infinity();
  const RunSpec run = test_run(bad, true, "adam");
  TestTrainer test(run);
  test.start_fresh(run);
  ASSERT_EQ(test.trainer->run({}), Outcome::diverged);
  const Divergence& found = test.trainer->divergence();
  EXPECT_EQ(found.place, Divergence::Place::input);
  EXPECT_EQ(found.row, 37u);
  EXPECT_EQ(found.input, 2u);
  EXPECT_EQ(found.epoch, 1u);
}

TEST(Divergence, ParametersAreNamedByTensorAndPlace) {
  Divergence named;
  name_parameter(test_network(true), 27 + 9 + 2 * 9 + 4, named);  // behind layers.0.weight [9, 3] and layers.0.bias [9]
  EXPECT_EQ(named.tensor, "layers.1.weight[2,4]");
  EXPECT_EQ(named.layer, 1u);
  EXPECT_EQ(named.unit, 2u);
}

}  // namespace
}  // namespace chainrule::training
