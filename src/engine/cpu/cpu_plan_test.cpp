// The fast path equals the reference bit for bit: random networks, threads, instruction sets, by hand and fused.
#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <numeric>

#include "chainrule/error.h"
#include "engine/cpu/plan_pair_test.h"
#include "testing/error_of.h"

namespace chainrule::engine {
namespace {

using testing::describe;
using testing::on_all_instruction_sets;
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

TEST(CpuPlan, UnknownInstructionSetIsAnErrorThatNamesTheUsableOnes) {
  const RandomNetwork random = small_network();
  setenv("CHAINRULE_ISA", "sse9", 1);
  const Error error = error_of([&] { refuse_cpu(random.network, random.training, {}); });
  EXPECT_EQ(error.code(), "E0110");
  for (const std::string& name : InstructionSets::available()) EXPECT_NE(error.hint().find(name), std::string::npos);
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
