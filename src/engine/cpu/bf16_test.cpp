// Products of bf16 operands: the fast engine equals the reference where sums are cut up, near zero and at infinity.
#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <random>

#include "chainrule/network_spec.h"
#include "engine/cpu/instruction_sets.h"
#include "engine/cpu/plan_pair_test.h"
#include "math/bf16.h"

namespace chainrule::engine {
namespace {

using testing::Pair;
using testing::part_of;
using testing::RandomNetwork;
using testing::same_bits;
using testing::same_number;

RandomNetwork network_of(std::size_t inputs, std::initializer_list<std::size_t> widths, std::size_t batch) {
  RandomNetwork random;
  random.network.inputs = inputs;
  for (const std::size_t units : widths) {
    LayerSpec layer;
    layer.units = units;
    layer.activation = Activation::relu;
    random.network.layers.push_back(layer);
  }
  random.network.layers.back().activation = Activation::identity;
  random.max_batch = batch;
  random.training.precision = Precision::bf16;
  return random;
}

void expect_equal_steps(Pair& pair, std::uint64_t steps) {
  for (std::uint64_t t = 1; t <= steps; ++t) {
    const StepResult a = pair.fast->step(pair.data.samples, pair.rows(t), pair.control(t));
    const StepResult b = pair.slow->step(pair.data.samples, pair.rows(t), pair.control(t));
    ASSERT_TRUE(same_number(a.loss, b.loss)) << a.loss << " against " << b.loss;
    ASSERT_EQ(a.finite, b.finite);
    ASSERT_NO_FATAL_FAILURE(pair.expect_equal_state()) << "step " << t;
  }
  pair.expect_equal_predictions(pair.data.samples.rows);
  pair.expect_equal_predictions(1);
}

TEST(Bf16Products, SumsCutIntoSlicesEqualTheReference) {
  RandomNetwork random = network_of(30, {20, 261, 3}, 601);  // slices of 256 inputs, of 256 outputs, of 126 and of 128 rows
  for (const std::uint32_t shards : {1u, 4u}) {
    random.training.shards = shards;
    Pair pair(random, 5, shards == 1 ? 1 : 2);
    expect_equal_steps(pair, 2);
  }
}

TEST(Bf16Products, OddAndEvenNumbersOfRowsInputsAndUnitsEqualTheReference) {
  for (const std::size_t inputs : {1, 2, 3, 33}) {
    for (const std::size_t units : {1, 2, 31, 34}) {
      for (const std::size_t batch : {1, 2, 7, 8}) {
        RandomNetwork random = network_of(inputs, {units, 2}, batch);
        random.training.shards = batch == 7 ? 2 : 1;  // runs of 3 and 4 rows
        random.network.input_scale = units == 34;
        SCOPED_TRACE(std::to_string(inputs) + ", " + std::to_string(units) + ", " + std::to_string(batch));
        Pair pair(random, 7, 1 + static_cast<int>(batch % 3));
        expect_equal_steps(pair, 3);
      }
    }
  }
}

/// Numbers of every size: zeros of both signs, denormals, what is around them, infinities.
class Extremes {
 public:
  explicit Extremes(std::uint32_t seed) : random_(seed) {}

  float operator()() {
    const std::uint32_t bits = static_cast<std::uint32_t>(random_()), kind = static_cast<std::uint32_t>(random_() % 16);
    const std::uint32_t sign = bits & 0x80000000u;
    if (kind == 0) return math::float_of(sign);
    if (kind == 1) return math::float_of(sign | (bits & 0x007fffffu));                    // denormal
    if (kind == 2) return math::float_of(sign | 0x00800000u | (bits & 0x3u));              // hardly normal
    if (kind == 3) return math::float_of(sign | 0x00800000u | (bits & 0x007fffffu));
    if (kind == 4 && infinite) return math::float_of(sign | 0x7f800000u);
    const int exponent = kind < 8 ? 1 : kind < 12 ? 64 : 127;  // products near 2^-126, 2^-63, 1
    return math::float_of(sign | static_cast<std::uint32_t>(exponent + static_cast<int>(bits >> 24 & 3u)) << 23 | (bits & 0x007fffffu));
  }

  bool infinite = true;

 private:
  std::mt19937 random_;
};

TEST(Bf16Products, NumbersOfEverySizeEqualTheReference) {
  for (std::uint32_t number = 0; number < 60; ++number) {
    SCOPED_TRACE(number);
    RandomNetwork random = network_of(number % 2 == 0 ? 37 : 6, {33, 4}, 9);
    if (number % 3 == 0) random.network.layers[0].activation = Activation::identity;
    Pair pair(random, number, 1 + static_cast<int>(number % 3));
    Extremes extreme(number);
    extreme.infinite = number % 4 == 3;
    for (float& x : pair.data.x) x = extreme();
    std::vector<float> parameters(pair.size), slopes(9 * 4), dx(9 * random.network.inputs), dy(dx.size());
    for (float& w : parameters) w = extreme();
    for (float& g : slopes) g = extreme();
    for (Plan* plan : {pair.fast.get(), pair.slow.get()}) plan->load(Part::parameters, parameters);
    const auto rows = pair.rows(1);
    const auto a = pair.fast->forward(pair.data.samples, rows, Mode::train, pair.control(1));
    const auto b = pair.slow->forward(pair.data.samples, rows, Mode::train, pair.control(1));
    ASSERT_TRUE(same_bits(a, b));
    pair.fast->backward(slopes, dx);
    pair.slow->backward(slopes, dy);
    ASSERT_TRUE(same_bits(dx, dy));
    ASSERT_TRUE(pair.equal(Part::gradients));
    pair.expect_equal_predictions(9);
    pair.expect_equal_predictions(1);
  }
}

TEST(Bf16Products, AreNotThoseOfFp32) {
  RandomNetwork random = network_of(16, {24, 3}, 8);
  Pair rounded(random, 3, 1);
  random.training.precision = Precision::fp32;
  Pair plain(random, 3, 1);
  for (Pair* pair : {&rounded, &plain}) pair->fast->step(pair->data.samples, pair->rows(1), pair->control(1));
  EXPECT_FALSE(same_bits(part_of(*rounded.fast, Part::parameters, rounded.size), part_of(*plain.fast, Part::parameters, plain.size)));
}

TEST(Bf16Products, LeaveTheThreadsDenormalsAlone) {
  Pair pair(network_of(16, {24, 3}, 8), 3, 1);
  pair.fast->step(pair.data.samples, pair.rows(1), pair.control(1));
  volatile float denormal = 0x1p-130f;
  EXPECT_EQ(denormal * 0.5f, 0x1p-131f);
}

TEST(Bf16Products, ThePlanSaysHowTheyAreDone) {
  const RandomNetwork random = network_of(16, {24, 3}, 8);
  bool said = false;
  for (const std::string& note : make_cpu_plan(random.network, random.training, {})->report().notes)
    said = said || note.find("bf16 operands") != std::string::npos;
  EXPECT_TRUE(said);
}

}  // namespace
}  // namespace chainrule::engine
