// The reference as a plan: the step by hand, prediction in pieces, averages, non-finite values, and fp32 against fp64.
#include "engine/reference/reference_plan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "base/counted_new.h"
#include "engine/reference/test_networks.h"

namespace chainrule::engine {
namespace {

using namespace reference::testing;

/// Rows in memory with a Samples view on them.
struct Rows {
  std::vector<float> x, y, weights;
  std::vector<std::int32_t> labels;
  Samples samples;
  std::vector<std::uint32_t> order;

  Rows(const NetworkSpec& spec, std::size_t rows) {
    const reference::Batch<float> batch = make_batch<float>(spec, rows);
    x = batch.x.values;
    y = batch.y.values;
    weights = batch.weights;
    labels = batch.labels;
    samples = {x.data(), y.empty() ? nullptr : y.data(), labels.empty() ? nullptr : labels.data(), weights.data(), nullptr, rows,
               spec.inputs, batch.y.columns};
    order.resize(rows);
    std::iota(order.begin(), order.end(), 0u);
  }
};

StepControl control_for(const TrainingSpec& training, std::uint64_t t) {
  StepControl control;
  control.step = t;
  control.update = math::update_constants(training.optimizer, t, 0.01, 0);
  return control;
}

struct Prepared {
  NetworkSpec spec;
  TrainingSpec training;
  std::unique_ptr<Plan> plan;

