// Whole runs on small files: the same digest however run, kept, continued, refused.
#include "chainrule/train.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "base/counter_rng.h"
#include "chainrule/error.h"
#include "chainrule/model.h"
#include "testing/error_of.h"
#include "testing/own_folder.h"

namespace chainrule {
namespace {

namespace fs = std::filesystem;

double uniform(std::uint32_t row, std::uint32_t element) {
  return static_cast<double>(draw({21, Purpose::subsample, 0, 0, row}, element) >> 8) * 0x1p-23 - 1;
}

/// A folder of its own for each test, with two small tables.
class TrainFiles : public OwnFolder {
 protected:
  void SetUp() override {
    write("kinds.csv", true, 240);
    write("prices.csv", false, 240);
  }

  void write(const std::string& name, bool classes, std::uint32_t rows) const {
    std::ofstream out(path(name));
    out << "x,y,colour,weight," << (classes ? "kind" : "price") << '\n';
    for (std::uint32_t r = 0; r < rows; ++r) {
      const double x = uniform(r, 0), y = uniform(r, 1), s = x * y + 0.5 * x;
      out << x << ',' << y << ',' << (r % 3 == 0 ? "red" : "blue") << ',' << r % 4 << ',';
      classes ? out << (s < -0.1 ? "low" : s < 0.2 ? "mid" : "high") : out << 1000 + 300 * s;
      out << '\n';
    }
  }

