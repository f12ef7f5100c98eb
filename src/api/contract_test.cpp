// What training sees and what prediction uses agree: whatever the loss, norm, dropout, schedule, optimiser and weights of a run.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "base/counter_rng.h"
#include "chainrule/error.h"
#include "chainrule/model.h"
#include "chainrule/train.h"
#include "model/checkpoint.h"
#include "testing/error_of.h"
#include "testing/own_folder.h"

namespace chainrule {
namespace {

double cell(std::uint32_t row, std::uint32_t element) {
  return static_cast<double>(draw({33, Purpose::subsample, 0, 0, row}, element) >> 8) * 0x1p-24;
}

using Setting = std::pair<std::string, std::string>;

/// A table with a target of every task and two weight columns, one a multiple of the other.
class Contract : public OwnFolder {
 protected:
  static constexpr std::uint32_t kRows = 150;

  void SetUp() override { write("rows.csv", kRows, 1.0 / 37); }

  /// weight: 0.5 to 1.5 times `small`, and the same times 1024 * 37.
  void write(const std::string& name, std::uint32_t rows, double small) const {
    std::ofstream out(path(name));
    out.precision(17);
    out << "a,b,weight,heavy,flat,kind,two,number,count,none\n";
    for (std::uint32_t r = 0; r < rows; ++r) {
      const double a = 2 * cell(r, 0) - 1, b = 2 * cell(r, 1) - 1, s = a * b + 0.7 * a, weight = (0.5 + cell(r, 2)) * small;
      out << a << ',' << b << ',' << weight << ',' << 1024 * 37 * weight << ',' << small << ',' << (s < -0.2 ? "low" : s < 0.3 ? "mid" : "high") << ','
          << (s < 0 ? "no" : "yes") << ',' << 50 + 7 * s << ',' << std::floor(2e5 * std::exp(s)) << ",0\n";
    }
  }

  TrainSettings settings(const std::string& target, const std::vector<Setting>& pairs) const {
    TrainSettings s;
    s.target = target;
    s.hidden = {8, 8};
    s.epochs = 4;
    s.threads = 1;
    s.batch = 32;
    s.out = path("run");
    s.force = true;
    s.read.drop = {"weight", "heavy", "flat", "kind", "two", "number", "count", "none"};
    std::erase(s.read.drop, target);
    for (const auto& [key, text] : pairs) {
      set_train_setting(s, key, text, "test");
      if (key == "weight-column") std::erase(s.read.drop, text);
    }
    return s;
  }

  TrainResult run(const std::string& target, const std::vector<Setting>& pairs, const std::string& file = "rows.csv") const {
    return train(path(file), settings(target, pairs));
  }

  /// Trains on all rows, and measures the kept model on the same rows.
  Metrics evaluated(const std::string& target, const std::vector<Setting>& pairs, const std::string& file = "rows.csv") const {
    run(target, pairs, file);
    Model model = Model::load(path("run"));
    return model.evaluate(model.read(path(file)));
  }

