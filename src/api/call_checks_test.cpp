// Every public call with arguments one too short, one too long, null, out of range, in the wrong order, or on what was moved from: a typed error, and
// nothing is touched.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/model.h"
#include "chainrule/network.h"
#include "chainrule/table.h"
#include "chainrule/train.h"
#include "testing/error_of.h"
#include "testing/own_folder.h"

namespace chainrule::api::call_checks {
namespace {

constexpr std::size_t kRows = 8, kInputs = 5, kOutputs = 3, kMaxBatch = 8;

NetworkSpec spec_of(Loss loss) {
  NetworkSpec spec;
  spec.inputs = kInputs;
  LayerSpec hidden;
  hidden.units = 7;
  hidden.activation = Activation::tanh;
  LayerSpec output;
  output.units = kOutputs;
  output.activation = Activation::identity;
  spec.layers = {hidden, output};
  spec.loss.kind = loss;
  return spec;
}

/// A network of known weights and the arguments that fit it.
struct Fitting {
  explicit Fitting(Loss loss = Loss::squared_error, Optimizer optimizer = Optimizer::adam) : network(make(loss, optimizer)) {
    samples.x = x.data();
    samples.rows = kRows;
    samples.inputs = kInputs;
    if (loss == Loss::cross_entropy) {
      samples.labels = labels.data();
    } else {
      samples.y = y.data();
      samples.targets = kOutputs;
    }
  }
  static Network make(Loss loss, Optimizer optimizer) {
    TrainingSpec training;
    training.optimizer = default_optimizer(name(optimizer));
    PlanOptions options;
    options.threads = 1;
    options.max_batch = kMaxBatch;
    return Network(spec_of(loss), training, options);
  }