  TrainSettings settings(const std::string& target, const std::string& out) const {
    TrainSettings s;
    s.target = target;
    s.hidden = {12, 10};
    s.epochs = 6;
    s.threads = 1;
    s.out = path(out);
    s.force = true;  // many tests train in one folder, one run after the other
    return s;
  }
};

void set(TrainSettings& settings, std::initializer_list<std::pair<const char*, const char*>> pairs) {
  for (const auto& [key, text] : pairs) set_train_setting(settings, key, text, "test");
}

TEST_F(TrainFiles, InterruptedAnywhereAndResumedGivesTheDigestOfTheWholeRun) {
  const std::vector<std::pair<std::string, std::vector<std::pair<std::string, std::string>>>> recipes = {
      {"kind",
       {{"dropout", "0.2"},
        {"optimizer", "adam"},
        {"class-weights", "balanced"},
        {"weight-column", "weight"},
        {"early-stop", "2"}}},
      {"price",
       {{"dropout", "0.1"},
        {"optimizer", "momentum:nesterov"},
        {"ema", "0.9"},
        {"schedule", "plateau:patience=0"},
        {"norm", "batch"}}},
      {"kind", {{"precision", "bf16"}, {"optimizer", "adam"}, {"ema", "0.9"}, {"max-norm", "2"}}},
      {"price", {{"optimizer", "lbfgs"}}}};
  for (const auto& [target, pairs] : recipes) {
    TrainSettings s = settings(target, "whole");
    for (const auto& [key, text] : pairs) set_train_setting(s, key, text, "test");
    const std::string data = path(target == "kind" ? "kinds.csv" : "prices.csv");
    const TrainResult whole = train(data, s);
    for (std::uint64_t at : {std::uint64_t{1}, whole.steps / 2, whole.steps - 1}) {
      std::atomic<bool> stop = false;
      const TrainHooks hooks{
          [&](const TrainEvent& event) { stop = stop || (event.kind == TrainEvent::Kind::step && event.step >= at); },
          &stop};
      s.out = path("cut" + std::to_string(at) + target);
      const TrainResult cut = train(data, s, hooks);
      EXPECT_TRUE(cut.interrupted) << target;
      EXPECT_EQ(cut.stop_reason, "interrupted");
      EXPECT_NO_THROW(Model::load(cut.model)) << "an interrupted run leaves a usable model";
      const TrainResult resumed = resume(s.out);
      EXPECT_EQ(resumed.digest, whole.digest) << target << " interrupted at step " << at;
      EXPECT_EQ(resumed.history.size(), whole.history.size());
      EXPECT_EQ(resumed.validation.loss, whole.validation.loss);
    }
  }
}

std::string bytes_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_F(TrainFiles, ResumingAFinishedRunTrainsNothingAndWritesNothing) {
  for (const char* every : {"auto", "1"}) {
    TrainSettings s = settings("kind", "done");
    set(s, {{"checkpoint-every", every}, {"epochs", "6"}});
    const TrainResult whole = train(path("kinds.csv"), s);
    const std::string before = bytes_of(whole.model);
    std::uint64_t steps = 0;
    const TrainResult again = resume(s.out, {[&](const TrainEvent& event) { steps += event.kind == TrainEvent::Kind::step; }, nullptr});
    EXPECT_EQ(again.digest, whole.digest);
    EXPECT_EQ(steps, 0u);
    EXPECT_EQ(bytes_of(whole.model), before);
    EXPECT_EQ(again.history.size(), whole.history.size());
    EXPECT_EQ(again.validation.loss, whole.validation.loss);
    EXPECT_EQ(again.best_epoch, whole.best_epoch);
    EXPECT_NE(again.decisions.back().find("already finished"), std::string::npos);
  }
}

TEST_F(TrainFiles, AResumedRunKeepsToWhatTheUserGave) {
  TrainSettings s = settings("kind", "run");
  set(s, {{"target", "kind"}, {"epochs", "6"}});
  std::atomic<bool> stop = false;
  train(path("kinds.csv"), s, {[&](const TrainEvent& event) { stop = stop || event.step >= 10; }, &stop});
  resume(s.out);
  std::vector<std::string> given;
  for (const auto& [name, value] : Model::load(s.out).inspect().training) {
    if (name.starts_with("setting ")) given.push_back(name);
  }
  EXPECT_EQ(given, (std::vector<std::string>{"setting epochs", "setting target"}));
}

TEST_F(TrainFiles, BestIsTheLowestValidationLossAndKeptIsWhatTheModelHolds) {
  for (const char* patience : {"0", "3"}) {
    TrainSettings s = settings("price", "run");
    s.hidden = {64};
    set(s, {{"epochs", "60"}, {"lr", "0.02"}, {"early-stop", patience}});
    const TrainResult result = train(path("prices.csv"), s);
    const auto lowest = std::min_element(result.history.begin(), result.history.end(),
                                         [](const auto& a, const auto& b) { return a.validation_loss < b.validation_loss; });
    EXPECT_EQ(result.best_epoch, lowest->epoch);
    ASSERT_LT(result.best_epoch, result.epochs) << "the run must go beyond its best epoch";
    EXPECT_EQ(result.kept_epoch, std::string(patience) == "0" ? result.epochs : result.best_epoch);
    EXPECT_EQ(result.history.at(result.kept_epoch - 1).validation_loss, result.validation.loss);
    const ModelInfo info = Model::load(s.out).inspect();
    const std::map<std::string, std::string> facts(info.training.begin(), info.training.end());
    EXPECT_EQ(facts.at("best epoch"), std::to_string(result.best_epoch));
    EXPECT_EQ(facts.at("kept epoch"), std::to_string(result.kept_epoch));
    EXPECT_EQ(std::stod(facts.at("training loss")), result.train.loss) << "of the weights that are kept";
    EXPECT_EQ(info.history.size(), result.history.size());
  }
}

TEST_F(TrainFiles, TheVerdictHoldsTheModelAgainstAConstantAnswer) {
  TrainSettings s = settings("kind", "run");
  set(s, {{"epochs", "60"}, {"lr", "0.01"}});
  const TrainResult learned = train(path("kinds.csv"), s);
  EXPECT_GT(learned.validation.accuracy, learned.baseline.validation);
  EXPECT_FALSE(learned.baseline.answer.empty());
  EXPECT_EQ(learned.verdict.find("no better"), std::string::npos) << learned.verdict;
  set(s, {{"lr", "1e-9"}, {"epochs", "1"}});
  EXPECT_EQ(train(path("kinds.csv"), s).verdict.find("no better than a constant answer"), 0u);
  TrainSettings price = settings("price", "run");
  set(price, {{"lr", "1e-9"}, {"epochs", "1"}});
  const TrainResult untrained = train(path("prices.csv"), price);
  EXPECT_EQ(untrained.verdict.find("no better than a constant answer"), 0u);
  EXPECT_NEAR(untrained.baseline.validation, 90, 60) << "the deviation of the prices";
}

TEST_F(TrainFiles, TheHintOfADivergedRunIsACommandThatWasTried) {
  for (const char* rate : {"50", "1e6"}) {
    TrainSettings s = settings("price", "run");
    set(s, {{"target", "price"}, {"hidden", "12,10"}, {"optimizer", "sgd"}, {"lr", rate}, {"activation", "identity"}, {"epochs", "6"}});
    const Error error = error_of([&] { train(path("prices.csv"), s); });
    ASSERT_EQ(error.code(), "E0501") << rate;
    const std::size_t at = error.hint().find(" --lr ");
    ASSERT_NE(at, std::string::npos) << error.hint();
    set_train_setting(s, "lr", error.hint().substr(at + 6, error.hint().find(' ', at + 6) - at - 6), "test");
    EXPECT_NO_THROW(train(path("prices.csv"), s)) << error.hint();
    EXPECT_NE(error.hint().find("chainrule train " + path("prices.csv") + " --target price"), std::string::npos) << error.hint();
  }
}

TEST_F(TrainFiles, LbfgsSaysThatItTakesAllRowsAtOnce) {
  TrainSettings s = settings("price", "run");
  set(s, {{"optimizer", "lbfgs"}});
  std::string all;
  for (const std::string& line : train(path("prices.csv"), s).decisions) all += line + "\n";
  EXPECT_NE(all.find("batch: all 204 training rows"), std::string::npos) << all;
}

TEST_F(TrainFiles, ChangedDataIsNotResumed) {
  const TrainSettings s = settings("kind", "run");
  train(path("kinds.csv"), s);
  write("kinds.csv", true, 241);
  EXPECT_EQ(error_of([&] { resume(s.out); }).code(), "E0407");
  EXPECT_EQ(error_of([&] { resume(path("nothing")); }).code(), "E0415");
}

TEST_F(TrainFiles, TableInMemoryTrainsButCannotBeResumed) {
  const TrainSettings s = settings("kind", "memory");
  const Table table = Table::read(path("kinds.csv"));
  const TrainResult from_memory = train(table, s);
  EXPECT_EQ(from_memory.digest, train(path("kinds.csv"), settings("kind", "file")).digest);
  EXPECT_EQ(error_of([&] { resume(s.out); }).code(), "E0415");
}

TEST_F(TrainFiles, EnginesAndThreadsAgree) {
  for (const Precision precision : all<Precision>()) {
    TrainSettings s = settings("price", "run");
    set(s, {{"dropout", "0.2"}});
    s.training.precision = precision;
    const std::string want = train(path("prices.csv"), s).digest;
    s.threads = 3;
    EXPECT_EQ(train(path("prices.csv"), s).digest, want);
    s.engine = EngineKind::reference;
    EXPECT_EQ(train(path("prices.csv"), s).digest, want);
    s.training.seed = 1;
    EXPECT_NE(train(path("prices.csv"), s).digest, want);
  }
}

TEST_F(TrainFiles, ModelOfBf16ProductsPredictsWithThem) {
  write("test.csv", true, 60);
  TrainSettings s = settings("kind", "run");
  set(s, {{"epochs", "40"}, {"lr", "0.01"}, {"precision", "bf16"}});
  s.test = path("test.csv");
  const TrainResult result = train(path("kinds.csv"), s);
  EXPECT_GT(result.test.accuracy, 0.8);
  Model model = Model::load(s.out);
  const Table test = Table::read(s.test);
  EXPECT_EQ(model.evaluate(test).loss, result.test.loss);
  EXPECT_EQ(spec_from_toml(model.inspect().spec_toml).training.precision, Precision::bf16);
  EXPECT_EQ(model.inspect().precision, "bf16");
  bool told = false;
  for (const std::string& note : model.inspect().plan.notes) told = told || note.find("bf16 operands") != std::string::npos;
  EXPECT_TRUE(told);
  const std::string digest = result.digest;
  set(s, {{"precision", "fp32"}});
  EXPECT_NE(train(path("kinds.csv"), s).digest, digest);
}

TEST_F(TrainFiles, ModelPredictsAndEvaluatesWhatTheRunMeasured) {
  write("test.csv", true, 60);
  TrainSettings s = settings("kind", "run");
  set(s, {{"epochs", "40"}, {"lr", "0.01"}});
  s.test = path("test.csv");
  const TrainResult result = train(path("kinds.csv"), s);
  EXPECT_GT(result.test.accuracy, 0.8);
  Model model = Model::load(s.out);
  const Table test = Table::read(s.test);
  const Metrics again = model.evaluate(test);
  EXPECT_EQ(again.accuracy, result.test.accuracy);
  EXPECT_EQ(again.loss, result.test.loss);
  const Predictions predictions = model.predict(test);
  EXPECT_EQ(predictions.rows, 60u);
  EXPECT_EQ(predictions.classes, (std::vector<std::string>{"high", "low", "mid"}));
  for (std::size_t i = 0; i < 60; ++i) {
    float sum = 0;
    for (std::size_t c = 0; c < 3; ++c) sum += predictions.probabilities[3 * i + c];
    EXPECT_NEAR(sum, 1, 1e-6);
  }
  const ModelInfo info = model.inspect();
  EXPECT_EQ(info.digest, result.digest);
  EXPECT_EQ(info.layers.size(), 3u);
  model.save(path("copy.safetensors"));
  EXPECT_EQ(Model::load(path("copy.safetensors")).inspect().digest, result.digest);
}

TEST_F(TrainFiles, MonteCarloSpreadIsZeroWithoutDropoutAndNotWithIt) {
  TrainSettings s = settings("price", "run");
  train(path("prices.csv"), s);
  const Table table = Table::read(path("prices.csv"));
  for (float spread : Model::load(s.out).predict(table, 8).spread) EXPECT_EQ(spread, 0);
  set(s, {{"dropout", "0.3"}});
  train(path("prices.csv"), s);
  double sum = 0;
  for (float spread : Model::load(s.out).predict(table, 8).spread) sum += static_cast<double>(spread);
  EXPECT_GT(sum / static_cast<double>(table.rows()), 1);
}

TEST_F(TrainFiles, UncertaintyAddsASpreadAndChangesNoPrediction) {
  for (const char* ema : {"0", "0.9"}) {
    TrainSettings s = settings("kind", "run");
    set(s, {{"dropout", "0.3"}, {"ema", ema}});
    train(path("kinds.csv"), s);
    Model model = Model::load(s.out);
    const Table table = Table::read(path("kinds.csv"));
    const Predictions plain = model.predict(table), sampled = model.predict(table, 2);
    EXPECT_EQ(sampled.probabilities, plain.probabilities);
    EXPECT_EQ(sampled.labels, plain.labels);
    EXPECT_TRUE(plain.spread.empty());
    ASSERT_EQ(sampled.spread.size(), plain.probabilities.size());
    EXPECT_GT(*std::max_element(sampled.spread.begin(), sampled.spread.end()), 0);
    std::vector<float> zeros(table.rows() * model.network().spec().inputs), outputs(table.rows() * 3);
    model.network().predict_sample(zeros.data(), table.rows(), 0, outputs.data());  // leaves the weights as they were
    EXPECT_EQ(model.predict(table, 2).spread, sampled.spread);
    EXPECT_EQ(error_of([&] { model.predict(table, 1); }).code(), "E0233");
  }
}

TEST_F(TrainFiles, TwoClassesMayUseOneOutput) {
  std::ofstream(path("two.csv")) << [] {
    std::string text = "x,y,answer\n";
    for (std::uint32_t r = 0; r < 200; ++r) {
      const double x = uniform(r, 0), y = uniform(r, 1);
      text += std::to_string(x) + "," + std::to_string(y) + "," + (x + y > 0 ? "yes" : "no") + "\n";
    }
    return text;
  }();
  for (const char* loss : {"cross_entropy", "binary_cross_entropy", "hinge"}) {
    TrainSettings s = settings("answer", loss);
    set(s, {{"loss", loss}, {"epochs", "60"}, {"lr", "0.01"}});
    const TrainResult result = train(path("two.csv"), s);
    EXPECT_GT(result.validation.accuracy, 0.9) << loss;
    EXPECT_EQ(Model::load(s.out).inspect().outputs, std::string(loss) == "cross_entropy" ? 2u : 1u);
  }
}

TEST_F(TrainFiles, EveryRegressionLossTrains) {
  for (const char* loss : {"squared_error", "absolute_error", "huber", "quantile", "poisson", "gaussian_nll"}) {
    TrainSettings s = settings("price", loss);
    set(s, {{"loss", loss}, {"epochs", "3"}});
    EXPECT_TRUE(std::isfinite(train(path("prices.csv"), s).validation.rmse)) << loss;
  }
}

TEST_F(TrainFiles, DivergenceNamesThePlaceAndKeepsTheLastGoodState) {
  TrainSettings s = settings("price", "run");
  set(s, {{"lr", "1e9"}, {"optimizer", "sgd"}});
  const Error error = error_of([&] { train(path("prices.csv"), s); });
  EXPECT_EQ(error.code(), "E0501") << "\"none\": did not diverge";
  EXPECT_NE(error.message().find("step "), std::string::npos) << error.message();
  EXPECT_NE(error.message().find("line "), std::string::npos) << error.message();
  EXPECT_NE(error.hint().find("--lr"), std::string::npos);
  EXPECT_NO_THROW(Model::load(s.out));
}

TEST_F(TrainFiles, BadRequestsLeaveNothingBehind) {
  const auto code = [&](std::initializer_list<std::pair<const char*, const char*>> pairs,
                        const std::string& target = "kind") {
    TrainSettings s = settings(target, "bad");
    set(s, pairs);
    return error_of([&] { train(path("kinds.csv"), s); }).code();
  };
  EXPECT_EQ(code({}, "kindd"), "E0311");
  EXPECT_EQ(code({}, ""), "E0122");
  EXPECT_EQ(code({{"loss", "huber"}}), "E0107");
  EXPECT_EQ(code({{"ensemble", "2"}}), "E0106");
  EXPECT_EQ(code({{"preset", "tabular"}}), "E0106");
  EXPECT_EQ(code({{"weight-column", "colour"}}), "E0327");
  EXPECT_EQ(code({{"weight-column", "nothing"}}), "E0310");
  EXPECT_EQ(code({{"optimizer", "lbfgs"}, {"ema", "0.9"}}), "E0218");
  EXPECT_EQ(code({{"validation", "no_such_file.csv"}}), "E0401");
  EXPECT_EQ(code({{"class-weights", "no_such_file.csv"}}), "E0401");
  EXPECT_EQ(code({{"shards", "3"}}), "E0217");
  EXPECT_EQ(code({{"optimizer", "lbfgs"}, {"precision", "bf16"}}), "E0218");
  EXPECT_FALSE(fs::exists(path("bad")));
}

TEST_F(TrainFiles, ClassWeightFileIsReadAndUnknownClassesNamed) {
  std::ofstream(path("w.csv")) << "low,2\nhigh,0.5\n";
  TrainSettings s = settings("kind", "run");
  s.class_weights = path("w.csv");
  const TrainResult result = train(path("kinds.csv"), s);
  bool told = false;
  for (const std::string& line : result.decisions)
    told = told || line.find("class weights: high 0.5") != std::string::npos;
  EXPECT_TRUE(told);
  std::ofstream(path("w.csv")) << "lov,2\n";
  EXPECT_EQ(error_of([&] { train(path("kinds.csv"), s); }).code(), "E0322");
}

TEST_F(TrainFiles, SpecFileReplacesTheFlags) {
  NetworkSpec network;
  network.layers.resize(2);
  network.layers[0].units = 5;
  network.layers[1].units = 3;
  network.layers[1].activation = Activation::identity;
  network.loss.kind = Loss::cross_entropy;
  TrainingSpec training;
  training.optimizer = default_optimizer("adam");
  network.inputs = 0;
  std::ofstream(path("spec.toml")) << spec_to_toml(network, training);
  TrainSettings s = settings("kind", "run");
  s.spec_file = path("spec.toml");
  EXPECT_EQ(train(path("kinds.csv"), s).epochs, 6u);
  EXPECT_EQ(Model::load(s.out).inspect().layers[0].units, 5u);
  network.layers[1].units = 4;
  std::ofstream(path("spec.toml")) << spec_to_toml(network, training);
  EXPECT_EQ(error_of([&] { train(path("kinds.csv"), s); }).code(), "E0231");
}

TEST_F(TrainFiles, SpecNamesItsLossAndAFlagMayOnlyAgree) {
  const std::string layers = "[[network.layers]]\nunits = 4\n[[network.layers]]\nunits = 1\nactivation = \"identity\"\n";
  TrainSettings s = settings("price", "run");
  s.spec_file = path("loss.toml");
  std::ofstream(path("loss.toml")) << "[network.loss]\nkind = \"huber\"\n" << layers;
  train(path("prices.csv"), s);
  EXPECT_EQ(spec_from_toml(Model::load(s.out).inspect().spec_toml).network.loss.kind, Loss::huber);
  s.loss_given = true;
  s.loss = Loss::absolute_error;
  EXPECT_EQ(error_of([&] { train(path("prices.csv"), s); }).code(), "E0231");
  std::ofstream(path("loss.toml")) << layers;  // names none: the flag's
  train(path("prices.csv"), s);
  EXPECT_EQ(spec_from_toml(Model::load(s.out).inspect().spec_toml).network.loss.kind, Loss::absolute_error);
}

TEST_F(TrainFiles, RangeTestSuggestsARateThatLearns) {
  const TrainSettings s = settings("price", "run");
  const RateSearch search = find_learning_rate(path("prices.csv"), s);
  EXPECT_GT(search.curve.size(), 50u);
  EXPECT_GT(search.suggested, 1e-5);
  EXPECT_LT(search.suggested, 1);
}

TEST_F(TrainFiles, EventsBeginWithTheDecisionsAndEndWithTheModel) {
  TrainSettings s = settings("kind", "run");
  std::vector<TrainEvent::Kind> kinds;
  const TrainHooks hooks{[&](const TrainEvent& event) { kinds.push_back(event.kind); }, nullptr};
  const TrainResult result = train(path("kinds.csv"), s, hooks);
  ASSERT_GT(kinds.size(), 3u);
  EXPECT_EQ(kinds.front(), TrainEvent::Kind::started);
  EXPECT_EQ(kinds.back(), TrainEvent::Kind::finished);
  EXPECT_FALSE(result.decisions.empty());
}

TEST_F(TrainFiles, EvaluateWeighsRowsAsTheRunDid) {
  TrainSettings s = settings("kind", "run");
  s.weight_column = "weight";
  s.class_weights = "balanced";
  s.validation = path("kinds.csv");
  const TrainResult result = train(path("kinds.csv"), s);
  Model model = Model::load(s.out);
  EXPECT_EQ(model.evaluate(Table::read(path("kinds.csv"))).loss, result.validation.loss);
  EXPECT_NE(result.validation.loss, result.validation.log_loss);  // which is of unweighted rows
  std::ofstream(path("plain.csv")) << "x,y,colour,kind\n0.5,0.5,red,low\n";
  EXPECT_EQ(error_of([&] { model.evaluate(Table::read(path("plain.csv"))); }).code(), "E0310");
}

TEST_F(TrainFiles, ARunWithoutCheckpointsLeavesNoneOfAnEarlierRun) {
  TrainSettings s = settings("kind", "run");
  train(path("kinds.csv"), s);
  s.checkpoint_every = 0;
  s.training.seed = 3;
  train(path("kinds.csv"), s);
  EXPECT_EQ(error_of([&] { resume(s.out); }).code(), "E0415");
}

TEST_F(TrainFiles, AFlagBesideTheSpecThatHoldsItIsRefused) {
  TrainSettings s = settings("kind", "run");
  s.spec_file = path("spec.toml");
  set_train_setting(s, "lr", "0.1", "--lr");
  EXPECT_EQ(error_of([&] { train(path("kinds.csv"), s); }).code(), "E0105");
}

TEST_F(TrainFiles, DataDependentWeightsAreTheSameOnEveryEngine) {
  TrainSettings s = settings("kind", "run");
  set_train_setting(s, "init", "data_dependent", "--init");
  s.engine = EngineKind::cpu;
  const std::string digest = train(path("kinds.csv"), s).digest;
  s.engine = EngineKind::reference;
  EXPECT_EQ(train(path("kinds.csv"), s).digest, digest);
}

}  // namespace
}  // namespace chainrule