  explicit Prepared(const NetworkSpec& network, double ema = 0, std::size_t max_batch = 8) : spec(network) {
    training.optimizer = default_optimizer("adam");
    training.ema = ema;
    PlanOptions options;
    options.max_batch = max_batch;
    plan = make_reference_plan(spec, training, options);
    plan->load(Part::parameters, net::initial_parameters(spec, 1));
    plan->load(Part::average, net::initial_parameters(spec, 1));
  }
  std::vector<float> stored(Part part) const {
    std::vector<float> values(net::ParameterLayout(spec).size);
    plan->store(part, values);
    return values;
  }
};

TEST(ReferencePlan, StepEqualsForwardLossBackwardUpdate) {
  const NetworkSpec spec = sandwich(Activation::prelu, Loss::cross_entropy, LayerKind::batch_norm, 1);
  Prepared fused(spec), by_hand(spec);
  const Rows rows(spec, 6);
  for (std::uint64_t t = 1; t <= 4; ++t) {
    const StepControl control = control_for(fused.training, t);
    const StepResult result = fused.plan->step(rows.samples, rows.order, control);
    by_hand.plan->forward(rows.samples, rows.order, Mode::train, control);
    EXPECT_EQ(by_hand.plan->loss(rows.samples, rows.order), result.loss);
    by_hand.plan->backward({}, {});
    by_hand.plan->update(control);
    EXPECT_EQ(fused.stored(Part::parameters), by_hand.stored(Part::parameters));
    EXPECT_EQ(fused.stored(Part::state1), by_hand.stored(Part::state1));
  }
}

TEST(ReferencePlan, StepAndPredictAllocateNothing) {
  for (int dropout = 0; dropout < kDropoutCases; ++dropout) {
    for (const LayerKind kind : kLayerKinds) {
      Prepared p(sandwich(Activation::gelu, Loss::cross_entropy, kind, dropout), 0.9);
      const Rows rows(p.spec, 8);
      const StepControl control = control_for(p.training, 1);
      std::vector<float> outputs(8 * p.spec.outputs()), dx(8 * p.spec.inputs);
      const std::size_t before = chainrule::testing::allocations;
      p.plan->step(rows.samples, rows.order, control);
      p.plan->forward(rows.samples, rows.order, Mode::monte_carlo, control);
      p.plan->predict(rows.x.data(), 8, true, outputs.data());
      p.plan->forward(rows.samples, rows.order, Mode::train, control);
      p.plan->backward(outputs, dx);
      EXPECT_EQ(chainrule::testing::allocations, before) << dropout_case_name(dropout) << " " << kLayerKindNames[static_cast<int>(kind)];
    }
  }
}

TEST(ReferencePlan, PredictionDoesNotDependOnHowRowsAreCut) {
  const NetworkSpec spec = sandwich(Activation::gelu, Loss::squared_error, LayerKind::batch_norm, 2);
  const Rows rows(spec, 13);
  std::vector<float> whole(13 * spec.outputs()), pieces(whole.size());
  Prepared(spec, 0, 64).plan->predict(rows.x.data(), 13, false, whole.data());
  Prepared(spec, 0, 3).plan->predict(rows.x.data(), 13, false, pieces.data());
  EXPECT_EQ(whole, pieces);
}

TEST(ReferencePlan, PredictionWithTheAverageUsesItAndLeavesTheParameters) {
  const NetworkSpec spec = sandwich(Activation::gelu, Loss::squared_error, LayerKind::plain, 0);
  Prepared p(spec, 0.9);
  const Rows rows(spec, 4);
  std::vector<float> first(4 * spec.outputs()), averaged(first.size()), current(first.size());
  p.plan->predict(rows.x.data(), 4, false, first.data());
  p.plan->load(Part::parameters, std::vector<float>(net::ParameterLayout(spec).size, 0.5f));
  p.plan->predict(rows.x.data(), 4, true, averaged.data());
  p.plan->predict(rows.x.data(), 4, false, current.data());
  EXPECT_EQ(first, averaged);
  EXPECT_NE(first, current);
  EXPECT_EQ(p.stored(Part::parameters)[0], 0.5f);
}

TEST(ReferencePlan, NonFiniteLossSkipsTheUpdateAndSaysSo) {
  const NetworkSpec spec = sandwich(Activation::relu, Loss::squared_error, LayerKind::plain, 0);
  Prepared p(spec);
  Rows rows(spec, 4);
  rows.x[5] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> before = p.stored(Part::parameters);
  EXPECT_FALSE(p.plan->step(rows.samples, rows.order, control_for(p.training, 1)).finite);
  EXPECT_EQ(p.stored(Part::parameters), before);
}

TEST(ReferencePlan, NonFiniteParametersAreReported) {
  const NetworkSpec spec = sandwich(Activation::relu, Loss::squared_error, LayerKind::plain, 0);
  Prepared p(spec);
  const Rows rows(spec, 4);
  StepControl control = control_for(p.training, 1);
  control.update.rate = std::numeric_limits<double>::infinity();
  EXPECT_FALSE(p.plan->step(rows.samples, rows.order, control).finite);
}

TEST(ReferencePlan, InputGradientIsWrittenForTheCallersOutputGradient) {
  const NetworkSpec spec = sandwich(Activation::tanh, Loss::squared_error, LayerKind::input_scale, 0);
  Prepared p(spec);
  const Rows rows(spec, 2);
  p.plan->forward(rows.samples, rows.order, Mode::train, {});
  std::vector<float> zero(2 * spec.outputs()), ones(2 * spec.outputs(), 1.0f), dx(2 * spec.inputs, 7.0f);
  p.plan->backward(zero, dx);
  for (const float d : dx) EXPECT_EQ(d, 0);
  p.plan->backward(ones, dx);
  for (const float d : dx) EXPECT_NE(d, 0);
}

TEST(ReferencePlan, Fp32StaysCloseToFp64OverTrainingSteps) {
  for (const Activation activation : all<Activation>()) {
    const NetworkSpec spec = sandwich(activation, Loss::cross_entropy, LayerKind::layer_norm, 1);
    Prepared p(spec);
    const Rows rows(spec, 8);
    reference::ReferenceNetwork<double> judge(spec, p.training, 8);
    const std::vector<float> start = p.stored(Part::parameters);
    judge.parameters().assign(start.begin(), start.end());
    const reference::Batch<double> batch = make_batch<double>(spec, 8);
    for (std::uint64_t t = 1; t <= 3; ++t) {
      const StepControl control = control_for(p.training, t);
      const double loss = p.plan->step(rows.samples, rows.order, control).loss;
      judge.forward(batch, Mode::train, control);
      EXPECT_NEAR(loss, judge.loss(batch), 2e-5) << name(activation);
      judge.backward();
      judge.update(control);
    }
  }
}

}  // namespace
}  // namespace chainrule::engine
