// Steps of one row, and predictions between them, equal the reference bit for bit: zeros of either sign, infinities and overflows included.
#include <gtest/gtest.h>

#include <limits>

#include "engine/cpu/plan_pair_test.h"

namespace chainrule::engine {
namespace {

using testing::describe;
using testing::on_all_instruction_sets;
using testing::Pair;
using testing::RandomNetwork;
using testing::same_bits;
using testing::same_number;

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

TEST(OnlinePath, LearningRowByRowEqualsTheReference) {
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

TEST(OnlinePath, InfiniteWeightsLearnRowByRowAsTheReferenceDoes) {
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

TEST(OnlinePath, TermsOfZeroAreLeftOutWithoutChangingABit) {
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

TEST(OnlinePath, InfiniteInputOfARowLeavesThePaddingOfRelusOut) {
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

}  // namespace
}  // namespace chainrule::engine