  std::vector<float> x = std::vector<float>(kRows * kInputs, 0.5f), y = std::vector<float>(kRows * kOutputs, 0.25f);
  std::vector<float> weights = std::vector<float>(kRows, 1.0f), gradient = std::vector<float>(kRows * kOutputs, 0.1f);
  std::vector<std::int32_t> labels = {0, 1, 2, 0, 1, 2, 0, 1};
  std::vector<std::uint32_t> rows = {0, 1, 2, 3, 4, 5, 6, 7};
  Samples samples;
  Network network;
};

template <class Call>
std::string code_of(Call call) {
  return error_of(call).code();
}

TEST(CallChecks, StepAndForwardRefuseSamplesThatDoNotFitAndChangeNothing) {
  using Change = void (*)(Fitting&);
  const std::pair<const char*, Change> both[] = {
      {"E0223", [](Fitting& f) { f.rows.clear(); }},
      {"E0223", [](Fitting& f) { f.rows.push_back(0); }},  // more than max_batch
      {"E0223", [](Fitting& f) { f.samples.x = nullptr; }},
      {"E0223", [](Fitting& f) { f.samples.inputs = kInputs - 1; }},
      {"E0223", [](Fitting& f) { f.samples.inputs = kInputs + 1; }},
      {"E0224", [](Fitting& f) { f.rows[3] = kRows; }},
      {"E0224", [](Fitting& f) { f.rows[3] = 1000000000; }},
      {"E0225", [](Fitting& f) { f.weights[2] = -1, f.samples.weights = f.weights.data(); }},
      {"E0225", [](Fitting& f) { f.weights[2] = NAN, f.samples.weights = f.weights.data(); }},
      {"E0225", [](Fitting& f) { f.weights[2] = INFINITY, f.samples.weights = f.weights.data(); }},
  };
  for (const auto& [code, change] : both) {
    Fitting f;
    const std::string before = f.network.digest();
    change(f);
    EXPECT_EQ(code_of([&] { f.network.step(f.samples, f.rows); }), code);
    EXPECT_EQ(code_of([&] { f.network.forward(f.samples, f.rows); }), code);
    EXPECT_EQ(f.network.digest(), before);
    EXPECT_EQ(f.network.steps_done(), 0u);
  }
  Fitting sound;
  EXPECT_TRUE(sound.network.step(sound.samples, sound.rows).updated);
}

TEST(CallChecks, StepRefusesAnswersThatAreNone) {
  for (const std::int32_t label : {-1, 3, 99, 1000000}) {
    Fitting f(Loss::cross_entropy);
    f.labels[5] = label;
    EXPECT_EQ(code_of([&] { f.network.step(f.samples, f.rows); }), "E0225") << label;
  }
  Fitting none;
  none.samples.y = nullptr;
  EXPECT_EQ(code_of([&] { none.network.step(none.samples, none.rows); }), "E0223");
  Fitting narrow;
  narrow.samples.targets = 1;
  EXPECT_EQ(code_of([&] { narrow.network.step(narrow.samples, narrow.rows); }), "E0223");
  Fitting classes;
  classes.samples.labels = classes.labels.data();  // to a squared error
  EXPECT_EQ(code_of([&] { classes.network.step(classes.samples, classes.rows); }), "E0223");
}

TEST(CallChecks, BackwardAndUpdateComeAfterForwardWithGradientsOfItsSize) {
  Fitting f;
  EXPECT_EQ(code_of([&] { f.network.backward(f.gradient); }), "E0223");
  EXPECT_EQ(code_of([&] { f.network.update(); }), "E0223");
  f.network.forward(f.samples, f.rows);
  EXPECT_EQ(code_of([&] { f.network.update(); }), "E0223");
  for (const std::size_t size : {std::size_t{0}, f.gradient.size() - 1, f.gradient.size() + 1}) {
    const std::vector<float> wrong(size, 0.1f);
    EXPECT_EQ(code_of([&] { f.network.backward(wrong); }), "E0223") << size;
  }
  for (const std::size_t size : {std::size_t{3}, kRows * kInputs - 1, kRows * kInputs + 1}) {
    std::vector<float> inputs(size);
    EXPECT_EQ(code_of([&] { f.network.backward(f.gradient, inputs); }), "E0223") << size;
  }
  f.network.backward(f.gradient);
  f.network.update();
  EXPECT_EQ(f.network.steps_done(), 1u);
  EXPECT_EQ(code_of([&] { f.network.update(); }), "E0223");
}

TEST(CallChecks, UpdateRefusesWhatStepRefuses) {
  for (const Optimizer optimizer : {Optimizer::sgd, Optimizer::adam}) {
    for (const float bad : {INFINITY, -INFINITY, NAN}) {
      Fitting f(Loss::squared_error, optimizer);
      const std::string before = f.network.digest();
      f.gradient[2] = bad;
      f.network.forward(f.samples, f.rows);
      f.network.backward(f.gradient);
      const StepResult by_hand = f.network.update();
      EXPECT_FALSE(by_hand.finite || by_hand.updated);
      f.y[0] = bad;
      const StepResult fused = f.network.step(f.samples, f.rows);
      EXPECT_FALSE(fused.finite || fused.updated);
      EXPECT_EQ(f.network.digest(), before);
      EXPECT_EQ(f.network.steps_done(), 0u);
    }
  }
}

TEST(CallChecks, OtherCallsOfANetworkCheckTheirArguments) {
  Fitting f;
  std::vector<float> outputs(kRows * kOutputs);
  EXPECT_EQ(code_of([&] { f.network.predict(nullptr, 1, outputs.data()); }), "E0223");
  EXPECT_EQ(code_of([&] { f.network.predict(f.x.data(), 1, nullptr); }), "E0223");
  f.network.predict(nullptr, 0, nullptr);
  EXPECT_EQ(code_of([&] { f.network.predict_sample(nullptr, 1, 0, outputs.data()); }), "E0223");
  EXPECT_EQ(code_of([&] { f.network.set_run_length(0, 1); }), "E0223");
  EXPECT_EQ(code_of([&] { f.network.set_run_length(1, 0); }), "E0223");
  std::vector<float> parameters = f.network.parameters();
  parameters.pop_back();
  EXPECT_EQ(code_of([&] { f.network.set_parameters(parameters); }), "E0230");
  EXPECT_EQ(code_of([&] { f.network.set_average(parameters); }), "E0230");
}

TEST(CallChecks, OptionsAndEnumsOutOfRangeAreErrors) {
  const auto make = [](void (*change)(NetworkSpec&, TrainingSpec&, PlanOptions&)) {
    NetworkSpec spec = spec_of(Loss::squared_error);
    TrainingSpec training;
    PlanOptions options;
    change(spec, training, options);
    return code_of([&] { Network network(spec, training, options); });
  };
  EXPECT_EQ(make([](NetworkSpec&, TrainingSpec&, PlanOptions& o) { o.max_batch = 0; }), "E0223");
  EXPECT_EQ(make([](NetworkSpec&, TrainingSpec&, PlanOptions& o) { o.max_batch = std::numeric_limits<std::size_t>::max(); }), "E0223");
  EXPECT_EQ(make([](NetworkSpec&, TrainingSpec&, PlanOptions& o) { o.threads = -1; }), "E0223");
  EXPECT_EQ(make([](NetworkSpec&, TrainingSpec&, PlanOptions& o) { o.engine = static_cast<EngineKind>(99); }), "E0223");
  EXPECT_EQ(make([](NetworkSpec& s, TrainingSpec&, PlanOptions&) { s.loss.kind = static_cast<Loss>(99); }), "E0202");
  EXPECT_EQ(make([](NetworkSpec& s, TrainingSpec&, PlanOptions&) { s.layers[0].activation = static_cast<Activation>(99); }), "E0202");
  EXPECT_EQ(make([](NetworkSpec& s, TrainingSpec&, PlanOptions&) { s.layers[0].norm = static_cast<Norm>(99); }), "E0202");
  EXPECT_EQ(make([](NetworkSpec& s, TrainingSpec&, PlanOptions&) { s.layers[0].dropout.kind = static_cast<DropoutKind>(99); }), "E0202");
  EXPECT_EQ(make([](NetworkSpec&, TrainingSpec& t, PlanOptions&) { t.optimizer.kind = static_cast<Optimizer>(99); }), "E0202");
  EXPECT_EQ(make([](NetworkSpec&, TrainingSpec& t, PlanOptions&) { t.precision = static_cast<Precision>(99); }), "E0202");
}

TEST(CallChecks, WhatWasMovedFromSaysSo) {
  Fitting f;
  const Network other = std::move(f.network);
  std::vector<float> values(kRows * kInputs);
  EXPECT_EQ(code_of([&] { f.network.step(f.samples, f.rows); }), "E0226");
  EXPECT_EQ(code_of([&] { f.network.forward(f.samples, f.rows); }), "E0226");
  EXPECT_EQ(code_of([&] { f.network.predict(values.data(), 1, values.data()); }), "E0226");
  EXPECT_EQ(code_of([&] { f.network.parameters(); }), "E0226");
  EXPECT_EQ(code_of([&] { f.network.digest(); }), "E0226");
  EXPECT_EQ(code_of([&] { f.network.spec(); }), "E0226");
  const double cells[] = {1, 2};
  Table table = Table::from_matrix(cells, 1, {"a", "b"});
  const Table kept = std::move(table);
  EXPECT_EQ(code_of([&] { table.rows(); }), "E0226");
  EXPECT_EQ(code_of([&] { describe(table); }), "E0226");
  EXPECT_EQ(code_of([] { Table(nullptr).columns(); }), "E0226");
  EXPECT_EQ(code_of([] { Table::from_matrix(nullptr, 1, {"a"}); }), "E0223");
}

class ModelCalls : public OwnFolder {
 protected:
  void SetUp() override {
    OwnFolder::SetUp();
    std::ofstream file(path("t.csv"));
    file << "a,b,y\n";
    for (int i = 0; i < 60; ++i) file << i % 13 << ".5," << i % 7 << "," << i % 13 + 0.25 * (i % 7) << "\n";
    file.close();
    TrainSettings settings;
    settings.target = "y";
    settings.epochs = 2;
    settings.hidden = {4};
    settings.threads = 1;
    settings.out = path("run");
    train(path("t.csv"), settings);
  }
  std::vector<double> answers(Model& model) { return model.predict(model.read(path("t.csv"))).values; }
};

TEST_F(ModelCalls, ArgumentsAreChecked) {
  Model model = Model::load(path("run"));
  std::vector<float> x(2), outputs(1);
  model.predict_inputs(x, outputs);
  EXPECT_EQ(code_of([&] { model.predict_inputs(std::span(x).first(1), outputs); }), "E0223");
  EXPECT_EQ(code_of([&] { model.predict_inputs(x, std::span(outputs).first(0)); }), "E0223");
  EXPECT_EQ(code_of([&] { model.predict_file(path("t.csv"), {}, 0, nullptr); }), "E0223");
  const Model moved = std::move(model);
  EXPECT_EQ(code_of([&] { model.predict_inputs(x, outputs); }), "E0226");
  EXPECT_EQ(code_of([&] { model.inspect(); }), "E0226");
  EXPECT_EQ(code_of([&] { model.save(path("x.safetensors")); }), "E0226");
  EXPECT_EQ(code_of([&] { model.notes(); }), "E0226");
}

TEST_F(ModelCalls, SaveWritesTheWeightsThatTheNetworkHasNow) {
  Model model = Model::load(path("run"));
  const std::vector<double> before = answers(model);
  std::vector<float> weights = model.network().parameters();
  for (float& weight : weights) weight *= 1.5f;
  model.network().set_parameters(weights);
  const std::vector<double> changed = answers(model);
  EXPECT_NE(changed, before);
  model.save(path("edited.safetensors"));
  Model edited = Model::load(path("edited.safetensors"));  // its self-test must come out
  EXPECT_EQ(answers(edited), changed);
  EXPECT_EQ(edited.digest(), model.network().digest());
  EXPECT_EQ(model.inspect().digest, model.network().digest());
  Model same = Model::load(path("run"));
  same.save(path("same.safetensors"));
  Model copy = Model::load(path("same.safetensors"));
  EXPECT_EQ(answers(copy), before);
}

TEST_F(ModelCalls, ANetworkOfAnotherShapeIsNotSavedAsTheModel) {
  Model model = Model::load(path("run"));
  model.network() = Network(spec_of(Loss::squared_error), {});
  EXPECT_EQ(code_of([&] { model.save(path("other.safetensors")); }), "E0414");
}

}  // namespace
}  // namespace chainrule::api::call_checks