  /// A run's training loss is evaluate()'s, with each of two weight columns, which must not differ either.
  void expect_contract(const std::string& target, std::vector<Setting> pairs) const {
    std::string what = target;
    for (const auto& [key, text] : pairs) what += " --" + key + " " + text;
    pairs.push_back({"validation", "0"});
    const TrainResult plain = run(target, pairs);
    Model model = Model::load(path("run"));
    const Metrics again = model.evaluate(model.read(path("rows.csv")));
    EXPECT_NEAR(plain.train.loss, again.loss, 1e-6 * std::max(1.0, std::abs(again.loss))) << what;
    pairs.push_back({"weight-column", "weight"});
    const TrainResult light = run(target, pairs);
    pairs.back().second = "heavy";
    const TrainResult heavy = run(target, pairs);
    const Metrics weighted = evaluated(target, pairs);
    EXPECT_NEAR(heavy.train.loss, weighted.loss, 1e-6 * std::max(1.0, std::abs(weighted.loss))) << what;
    EXPECT_NEAR(light.train.loss, heavy.train.loss, 2e-4 * std::max(1.0, std::abs(heavy.train.loss))) << what;
    for (std::size_t e = 0; e < light.history.size(); ++e) {
      EXPECT_NEAR(light.history[e].loss, heavy.history[e].loss, 2e-4 * std::max(1.0, std::abs(heavy.history[e].loss))) << what << ", epoch " << e + 1;
    }
  }
};

std::string target_of(Loss loss) {
  if (loss == Loss::cross_entropy || loss == Loss::binary_cross_entropy || loss == Loss::hinge) return "kind";
  return loss == Loss::poisson ? "count" : "number";
}

TEST_F(Contract, HoldsForEveryLossAndNorm) {
  for (const Loss loss : all<Loss>()) {
    for (const Norm norm : all<Norm>()) {
      expect_contract(target_of(loss), {{"loss", std::string(name(loss))}, {"norm", std::string(name(norm))}, {"lr", "0.01"}});
    }
  }
}

TEST_F(Contract, HoldsForEveryDropoutKindAndSchedule) {
  for (const DropoutKind kind : all<DropoutKind>()) {
    for (const ScheduleKind schedule : all<ScheduleKind>()) {
      if (schedule == ScheduleKind::plateau) continue;  // for the learning rate alone
      const std::string activation = kind == DropoutKind::alpha ? "selu" : "tanh";
      const std::string periods = schedule == ScheduleKind::multi_step ? ":milestones=1+2" : "";
      expect_contract("number", {{"dropout", "0.4:" + std::string(name(kind))}, {"activation", activation},
                                 {"dropout-schedule", std::string(name(schedule)) + periods}});
    }
  }
}

TEST_F(Contract, HoldsForEveryOptimiserScheduleAndRunningMean) {
  for (const Optimizer optimizer : all<Optimizer>()) {
    for (const Norm norm : {Norm::none, Norm::batch}) {
      std::vector<Setting> pairs = {{"optimizer", std::string(name(optimizer))}, {"norm", std::string(name(norm))}};
      if (optimizer != Optimizer::lbfgs) pairs.insert(pairs.end(), {{"schedule", "one_cycle"}, {"ema", "0.99"}, {"lr", "0.003"}});
      expect_contract("kind", pairs);
    }
  }
}

// ---- statistics at prediction ----

TEST_F(Contract, EqualWeightsOfAnySizeChangeNothingUnderBatchNorm) {
  const std::vector<Setting> common = {{"norm", "batch"}, {"hidden", "32"}, {"epochs", "15"}, {"lr", "0.01"}, {"early-stop", "0"}};
  std::vector<Setting> weighted = common;
  weighted.push_back({"weight-column", "flat"});
  for (const char* target : {"kind", "number"}) {
    const double without = evaluated(target, common).loss;
    for (const double weight : {0.001, 1.0 / 32, 0.03135, 0.04, 1.0, 30.0}) {
      write("flat.csv", kRows, weight);
      EXPECT_NEAR(evaluated(target, weighted, "flat.csv").loss, without, 1e-3 * without) << target << ", weight " << weight;
    }
  }
}

TEST_F(Contract, LbfgsPredictsWithTheStatisticsOfItsOwnWeights) {
  const std::vector<Setting> pairs = {{"norm", "batch"}, {"optimizer", "lbfgs"}, {"epochs", "20"}, {"validation", "0"}, {"early-stop", "0"}};
  for (const char* target : {"kind", "number"}) {
    const TrainResult result = run(target, pairs);
    // The last epoch's loss is that before its step, so the end lies below it but for the unbiased variance.
    EXPECT_LT(result.train.loss, 1.2 * result.history.back().loss + 0.01) << target;
  }
}

TEST_F(Contract, ScheduledStandardDropoutPredictsWithTheRateOfTheLastStep) {
  for (const char* kind : {"standard", "dropconnect", "inverted"}) {
    for (const char* schedule : {"polynomial", "cosine"}) {
      const std::vector<Setting> pairs = {{"dropout", std::string("0.5:") + kind}, {"dropout-schedule", schedule}, {"hidden", "32,32"},
                                          {"epochs", "60"},  {"lr", "0.003"}, {"early-stop", "0"}, {"validation", "0"}};
      const TrainResult result = run("number", pairs);
      EXPECT_LT(result.train.loss, 1.3 * result.history.back().loss + 0.01) << kind << " " << schedule;
      Model model = Model::load(path("run"));
      EXPECT_NEAR(model.evaluate(model.read(path("rows.csv"))).loss, result.train.loss, 1e-9);
    }
  }
}

TEST_F(Contract, ARunningMeanOfFewStepsHoldsNothingOfTheStart) {
  const std::vector<Setting> common = {{"hidden", "32"}, {"epochs", "30"}, {"lr", "0.01"}, {"early-stop", "0"}};
  const double without = evaluated("kind", common).accuracy;
  for (const char* decay : {"0.999", "0.9999"}) {
    std::vector<Setting> pairs = common;
    pairs.push_back({"ema", decay});
    EXPECT_GT(evaluated("kind", pairs).accuracy, without - 0.1) << decay;
  }
}

TEST_F(Contract, ALastBatchOfFewRowsDoesNotSpoilTheStatistics) {
  const std::vector<Setting> pairs = {{"norm", "batch"}, {"hidden", "32"}, {"epochs", "20"}, {"lr", "0.01"}, {"validation", "0"}, {"early-stop", "0"}};
  write("even.csv", 320, 1);
  const double even = evaluated("two", pairs, "even.csv").loss;
  for (const std::uint32_t rows : {321u, 322u, 324u}) {
    write("odd.csv", rows, 1);
    const TrainResult result = run("two", pairs, "odd.csv");
    EXPECT_EQ(result.steps, 200u);  // ten batches an epoch, the last one of 33 to 36 rows
    EXPECT_LT(result.train.loss, 1.15 * even) << rows << " rows";
  }
}

TEST_F(Contract, BatchNormRefusesBatchesOfOneRow) {
  const auto code = [&](const std::vector<Setting>& pairs) { return error_of([&] { run("kind", pairs); }).code(); };
  EXPECT_EQ(code({{"norm", "batch"}, {"batch", "1"}}), "E0232");
  write("two.csv", 1, 1);
  EXPECT_EQ(error_of([&] { run("number", {{"norm", "batch"}, {"validation", "0"}}, "two.csv"); }).code(), "E0312");
  EXPECT_NO_THROW(run("kind", {{"norm", "batch"}, {"batch", "2"}}));
  EXPECT_NO_THROW(run("kind", {{"norm", "layer"}, {"batch", "1"}}));
}

// ---- the objective ----

TEST_F(Contract, LargeCountsAreLearned) {
  const TrainResult result = run("count", {{"task", "regression"}, {"loss", "poisson"}, {"epochs", "60"}, {"hidden", "32"}, {"lr", "0.005"}});
  EXPECT_GT(result.train.r2, 0.9);
  EXPECT_LT(result.history.front().loss, 2);  // in units of the mean count
}

TEST_F(Contract, RareClassesKeepTheirWeightInSmallBatches) {
  std::ofstream out(path("rare.csv"));
  out << "a,b,kind\n";
  for (std::uint32_t r = 0; r < 1000; ++r) {
    const bool rare = r % 100 == 7;
    out << cell(r, 0) + (rare ? 1.2 : 0) << ',' << cell(r, 1) << ',' << (rare ? "rare" : "usual") << '\n';
  }
  out.close();
  for (const char* seed : {"0", "1", "2"}) {
    TrainSettings s = settings("kind", {{"class-weights", "balanced"}, {"seed", seed}, {"epochs", "30"}, {"lr", "0.003"}, {"validation", "0"}});
    s.read.drop = {};
    const TrainResult small = train(path("rare.csv"), s);
    EXPECT_LT(small.train.loss, 0.05) << seed;
    EXPECT_LT(small.history.back().loss, small.history.front().loss) << seed;
    EXPECT_EQ(small.train.confusion[0][0], 10u) << seed;
  }
}

TEST_F(Contract, WeightTwoIsTheRowTwiceInAWholeRun) {
  std::ofstream once(path("once.csv")), twice(path("twice.csv"));
  once << "a,b,weight,number\n", twice << "a,b,weight,number\n";
  once.precision(17), twice.precision(17);
  for (std::uint32_t r = 0; r < 60; ++r) {
    const double a = cell(r, 0), b = cell(r, 1);
    once << a << ',' << b << ',' << (r % 3 == 0 ? 2 : 1) << ',' << a * b << '\n';
    for (std::uint32_t i = 0; i < (r % 3 == 0 ? 2u : 1u); ++i) twice << a << ',' << b << ",1," << a * b << '\n';
  }
  once.close(), twice.close();
  // Features and target scales are fitted to rows, not to weights, so only what both files share is compared: a loss that falls to the same.
  const auto final_loss = [&](const std::string& file, const char* weights) {
    TrainSettings s = settings("number", {{"batch", "80"}, {"validation", "0"}, {"epochs", "300"}, {"lr", "0.01"}});
    s.read.drop = {};
    s.weight_column = weights;
    return train(path(file), s).train.loss;
  };
  EXPECT_NEAR(final_loss("once.csv", "weight"), final_loss("twice.csv", "weight"), 5e-3);
}

// ---- undefined is undefined ----

TEST_F(Contract, ValidationRowsThatAllWeighNothingAreAnError) {
  std::ofstream out(path("hold.csv"));
  out << "a,b,none,number\n0.5,0.25,0,51\n0.1,0.75,0,49\n";
  out.close();
  TrainSettings s = settings("number", {{"weight-column", "none"}});
  EXPECT_EQ(error_of([&] { train(path("rows.csv"), s); }).code(), "E0327");  // all training rows
  s.validation = path("hold.csv");
  std::ofstream rows(path("some.csv"));
  rows << "a,b,none,number\n";
  for (std::uint32_t r = 0; r < 40; ++r) rows << cell(r, 0) << ',' << cell(r, 1) << ",1," << cell(r, 2) << '\n';
  rows.close();
  s.read.drop = {};
  EXPECT_EQ(error_of([&] { train(path("some.csv"), s); }).code(), "E0353");
}

TEST_F(Contract, AnEpochShowsTheRateOfItsLastStep) {
  const TrainResult steps = run("number", {{"schedule", "step:period=1,factor=0.1"}, {"lr", "1"}, {"optimizer", "sgd"}, {"clip", "0.001"}});
  ASSERT_EQ(steps.history.size(), 4u);
  for (std::size_t e = 0; e < 4; ++e) EXPECT_NEAR(steps.history[e].learning_rate, std::pow(0.1, static_cast<double>(e)), 1e-12);
  const TrainResult cosine = run("number", {{"schedule", "cosine"}, {"lr", "0.01"}});
  EXPECT_GT(cosine.history.back().learning_rate, 0);
  double told = 0;
  TrainHooks hooks;
  hooks.on_event = [&](const TrainEvent& event) { if (event.kind == TrainEvent::Kind::step && event.step == 1) told = event.learning_rate; };
  train(path("rows.csv"), settings("number", {{"schedule", "step:period=1,factor=0.1"}, {"lr", "0.01"}, {"batch", "1000"}}), hooks);
  EXPECT_EQ(told, 0.01);
}

TEST_F(Contract, AModelOfTheHingeLossHasScoresAndNoProbabilities) {
  for (const char* target : {"two", "kind"}) {
    run(target, {{"loss", "hinge"}});
    Model model = Model::load(path("run"));
    const Predictions p = model.predict(model.read(path("rows.csv")));
    EXPECT_TRUE(p.probabilities.empty()) << target;
    EXPECT_EQ(p.scores.size(), p.rows * p.classes.size());
    EXPECT_TRUE(std::isnan(model.evaluate(model.read(path("rows.csv"))).log_loss));
  }
}

TEST_F(Contract, BinaryCrossEntropyOfManyClassesLearnsTheirShares) {
  std::ofstream out(path("shares.csv"));
  out << "a,kind\n";
  for (std::uint32_t r = 0; r < 600; ++r) out << cell(r, 0) << ',' << (r % 10 < 6 ? "x" : r % 10 < 9 ? "y" : "z") << '\n';
  out.close();
  TrainSettings s = settings("kind", {{"loss", "binary_cross_entropy"}, {"hidden", "4"}, {"epochs", "60"}, {"lr", "0.01"}, {"validation", "0"}});
  s.read.drop = {};
  train(path("shares.csv"), s);
  Model model = Model::load(s.out);
  const Predictions p = model.predict(model.read(path("shares.csv")));
  double mean[3] = {0, 0, 0};
  for (std::size_t i = 0; i < p.probabilities.size(); ++i) mean[i % 3] += static_cast<double>(p.probabilities[i]) / 600;
  EXPECT_NEAR(mean[0], 0.6, 0.04);
  EXPECT_NEAR(mean[1], 0.3, 0.04);
  EXPECT_NEAR(mean[2], 0.1, 0.04);
}

// ---- runs of an earlier release ----

TEST_F(Contract, ACheckpointOfTheFirstArithmeticIsContinuedOnlyWhereNothingHasChanged) {
  const auto code = [&](std::vector<Setting> pairs) {
    pairs.push_back({"checkpoint-every", "1"});
    run("number", pairs);
    model::Checkpoint checkpoint = model::load_newest_checkpoint(path("run")).checkpoint;
    const std::string mark = "\"arithmetic\":2,";
    const std::size_t at = checkpoint.trainer_state.find(mark);
    EXPECT_NE(at, std::string::npos);
    EXPECT_NO_THROW(resume(path("run")));
    checkpoint.trainer_state.erase(at, mark.size());  // as release 0.1 wrote it
    model::save_checkpoint(path("run"), checkpoint);
    return error_of([&] { resume(path("run")); }).code();
  };
  EXPECT_EQ(code({}), "none");
  EXPECT_EQ(code({{"dropout", "0.3"}, {"dropout-schedule", "cosine"}}), "none");
  EXPECT_EQ(code({{"norm", "batch"}, {"batch", "16"}, {"validation", "0"}, {"epochs", "2"}}), "E0234");  // a rest of 6 of 150 rows
  EXPECT_EQ(code({{"norm", "batch"}, {"batch", "30"}, {"validation", "0"}}), "none");
  EXPECT_EQ(code({{"weight-column", "weight"}}), "E0234");
  EXPECT_EQ(code({{"ema", "0.9"}}), "E0234");
  EXPECT_EQ(code({{"norm", "batch"}, {"optimizer", "lbfgs"}}), "E0234");
  EXPECT_EQ(code({{"dropout", "0.3:standard"}, {"dropout-schedule", "cosine"}}), "E0234");
  EXPECT_EQ(code({{"schedule", "cosine_restarts:period=0.2"}}), "E0234");
  EXPECT_EQ(code({{"schedule", "cosine_restarts:period=2"}}), "none");
}

}  // namespace
}  // namespace chainrule
