// The fast path equals the reference bit for bit: random networks, threads, instruction sets, by hand and fused.
#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <numeric>

#include "chainrule/error.h"
#include "engine/cpu/plan_pair_test.h"

namespace chainrule::engine {
namespace {

using testing::Pair;
using testing::part_of;
using testing::RandomData;
using testing::RandomNetwork;
using testing::same_bits;
using testing::same_number;

int network_count() {
  const char* wanted = std::getenv("CHAINRULE_TEST_NETWORKS");  // emulated machines take fewer
  return wanted == nullptr ? 200 : std::atoi(wanted);
}

std::string describe(const RandomNetwork& random, std::uint32_t number, int threads) {
  return "network " + std::to_string(number) + ", " + std::to_string(threads) + " threads\n" +
         spec_to_toml(random.network, random.training);
}

RandomNetwork random_network(std::uint32_t number, Precision precision) {
  RandomNetwork random = testing::random_network(number);
  random.training.precision = precision;
  return random;
}

void compare_steps(std::uint32_t number, int threads, Precision precision = Precision::fp32, decltype(make_cpu_plan)* make = make_cpu_plan) {
  const RandomNetwork random = random_network(number, precision);
  SCOPED_TRACE(describe(random, number, threads));
  Pair pair(random, number, threads, make);
  for (std::uint64_t t = 1; t <= 4; ++t) {
    const StepResult a = pair.fast->step(pair.data.samples, pair.rows(t), pair.control(t));
    const StepResult b = pair.slow->step(pair.data.samples, pair.rows(t), pair.control(t));
    ASSERT_TRUE(same_number(a.loss, b.loss)) << a.loss << " against " << b.loss << ", step " << t;
    ASSERT_EQ(a.finite, b.finite);
    ASSERT_TRUE(same_number(a.gradient_norm, b.gradient_norm)) << a.gradient_norm << " against " << b.gradient_norm;
    ASSERT_NO_FATAL_FAILURE(pair.expect_equal_state()) << "step " << t;
  }
  pair.expect_equal_predictions(pair.data.samples.rows);
  pair.expect_equal_predictions(1);
}

void compare_by_hand(std::uint32_t number, int threads, Precision precision = Precision::fp32) {
  const RandomNetwork random = random_network(number, precision);
  SCOPED_TRACE(describe(random, number, threads));
  Pair pair(random, number, threads);
  const Samples& samples = pair.data.samples;
  const std::vector<float> slopes = testing::random_data(random, random.max_batch * 70, number).x;
  std::uint64_t t = 0;
  for (Mode mode : {Mode::train, Mode::predict, Mode::monte_carlo}) {
    const auto rows = pair.rows(++t);
    const auto a = pair.fast->forward(samples, rows, mode, pair.control(t));
    const auto b = pair.slow->forward(samples, rows, mode, pair.control(t));
    ASSERT_EQ(a.size(), b.size());
    ASSERT_TRUE(same_bits(a, b)) << "outputs, mode " << static_cast<int>(mode);
    ASSERT_TRUE(same_number(pair.fast->loss(samples, rows), pair.slow->loss(samples, rows)));
    std::vector<float> dx(rows.size() * samples.inputs), dy(dx.size());
    std::span<const float> given;
    if (t == 2 && slopes.size() >= a.size()) given = std::span(slopes).first(a.size());
    pair.fast->backward(given, dx);
    pair.slow->backward(given, dy);
    ASSERT_TRUE(same_bits(dx, dy)) << "input gradient, mode " << static_cast<int>(mode);
    ASSERT_TRUE(pair.equal(Part::gradients)) << "gradients, mode " << static_cast<int>(mode);
    const StepResult done = pair.fast->update(pair.control(t)), expected = pair.slow->update(pair.control(t));
    ASSERT_TRUE(same_number(done.gradient_norm, expected.gradient_norm));
    ASSERT_EQ(done.finite, expected.finite);
    ASSERT_NO_FATAL_FAILURE(pair.expect_equal_state());
  }
}

/// Runs `compare` under every instruction set this machine has; each is checked to be the one running.
template <class F>
void on_all_instruction_sets(F compare) {
  for (const std::string& name : InstructionSets::available()) {
    if (name == "scalar") continue;
    SCOPED_TRACE(name);
    setenv("CHAINRULE_ISA", name.c_str(), 1);
    const RandomNetwork random = testing::random_network(0);
    EXPECT_EQ(make_cpu_plan(random.network, random.training, {})->report().instruction_set, name);
    compare();
    unsetenv("CHAINRULE_ISA");
  }
}

TEST(CpuPlan, StepsEqualTheReferenceBitForBit) {
  on_all_instruction_sets([] {
    for (int number = 0; number < network_count() && !::testing::Test::HasFatalFailure(); ++number) {
      compare_steps(static_cast<std::uint32_t>(number), 1 + number % 3);
      if (number % 2 == 0) compare_steps(static_cast<std::uint32_t>(number), 1 + (number / 2) % 3, Precision::bf16);
    }
  });
}

TEST(CpuPlan, PassesByHandEqualTheReferenceBitForBit) {
  on_all_instruction_sets([] {
    for (int number = 0; number < network_count() && !::testing::Test::HasFatalFailure(); ++number) {
      compare_by_hand(static_cast<std::uint32_t>(number), 1 + (number + 1) % 3);
      if (number % 2 == 1) compare_by_hand(static_cast<std::uint32_t>(number), 1 + (number / 2) % 3, Precision::bf16);
    }
  });
}

/// A small classifier whose every value the caller can spoil.
RandomNetwork small_network() {
  RandomNetwork random;
  random.network.inputs = 5;
  for (std::size_t units : {9, 3}) {
    LayerSpec layer;
    layer.units = units;
    layer.activation = units == 3 ? Activation::identity : Activation::tanh;
    random.network.layers.push_back(layer);
  }
  random.max_batch = 12;
  return random;
}

TEST(CpuPlan, LossThatIsNotFiniteSkipsTheUpdate) {
  for (int threads : {1, 4}) {
    Pair pair(small_network(), 1, threads);
    pair.data.y[7] = std::numeric_limits<float>::infinity();
    std::vector<std::uint32_t> rows(12);
    std::iota(rows.begin(), rows.end(), 0u);
    const std::vector<float> before = part_of(*pair.fast, Part::parameters, pair.size);
    EXPECT_FALSE(pair.fast->step(pair.data.samples, rows, pair.control(1)).finite);
    EXPECT_TRUE(same_bits(part_of(*pair.fast, Part::parameters, pair.size), before));
    pair.data.y[7] = 1;
    EXPECT_TRUE(pair.fast->step(pair.data.samples, rows, pair.control(1)).finite);
  }
}

TEST(CpuPlan, WeightThatBecomesInfiniteIsReported) {
  Pair pair(small_network(), 1, 3);
  StepControl control = pair.control(1);
  control.update.rate = 1e39;  // infinite as fp32
  const StepResult a = pair.fast->step(pair.data.samples, pair.rows(1), control),
                   b = pair.slow->step(pair.data.samples, pair.rows(1), control);
  EXPECT_FALSE(a.finite);
  EXPECT_EQ(a.finite, b.finite);
  EXPECT_EQ(a.loss, b.loss);
  EXPECT_TRUE(pair.equal(Part::parameters));
}

TEST(CpuPlan, StepsOfATeamAndOfOneThreadInTurnEqualTheReference) {
  for (std::uint32_t number = 0; number < static_cast<std::uint32_t>(network_count()); ++number) {
    compare_steps(number, 2 + static_cast<int>(number % 2), Precision::fp32, make_alternating_plan);
    if (HasFatalFailure()) return;
  }
}

TEST(CpuPlan, ThousandsOfThreadsAreRefusedAndSaid) {
  const RandomNetwork random = small_network();
  const PlanReport report = make_cpu_plan(random.network, random.training, {EngineKind::cpu, 100'000, 12})->report();
  EXPECT_LT(report.threads, 100'000);
  EXPECT_NE(report.notes.back().find("not 100000 threads"), std::string::npos) << report.notes.back();
}

TEST(CpuPlan, MoreThreadsThanRowsOrCoresEqualsTheReference) {
  for (int threads : {5, 9}) {
    for (std::uint32_t number : {3u, 8u, 21u, 46u, 77u}) {
      for (const Precision precision : all<Precision>()) compare_steps(number, threads, precision);
    }
  }
}

TEST(CpuPlan, SumsCutIntoSlicesEqualTheReference) {
  RandomNetwork random;  // rows x inputs beyond what the second-level cache is taken to hold
  random.network.inputs = 600;
  for (std::size_t units : {530, 5}) {
    LayerSpec layer;
    layer.units = units;
    layer.activation = units == 5 ? Activation::identity : Activation::relu;
    random.network.layers.push_back(layer);
  }
  random.network.input_scale = true;
  random.max_batch = 301;
  for (int variant : {0, 1, 2, 3}) {  // plain, stored gradients, shards, masked weights
    if (variant == 1) random.training.clip_norm = 0.5;
    if (variant == 2) random.training.shards = 4;
    if (variant == 3) random.network.layers[0].dropout.rate = 0.3, random.network.layers[0].dropout.kind = DropoutKind::dropconnect;
    const int threads = 1 + variant % 2;
    SCOPED_TRACE(variant);
    Pair pair(random, 5, threads);
    for (std::uint64_t t = 1; t <= 2; ++t) {
      const StepResult a = pair.fast->step(pair.data.samples, pair.rows(t), pair.control(t));
      EXPECT_EQ(a.loss, pair.slow->step(pair.data.samples, pair.rows(t), pair.control(t)).loss);
      ASSERT_NO_FATAL_FAILURE(pair.expect_equal_state());
    }
  }
}

/// Small networks without what learning row by row leaves to the passes over batches.
RandomNetwork online_network(std::uint32_t number) {
  RandomNetwork random;
  const auto pick = [&](auto kinds, std::uint32_t of) { return kinds[of % kinds.size()]; };
  random.network.inputs = std::vector<std::size_t>{8, 3, 21, 70}[number % 4];
  const std::size_t depth = 1 + number % 3;
  for (std::size_t l = 0; l < depth; ++l) {
    LayerSpec layer;
    const bool wide = number % 8 == 5;
    layer.units = wide ? 130 : std::vector<std::size_t>{32, 5, 130, 17, 48, 64, 96}[(number + 2 * l) % 7];
    layer.activation = pick(all<Activation>(), number / 2 + static_cast<std::uint32_t>(l));
    if (wide || layer.activation == Activation::prelu || number % 3 == 0) layer.activation = Activation::relu;
    layer.bias = number % 5 != 0;
    random.network.layers.push_back(layer);
  }
  LossSpec& loss = random.network.loss;
  loss.kind = pick(all<Loss>(), number / 3);
  random.network.layers.back().units = loss.kind == Loss::squared_error ? 1 + number % 2 * 8 : 4;
  if (number % 4 == 0 || number % 8 == 5) random.network.layers.back().activation = Activation::identity;
  OptimizerSpec& optimizer = random.training.optimizer;
  optimizer.kind = number % 2 == 0 ? Optimizer::sgd : pick(all<Optimizer>(), number / 2);
  if (optimizer.kind == Optimizer::lbfgs) optimizer.kind = Optimizer::adam;
  optimizer.learning_rate = 0.02;
  optimizer.momentum = optimizer.kind == Optimizer::momentum ? 0.8 : 0;
  if (number % 6 == 5) optimizer.weight_decay = 0.02;
  if (number % 7 == 6) loss.l2 = 0.03;
  if (number % 8 == 7) random.training.clip_value = 0.01;
  random.max_batch = number % 2 == 0 ? 1 : 3;
  return random;
}

TEST(CpuPlan, LearningRowByRowEqualsTheReference) {
  on_all_instruction_sets([] {
    for (std::uint32_t number = 0; number < 100 && !::testing::Test::HasFatalFailure(); ++number) {
      const RandomNetwork random = online_network(number);
      SCOPED_TRACE(describe(random, number, 1 + static_cast<int>(number % 2)));
      Pair pair(random, number, 1 + static_cast<int>(number % 2));
      if (number % 5 != 4) pair.data.samples.weights = nullptr;  // rows with weights are left to the passes
      for (std::uint64_t t = 1; t <= 6; ++t) {
        const std::vector<std::uint32_t> all = pair.rows(t);  // steps of one row, now and then of all
        const std::span<const std::uint32_t> rows(all.data(), t == 4 ? all.size() : 1);
        const StepResult a = pair.fast->step(pair.data.samples, rows, pair.control(t));
        const StepResult b = pair.slow->step(pair.data.samples, rows, pair.control(t));
        ASSERT_TRUE(same_number(a.loss, b.loss)) << a.loss << " against " << b.loss << ", step " << t;
        ASSERT_EQ(a.finite, b.finite);
        ASSERT_NO_FATAL_FAILURE(pair.expect_equal_state()) << "step " << t;
        for (int row = 0; row < 20 && t != 3; ++row) pair.expect_equal_predictions(1);  // often enough for a copy of the weights
      }
      pair.expect_equal_predictions(pair.data.samples.rows);
      pair.expect_equal_predictions(1);
    }
  });
}

TEST(CpuPlan, InfiniteWeightsLearnRowByRowAsTheReferenceDoes) {
  for (const float spoilt : {std::numeric_limits<float>::infinity(), 3e38f}) {
    RandomNetwork random = online_network(4);  // gradient descent with relu
    Pair pair(random, 1, 1);
    pair.data.samples.weights = nullptr;
    std::vector<float> start = testing::random_parameters(random.network, 4);
    start[1] = spoilt;
    for (Plan* plan : {pair.fast.get(), pair.slow.get()}) plan->load(Part::parameters, start);
    for (std::uint64_t t = 1; t <= 3; ++t) {
      const StepResult a = pair.fast->step(pair.data.samples, pair.rows(t), pair.control(t));
      const StepResult b = pair.slow->step(pair.data.samples, pair.rows(t), pair.control(t));
      EXPECT_TRUE(same_number(a.loss, b.loss)) << a.loss << " against " << b.loss << ", step " << t;
      EXPECT_EQ(a.finite, b.finite);
      ASSERT_NO_FATAL_FAILURE(pair.expect_equal_state()) << "step " << t;
    }
  }
}

/// Relu networks whose numbers make zeros of either sign, infinities and overflows, each in its own way.
struct Spoilt {
  explicit Spoilt(std::uint32_t number) : random(made(number)), pair(random, number, 1) {
    pair.data.samples.weights = nullptr;
    testing::Dice dice(number);
    std::vector<float> start = testing::random_parameters(random.network, number);
    for (float& value : start) {
      if (number % 5 == 1 && dice.chance(0.9)) value = dice.chance(0.5) ? 0.0f : -0.0f;
      if (number % 5 == 2 && dice.chance(0.01)) value = dice.chance(0.5) ? 1e30f : -1e38f;
      if (number % 5 == 3 && dice.chance(0.5)) value *= 1e-30f;
    }
    for (float& value : pair.data.x) {
      if (dice.chance(0.4)) value = dice.chance(0.5) ? 0.0f : -0.0f;
      if (number % 5 == 4 && dice.chance(0.002)) value = std::numeric_limits<float>::infinity();
    }
    for (Plan* plan : {pair.fast.get(), pair.slow.get()}) plan->load(Part::parameters, start);
  }

  static RandomNetwork made(std::uint32_t number) {
    RandomNetwork random;
    random.network.inputs = number % 3 == 0 ? 70 : 8;
    for (std::size_t units : {32, 130, 1}) {
      LayerSpec layer;
      layer.units = units == 1 ? 1 + number % 4 : units;
      layer.activation = units == 1 && number % 7 != 0 ? Activation::identity : Activation::relu;
      layer.bias = number % 4 != 1;
      random.network.layers.push_back(layer);
    }
    random.training.optimizer.kind = number % 6 == 5 ? Optimizer::adam : Optimizer::sgd;
    random.training.optimizer.learning_rate = number % 2 == 0 ? 0.05 : 1e-3;
    random.network.loss.kind = Loss::squared_error;
    random.max_batch = 3;
    return random;
  }

  RandomNetwork random;
  Pair pair;
};

TEST(CpuPlan, TermsOfZeroAreLeftOutWithoutChangingABit) {
  on_all_instruction_sets([] {
    int spoilt = 0, zeros = 0;
    for (std::uint32_t number = 0; number < 60 && !::testing::Test::HasFatalFailure(); ++number) {
      const Spoilt made(number);
      const Pair& pair = made.pair;
      SCOPED_TRACE(describe(made.random, number, 1));
      for (std::uint64_t t = 1; t <= 6; ++t) {
        const std::vector<std::uint32_t> all = pair.rows(t);  // steps of one row, once of all
        const std::span<const std::uint32_t> rows(all.data(), t == 4 ? all.size() : 1);
        const StepResult a = pair.fast->step(pair.data.samples, rows, pair.control(t));
        const StepResult b = pair.slow->step(pair.data.samples, rows, pair.control(t));
        ASSERT_TRUE(same_number(a.loss, b.loss)) << a.loss << " against " << b.loss << ", step " << t;
        ASSERT_EQ(a.finite, b.finite) << "step " << t;
        ASSERT_NO_FATAL_FAILURE(pair.expect_equal_state()) << "step " << t;
        spoilt += !a.finite;
      }
      for (std::size_t row = 0; row < pair.data.samples.rows; ++row) {
        std::vector<float> a(made.random.network.outputs()), b(a.size());
        const float* x = pair.data.x.data() + row * pair.data.samples.inputs;
        pair.fast->predict(x, 1, false, a.data());
        pair.slow->predict(x, 1, false, b.data());
        ASSERT_TRUE(same_bits(a, b)) << "prediction of row " << row;
        for (float value : a) zeros += value == 0;
      }
    }
    EXPECT_GT(spoilt, 0);
    EXPECT_GT(zeros, 0);
  });
}

TEST(CpuPlan, InfiniteInputOfARowLeavesThePaddingOfRelusOut) {
  // Every unit of the first layer gets minus infinity, which its relu makes 0: the loss is finite. Padding gets infinity times 0.
  on_all_instruction_sets([] {
    for (const std::size_t units : {1, 7, 33, 65, 130}) {
      SCOPED_TRACE(std::to_string(units) + " units");
      RandomNetwork random = Spoilt::made(4);
      random.network.layers[0].units = units;
      random.network.layers[1].units = units;
      Pair pair(random, 4, 1);
      pair.data.samples.weights = nullptr;
      std::vector<float> start = testing::random_parameters(random.network, 4);
      for (std::size_t unit = 0; unit < units; ++unit) start[unit * random.network.inputs] = -1;
      for (std::size_t row = 0; row < pair.data.samples.rows; ++row)
        pair.data.x[row * random.network.inputs] = std::numeric_limits<float>::infinity();
      for (Plan* plan : {pair.fast.get(), pair.slow.get()}) plan->load(Part::parameters, start);
      const std::vector<std::uint32_t> rows = {0};
      const StepResult a = pair.fast->step(pair.data.samples, rows, pair.control(1));
      const StepResult b = pair.slow->step(pair.data.samples, rows, pair.control(1));
      EXPECT_TRUE(b.loss * 0 == 0) << "the reference's loss is " << b.loss;
      EXPECT_TRUE(same_number(a.loss, b.loss)) << a.loss << " against " << b.loss;
      EXPECT_EQ(a.finite, b.finite);
      pair.expect_equal_state();
    }
  });
}

TEST(CpuPlan, UnknownInstructionSetIsAnErrorThatNamesTheUsableOnes) {
  const RandomNetwork random = small_network();
  setenv("CHAINRULE_ISA", "sse9", 1);
  try {
    refuse_cpu(random.network, random.training, {});
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "E0110");
    for (const std::string& name : InstructionSets::available()) EXPECT_NE(error.hint().find(name), std::string::npos);
  }
  unsetenv("CHAINRULE_ISA");
}

TEST(CpuPlan, ScalarAndLbfgsAreRefusedWithAReason) {
  RandomNetwork random = small_network();
  setenv("CHAINRULE_ISA", "scalar", 1);
  EXPECT_NE(refuse_cpu(random.network, random.training, {}).find("scalar"), std::string::npos);
  EXPECT_EQ(InstructionSets::active(), "scalar");
  unsetenv("CHAINRULE_ISA");
  random.training.optimizer.kind = Optimizer::lbfgs;
  EXPECT_NE(refuse_cpu(random.network, random.training, {}).find("lbfgs"), std::string::npos);
}

TEST(CpuPlan, WhatIsLoadedIsWhatIsStored) {
  for (std::uint32_t number = 0; number < 40; ++number) {
    const RandomNetwork random = testing::random_network(number);
    const auto plan = make_cpu_plan(random.network, random.training, {EngineKind::cpu, 1, 4});
    const std::vector<float> values = testing::random_parameters(random.network, number);
    plan->load(Part::parameters, values);
    EXPECT_TRUE(same_bits(part_of(*plan, Part::parameters, values.size()), values));
  }
}

}  // namespace
}  // namespace chainrule::engine
