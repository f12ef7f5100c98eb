// Layers of one to four units, first, last and in the middle, whose products and gradients go other ways: equal to the reference bit for bit.
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "base/aligned_buffer.h"
#include "engine/cpu/plan_pair_test.h"

namespace chainrule::engine {
namespace {

using testing::on_all_instruction_sets;
using testing::Pair;
using testing::RandomNetwork;
using testing::same_number;

/// `narrow` units behind the inputs, between wide layers and at the end.
RandomNetwork narrow_network(std::uint32_t number) {
  RandomNetwork random;
  const std::size_t narrow = 1 + number % 4;
  random.network.inputs = std::vector<std::size_t>{1, 3, 8, 9, 33, 70, 130}[number % 7];
  random.network.input_scale = number % 3 == 0;
  const Activation kinds[] = {Activation::relu, Activation::tanh, Activation::identity, Activation::prelu};
  for (const std::size_t units : {narrow, std::size_t{41}, narrow, std::size_t{37}, narrow}) {
    LayerSpec layer;
    layer.units = units;
    layer.activation = kinds[(number + random.network.layers.size()) % 4];
    layer.bias = (number + random.network.layers.size()) % 3 != 0;
    random.network.layers.push_back(layer);
  }
  random.network.layers.back().activation = Activation::identity;
  random.network.loss.kind = Loss::squared_error;
  random.training.optimizer = default_optimizer(number % 2 == 0 ? "adam" : "sgd");
  random.training.shards = number % 5 == 4 ? 3 : 1;
  random.max_batch = std::vector<std::size_t>{1, 7, 8, 40, 33, 97, 200}[number / 2 % 7];
  return random;
}

/// More inputs than stay in a second-level cache: sums resume from what a slice of them left.
RandomNetwork wide_and_narrow(std::uint32_t number) {
  RandomNetwork random = narrow_network(number);
  random.network.layers[1].units = 1111;
  random.max_batch = 200;
  return random;
}

TEST(Narrow, StepsAndPredictionsEqualTheReference) {
  on_all_instruction_sets([] {
    for (std::uint32_t number = 0; number < 60 && !::testing::Test::HasFatalFailure(); ++number) {
      const RandomNetwork random = number < 56 ? narrow_network(number) : wide_and_narrow(number);
      SCOPED_TRACE("network " + std::to_string(number) + ", " + std::to_string(random.max_batch) + " rows");
      Pair pair(random, number, 1 + static_cast<int>(number % 3));
      if (number % 8 == 7) pair.data.x[5 % pair.data.x.size()] = std::numeric_limits<float>::infinity();
      for (std::uint64_t t = 1; t <= 3; ++t) {
        const std::vector<std::uint32_t> rows = pair.rows(t);
        const StepResult a = pair.fast->step(pair.data.samples, rows, pair.control(t));
        const StepResult b = pair.slow->step(pair.data.samples, rows, pair.control(t));
        ASSERT_TRUE(same_number(a.loss, b.loss)) << a.loss << " against " << b.loss << ", step " << t;
        ASSERT_EQ(a.finite, b.finite);
        ASSERT_NO_FATAL_FAILURE(pair.expect_equal_state()) << "step " << t;
      }
      pair.expect_equal_predictions(pair.data.samples.rows);
    }
  });
}

/// [rows, width] with random `columns`; `rest` in the padding.
AlignedBuffer<float> padded_numbers(std::size_t rows, std::size_t width, std::size_t columns, float rest, std::uint32_t seed) {
  std::mt19937 random(seed);
  AlignedBuffer<float> values(rows * width);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = i % width < columns ? static_cast<float>(random() % 2001) / 1000 - 1 : rest;
  return values;
}

/// The kernels themselves, told that all columns are real, and told how few are: from zero and from what is there, into memory that holds anything.
TEST(Narrow, KernelsEqualThoseOfFullVectors) {
  on_all_instruction_sets([] {
    const cpu::KernelTable& kernels = *cpu::active_kernels();
    const std::size_t lanes = static_cast<std::size_t>(kernels.lanes), panel = static_cast<std::size_t>(kernels.panel);
    std::uint32_t number = 0;
    for (const std::size_t columns : {1, 2, 3, 4, 6}) {
      for (const std::size_t rows : {1, 7, 16, 33, 75}) {
        for (const std::size_t inputs : {std::size_t{1}, std::size_t{5}, lanes, panel + 3, 2 * panel + lanes + 1}) {
          if (columns > lanes) continue;
          const bool resume = ++number % 3 == 0;
          const std::size_t stride = panel * (rows + 1), tail = (inputs % panel + lanes - 1) / lanes * lanes;
          const AlignedBuffer<float> x = padded_numbers(stride * (inputs / panel + 1), 1, 1, 0, number), d = padded_numbers(rows + 1, lanes, columns, 0, number + 1);
          const AlignedBuffer<float> w = padded_numbers(inputs, lanes, columns, 0, number + 2), start = padded_numbers(1, lanes, columns, 0, number + 3);
          const auto same = [&](std::size_t size, auto call) {
            AlignedBuffer<float> expected = padded_numbers(size, lanes, columns, resume ? 0.0f : 7.0f, number + 4), got = padded_numbers(size, lanes, columns, resume ? 0.0f : 7.0f, number + 4);
            call(static_cast<int>(lanes), expected.data());
            call(static_cast<int>(columns), got.data());
            return testing::same_bits({got.data(), got.size()}, {expected.data(), expected.size()});
          };
          EXPECT_TRUE(same(rows + 1, [&](int real, float* out) {
            kernels.product({x.data(), stride, inputs, w.data(), number % 2 == 0 ? nullptr : start.data(), out, d.data(), static_cast<int>(lanes), real, 1, static_cast<int>(rows) + 1,
                             number % 4 == 0 ? cpu::Epilogue::relu_factor : cpu::Epilogue::none, resume, nullptr});
          })) << "product, columns " << columns << ", rows " << rows << ", inputs " << inputs << ", resume " << resume;
          EXPECT_TRUE(same(inputs, [&](int real, float* out) {
            kernels.gradient({x.data(), stride, static_cast<int>(inputs / panel * panel + tail), d.data(), static_cast<int>(lanes), real, 1, static_cast<int>(rows) + 1, 0,
                              static_cast<int>(inputs), out, resume, 0, {}});
          })) << "gradient, columns " << columns << ", rows " << rows << ", inputs " << inputs << ", resume " << resume;
        }
      }
    }
  });
}

}  // namespace
}  // namespace chainrule::engine
