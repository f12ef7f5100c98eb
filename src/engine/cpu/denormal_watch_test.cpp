// Denormals in the optimiser's state: seen by one update of 64, gone around by the others, and no bit differs from the reference.
#include "engine/cpu/denormal_watch.h"

#include <gtest/gtest.h>

#include "engine/cpu/plan_pair_test.h"

namespace chainrule::engine {
namespace {

using testing::on_all_instruction_sets;
using testing::Pair;
using testing::RandomNetwork;

TEST(DenormalWatch, OneUpdateOf64Decides) {
  cpu::DenormalWatch watch;
  EXPECT_TRUE(watch.looks()) << "a plan may continue a run that has faded";
  watch.updated(126, 1000);
  EXPECT_TRUE(watch.fades()) << "more than an eighth";
  for (int i = 1; i < 64; ++i) {
    EXPECT_FALSE(watch.looks());
    watch.updated(0, 1000);
    EXPECT_TRUE(watch.fades()) << "nobody looked";
  }
  EXPECT_TRUE(watch.looks());
  watch.updated(125, 1000);
  EXPECT_FALSE(watch.fades()) << "an eighth";
}

RandomNetwork relu_network(Optimizer kind, std::size_t batch, double clip_norm) {
  RandomNetwork random;
  random.network.inputs = 40;
  for (const std::size_t units : {70, 33, 5}) {
    LayerSpec layer;
    layer.units = units;
    layer.activation = Activation::relu;
    random.network.layers.push_back(layer);
  }
  random.network.layers.back().activation = Activation::identity;
  random.training.optimizer = default_optimizer(name(kind));
  random.training.clip_norm = clip_norm;
  random.max_batch = batch;
  return random;
}

/// Denormals of both signs among ordinary numbers; the largest ones leave the denormals only by gradients.
std::vector<float> faded(std::size_t size, float ordinary, bool with_sign) {
  std::vector<float> values(size);
  for (std::size_t i = 0; i < size; ++i) {
    const float denormal = 0x1p-149f * static_cast<float>(1 + (i * 7919) % 8000000);
    values[i] = i % 3 == 0 ? ordinary : with_sign && i % 2 == 0 ? -denormal : i % 5 == 0 ? 0x1p-147f : denormal;
  }
  return values;
}

/// Steps (a row, or a batch; gradients stored, or not) on faded state.
void expect_equal_steps(Optimizer kind, std::size_t batch, double clip_norm, int threads) {
  SCOPED_TRACE(std::string(name(kind)) + ", " + std::to_string(batch) + " rows, " + std::to_string(threads) + " threads");
  Pair pair(relu_network(kind, batch, clip_norm), 5, threads);
  pair.data.samples.weights = nullptr;
  for (Plan* plan : {pair.fast.get(), pair.slow.get()}) {
    plan->load(Part::state0, faded(pair.size, 1e-4f, kind != Optimizer::rmsprop));
    plan->load(Part::state1, faded(pair.size, 1e-7f, false));
  }
  for (std::uint64_t t = 1; t <= 70; ++t) {
    const std::vector<std::uint32_t> rows = pair.rows(t);
    pair.fast->step(pair.data.samples, rows, pair.control(t));
    pair.slow->step(pair.data.samples, rows, pair.control(t));
    if (t > 3 && t < 64) continue;
    ASSERT_NO_FATAL_FAILURE(pair.expect_equal_state()) << "step " << t;
  }
}

TEST(DenormalWatch, FadedStateGivesTheBitsOfTheReference) {
  on_all_instruction_sets([] {
    for (const Optimizer kind : {Optimizer::adam, Optimizer::adamw, Optimizer::nadam, Optimizer::radam, Optimizer::adamax, Optimizer::rmsprop}) {
      for (const int threads : {1, 2}) {
        expect_equal_steps(kind, 1, 0, threads);
        expect_equal_steps(kind, 9, 0, threads);
      }
      expect_equal_steps(kind, 9, 0.5, 2);
    }
  });
}

}  // namespace
}  // namespace chainrule::engine
