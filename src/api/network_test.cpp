// The network in memory: by hand equals fused, nothing is allocated in a step, sizes are checked.
#include "chainrule/network.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/counted_new.h"
#include "base/counter_rng.h"
#include "chainrule/error.h"

namespace chainrule {
namespace {

constexpr std::size_t kRows = 24, kInputs = 5, kClasses = 3;

struct Problem {
  NetworkSpec network;
  TrainingSpec training;
  std::vector<float> x;
  std::vector<std::int32_t> labels;
  std::vector<std::uint32_t> rows;
  Samples samples;

  Problem() {
    network.inputs = kInputs;
    network.layers.resize(3);
    for (LayerSpec& layer : network.layers) {
      layer.units = 17;
      layer.dropout.rate = 0.25;
    }
    network.layers.back().units = kClasses;
    network.layers.back().activation = Activation::identity;
    network.layers.back().dropout.rate = 0;
    network.loss.kind = Loss::cross_entropy;
    training.optimizer = default_optimizer("adamw");
    for (std::uint32_t r = 0; r < kRows; ++r) {
      for (std::uint32_t k = 0; k < kInputs; ++k)
        x.push_back(static_cast<float>(draw({3, Purpose::subsample, 0, 0, r}, k) >> 8) * 0x1p-23f - 1);
      labels.push_back(static_cast<std::int32_t>(r % kClasses));
      rows.push_back(r);
    }
    samples.x = x.data();
    samples.labels = labels.data();
    samples.rows = kRows;
    samples.inputs = kInputs;
  }
  Network make(EngineKind engine = EngineKind::automatic) const {
    PlanOptions options;
    options.engine = engine;
    options.threads = 2;
    options.max_batch = kRows;
    return Network(network, training, options);
  }
};

// dL/dlogits of mean cross-entropy, in double.
std::vector<float> cross_entropy_gradient(std::span<const float> logits, const std::vector<std::int32_t>& labels) {
  std::vector<float> gradient(logits.size());
  for (std::size_t r = 0; r < kRows; ++r) {
    double sum = 0;
    for (std::size_t c = 0; c < kClasses; ++c) sum += std::exp(static_cast<double>(logits[r * kClasses + c]));
    for (std::size_t c = 0; c < kClasses; ++c) {
      const double p = std::exp(static_cast<double>(logits[r * kClasses + c])) / sum;
      gradient[r * kClasses + c] =
          static_cast<float>((p - (labels[r] == static_cast<std::int32_t>(c) ? 1 : 0)) / kRows);
    }
  }
  return gradient;
}

TEST(Network, StepByHandFollowsTheFusedStep) {
  for (EngineKind engine : {EngineKind::automatic, EngineKind::reference}) {
    const Problem problem;
    Network fused = problem.make(engine), by_hand = problem.make(engine);
    for (int step = 0; step < 5; ++step) {
      fused.step(problem.samples, problem.rows);
      const auto logits = by_hand.forward(problem.samples, problem.rows);
      by_hand.backward(cross_entropy_gradient(logits, problem.labels));
      by_hand.update();
    }
    const std::vector<float> a = fused.parameters(), b = by_hand.parameters();
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 2e-4) << i;  // own gradient: not the same bits
    EXPECT_EQ(fused.steps_done(), by_hand.steps_done());
  }
}

TEST(Network, StepAndPredictionAllocateNothing) {
  for (const char* optimizer : {"adamw", "sgd", "momentum:nesterov"}) {
    Problem problem;
    problem.training.optimizer = default_optimizer(optimizer);
    problem.training.clip_norm = 1;
    problem.training.ema = 0.99;
    Network network = problem.make();
    std::vector<float> outputs(kRows * kClasses), gradient(kRows * kClasses, 0.01f);
    network.step(problem.samples, problem.rows);
    const std::size_t before = chainrule::testing::allocations;
    for (int i = 0; i < 20; ++i) {
      network.step(problem.samples, std::span(problem.rows).first(1 + i));
      network.forward(problem.samples, problem.rows);
      network.backward(gradient);
      network.update();
      network.predict(problem.x.data(), kRows, outputs.data());
    }
    EXPECT_EQ(chainrule::testing::allocations, before) << optimizer;
  }
}

TEST(Network, SpecAndSeedDecideTheInitialWeights) {
  Problem problem;
  const std::string digest = problem.make().digest();
  EXPECT_EQ(problem.make(EngineKind::reference).digest(), digest);
  problem.training.seed = 1;
  EXPECT_NE(problem.make().digest(), digest);
}

TEST(Network, ParametersRoundTripAndWrongSizesAreRefused) {
  const Problem problem;
  Network network = problem.make();
  std::vector<float> values(network.parameter_count());
  std::iota(values.begin(), values.end(), 1.0f);
  network.set_parameters(values);
  EXPECT_EQ(network.parameters(), values);
  values.pop_back();
  EXPECT_THROW(network.set_parameters(values), Error);
  EXPECT_THROW(network.set_average(values), Error);
  EXPECT_TRUE(network.average().empty());
}

TEST(Network, RunningMeanPredictsAndStartsAtTheParameters) {
  Problem problem;
  problem.training.ema = 0.5;
  Network network = problem.make();
  EXPECT_EQ(network.average(), network.parameters());
  network.step(problem.samples, problem.rows);  // the mean of one step's weights
  for (std::size_t i = 0; i < network.parameter_count(); ++i) EXPECT_NEAR(network.average()[i], network.parameters()[i], 1e-6);
  network.step(problem.samples, problem.rows);
  EXPECT_NE(network.average(), network.parameters());
  std::vector<float> averaged(kRows * kClasses), set(kRows * kClasses);
  network.predict(problem.x.data(), kRows, averaged.data());
  network.set_parameters(network.average());
  network.predict(problem.x.data(), kRows, set.data());
  EXPECT_EQ(averaged, set);
}

TEST(Network, MonteCarloSamplesDifferByNumberAndRepeat) {
  const Problem problem;
  Network network = problem.make();
  std::vector<float> a(kRows * kClasses), b(a), c(a);
  network.predict_sample(problem.x.data(), kRows, 1, a.data());
  network.predict_sample(problem.x.data(), kRows, 2, b.data());
  network.predict_sample(problem.x.data(), kRows, 1, c.data());
  EXPECT_NE(a, b);
  EXPECT_EQ(a, c);
}

TEST(Network, InputGradientIsThatOfFiniteDifferences) {
  Problem problem;
  for (LayerSpec& layer : problem.network.layers) layer.dropout.rate = 0;
  problem.network.layers[0].activation = problem.network.layers[1].activation = Activation::tanh;
  Network network = problem.make();
  std::vector<float> input_gradient(kRows * kInputs), gradient(kRows * kClasses, 0.0f);
  gradient[0] = 1;  // dL/dx of the first output of the first row
  network.forward(problem.samples, problem.rows);
  network.backward(gradient, input_gradient);
  for (std::size_t k = 0; k < kInputs; ++k) {
    const float kept = problem.x[k];
    problem.x[k] = kept + 1e-2f;
    const float above = network.forward(problem.samples, problem.rows)[0];
    problem.x[k] = kept - 1e-2f;
    const float below = network.forward(problem.samples, problem.rows)[0];
    problem.x[k] = kept;
    EXPECT_NEAR(input_gradient[k], (above - below) / 2e-2f, 2e-3) << k;
  }
}

TEST(Network, SchedulesMoveOnlyWhenTheRunLengthIsKnown) {
  Problem problem;
  problem.training.optimizer = default_optimizer("sgd");
  problem.training.learning_rate_schedule.kind = ScheduleKind::cosine;
  Network constant = problem.make(), scheduled = problem.make();
  scheduled.set_run_length(2, 1);
  for (int step = 0; step < 2; ++step) {
    constant.step(problem.samples, problem.rows);
    scheduled.step(problem.samples, problem.rows);
  }
  EXPECT_NE(constant.digest(), scheduled.digest());
}

TEST(Network, LbfgsTakesNoSteps) {
  Problem problem;
  for (LayerSpec& layer : problem.network.layers) layer.dropout.rate = 0;
  problem.training.optimizer = default_optimizer("lbfgs");
  Network network = problem.make();
  EXPECT_THROW(network.step(problem.samples, problem.rows), Error);
}

}  // namespace
}  // namespace chainrule
