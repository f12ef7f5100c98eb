// What must hold whatever the data: weights are repetitions, column order is a name, shards are a grouping, updates use fresh gradients.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/reference/gradient_check.h"
#include "engine/reference/test_networks.h"

namespace chainrule::reference {
namespace {

using namespace testing;

/// `batch` with only these rows, in this order.
Batch<double> rows_of(const Batch<double>& batch, const std::vector<std::size_t>& rows) {
  Batch<double> part;
  part.x.reshape(rows.size(), batch.x.columns);
  part.y.reshape(batch.y.rows == 0 ? 0 : rows.size(), batch.y.columns);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t k = 0; k < batch.x.columns; ++k) part.x(i, k) = batch.x(rows[i], k);
    for (std::size_t k = 0; k < batch.y.columns; ++k) part.y(i, k) = batch.y(rows[i], k);
    if (!batch.labels.empty()) part.labels.push_back(batch.labels[rows[i]]);
    part.weights.push_back(batch.weights[rows[i]]);
    part.ids.push_back(batch.ids[rows[i]]);
  }
  return part;
}

struct LossAndGradient {
  double loss = 0;
  std::vector<double> gradient;
};

/// Summed over the rows, as what a batch adds to its epoch: a batch's own loss and gradient are divided by its number of rows.
LossAndGradient loss_and_gradient(const NetworkSpec& spec, const Batch<double>& batch, std::uint32_t shards = 1) {
  TrainingSpec training;
  training.shards = shards;
  ReferenceNetwork<double> network(spec, training, batch.rows());
  fill_parameters(network, 3);
  network.forward(batch, Mode::train, {});
  const double loss = network.loss(batch);
  network.backward();
  const double rows = static_cast<double>(batch.rows());
  std::vector<double> sums = network.gradients();
  for (double& g : sums) g *= rows;
  return {rows * loss, sums};
}

void expect_close(const LossAndGradient& a, const LossAndGradient& b, const std::string& what) {
  EXPECT_NEAR(a.loss, b.loss, 1e-13) << what;
  for (std::size_t i = 0; i < a.gradient.size(); ++i) EXPECT_NEAR(a.gradient[i], b.gradient[i], 1e-13) << what << " " << i;
}

template <class Check>
void for_all_losses_and_kinds(Check check) {
  for (const Loss loss : all<Loss>()) {
    for (const LayerKind kind : kLayerKinds) {
      const NetworkSpec spec = sandwich(Activation::selu, loss, kind, 1);
      check(spec, std::string(name(loss)) + " x " + kLayerKindNames[static_cast<int>(kind)]);
    }
  }
}

TEST(RowWeights, WeightTwoIsTheRowTwice) {
  for_all_losses_and_kinds([](const NetworkSpec& spec, const std::string& what) {
    Batch<double> batch = make_batch<double>(spec, 5);
    const Batch<double> twice = rows_of(batch, {0, 1, 2, 2, 3, 4});
    batch.weights[2] *= 2;
    expect_close(loss_and_gradient(spec, batch), loss_and_gradient(spec, twice), what);
  });
}

TEST(RowWeights, WeightZeroIsTheRowsAbsence) {
  for_all_losses_and_kinds([](const NetworkSpec& spec, const std::string& what) {
    Batch<double> batch = make_batch<double>(spec, 5);
    const Batch<double> without = rows_of(batch, {0, 1, 3, 4});
    batch.weights[2] = 0;
    expect_close(loss_and_gradient(spec, batch), loss_and_gradient(spec, without), what);
  });
}

TEST(RowWeights, DoublingAllDoublesLossAndGradient) {
  for_all_losses_and_kinds([](const NetworkSpec& spec, const std::string& what) {
    Batch<double> batch = make_batch<double>(spec, 5);
    LossAndGradient once = loss_and_gradient(spec, batch);
    for (double& w : batch.weights) w *= 2;
    once.loss *= 2;
    for (double& g : once.gradient) g *= 2;
    expect_close(loss_and_gradient(spec, batch), once, what);
  });
}

TEST(RowWeights, AllZeroGivesNoLossAndNoGradient) {
  for_all_losses_and_kinds([](const NetworkSpec& spec, const std::string& what) {
    Batch<double> batch = make_batch<double>(spec, 3);
    for (double& w : batch.weights) w = 0;
    const LossAndGradient result = loss_and_gradient(spec, batch);
    EXPECT_EQ(result.loss, 0) << what;
    for (const double g : result.gradient) EXPECT_EQ(g, 0) << what;
  });
}

TEST(Columns, MovingThemWithTheirWeightsChangesNothingBeyondRounding) {
  const NetworkSpec spec = sandwich(Activation::gelu, Loss::cross_entropy, LayerKind::layer_norm, 1);
  const std::size_t order[] = {2, 0, 1};
  ReferenceNetwork<double> network(spec, {}, 5), moved(spec, {}, 5);
  fill_parameters(network, 3);
  moved.parameters() = network.parameters();
  const Batch<double> batch = make_batch<double>(spec, 5);
  Batch<double> moved_batch = batch;
  for (std::size_t k = 0; k < 3; ++k) {
    for (std::size_t r = 0; r < 5; ++r) moved_batch.x(r, k) = batch.x(r, order[k]);
    for (std::size_t o = 0; o < 4; ++o) moved.parameters()[o * 3 + k] = network.parameters()[o * 3 + order[k]];
  }
  network.forward(batch, Mode::train, {});
  moved.forward(moved_batch, Mode::train, {});
  EXPECT_NEAR(network.loss(batch), moved.loss(moved_batch), 1e-14);
  network.backward();
  moved.backward();
  for (std::size_t k = 0; k < 3; ++k) {
    for (std::size_t o = 0; o < 4; ++o) EXPECT_NEAR(network.gradients()[o * 3 + order[k]], moved.gradients()[o * 3 + k], 1e-14);
  }
}

TEST(Shards, AnyNumberGivesTheSameUpToRounding) {
  for_all_losses_and_kinds([](const NetworkSpec& spec, const std::string& what) {
    const Batch<double> batch = make_batch<double>(spec, 11);
    const LossAndGradient whole = loss_and_gradient(spec, batch);
    for (const std::uint32_t shards : {2u, 4u, 8u, 16u}) expect_close(whole, loss_and_gradient(spec, batch, shards), what);
  });
}

TEST(Shards, RunsAreAddedInABinaryTreeNeighboursFirst) {
  const RowOrder order{7, 4};  // runs of rows [0,1) [1,3) [3,5) [5,7)
  const float terms[] = {1e8f, 1, 1, -1e8f, 3, 5, 7};
  const float sum = sum_over_rows<float>(order, [&](float total, std::size_t r) { return total + terms[r]; });
  EXPECT_EQ(sum, (1e8f + (1.0f + 1.0f)) + ((-1e8f + 3.0f) + (5.0f + 7.0f)));
  EXPECT_EQ(sum_over_rows<float>({2, 8}, [&](float total, std::size_t r) { return total + terms[r]; }), 1e8f + 1);
}

TEST(Update, EverySgdStepUsesTheGradientOfTheWeightsBeforeIt) {
  const NetworkSpec spec = sandwich(Activation::silu, Loss::squared_error, LayerKind::batch_norm, 1);
  TrainingSpec training;
  training.optimizer = default_optimizer("sgd");
  ReferenceNetwork<double> network(spec, training, 5);
  fill_parameters(network, 3);
  const Batch<double> batch = make_batch<double>(spec, 5);
  for (std::uint64_t t = 1; t <= 3; ++t) {
    StepControl control;
    control.step = t;
    control.update = math::update_constants(training.optimizer, t, 0.1, 0);
    const ClaimedGradients fresh = back_propagate(network, batch, control);
    EXPECT_LT(check_gradients(network, batch, control, fresh).max_relative_error, 1e-6);
    const std::vector<double> before = network.parameters();
    network.forward(batch, Mode::train, control);
    network.loss(batch);
    network.backward();
    network.update(control);
    for (const net::Tensor& tensor : network.layout().tensors) {
      if (!tensor.info.trainable) continue;
      for (std::size_t i = tensor.info.offset; i < tensor.info.offset + tensor.info.size; ++i) {
        EXPECT_NEAR(network.parameters()[i], before[i] - 0.1 * fresh.parameters[i], 1e-15) << tensor.info.name << " step " << t;
      }
    }
  }
}

/// An update that moves nothing by itself: sgd at learning rate 0.
StepControl standing_still(TrainingSpec& training) {
  training.optimizer = default_optimizer("sgd");
  StepControl control;
  control.update = math::update_constants(training.optimizer, 1, 0, 0);
  return control;
}

TEST(Update, ClippingLimitsElementsThenLength) {
  const NetworkSpec spec = sandwich(Activation::tanh, Loss::squared_error, LayerKind::plain, 0);
  TrainingSpec training;
  training.optimizer = default_optimizer("sgd");
  training.clip_value = 0.5;
  training.clip_norm = 0.7;
  ReferenceNetwork<double> network(spec, training, 5);
  fill_parameters(network, 3);
  for (double& g : network.gradients()) g = 0;
  network.gradients()[0] = 3;
  network.gradients()[1] = -0.4;
  network.gradients()[2] = -9;
  StepControl control;
  control.update = math::update_constants(training.optimizer, 1, 1.0, 0);
  const std::vector<double> before = network.parameters();
  const double length = std::sqrt(0.25 + 0.16 + 0.25);
  EXPECT_NEAR(network.update(control), length, 1e-15);
  EXPECT_NEAR(before[0] - network.parameters()[0], 0.5 * 0.7 / length, 1e-15);
  EXPECT_NEAR(before[1] - network.parameters()[1], -0.4 * 0.7 / length, 1e-15);
}

TEST(Update, MaxNormShortensOnlyLongRows) {
  NetworkSpec spec = sandwich(Activation::tanh, Loss::squared_error, LayerKind::plain, 0);
  spec.loss.max_norm = 1;
  TrainingSpec training;
  const StepControl control = standing_still(training);
  ReferenceNetwork<double> network(spec, training, 5);
  for (std::size_t i = 0; i < 3; ++i) network.parameters()[i] = 2, network.parameters()[3 + i] = 0.1;
  network.update(control);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(network.parameters()[i], 1 / std::sqrt(3.0), 1e-15);
    EXPECT_EQ(network.parameters()[3 + i], 0.1);
  }
}

TEST(Update, TheRunningMeanIsThatOfTheWeightsSoFarAndOfNothingBeforeThem) {
  const NetworkSpec spec = sandwich(Activation::tanh, Loss::squared_error, LayerKind::plain, 0);
  TrainingSpec training;
  StepControl control = standing_still(training);
  training.ema = 0.75;
  ReferenceNetwork<double> network(spec, training, 5);
  for (double& e : network.average()) e = -100;  // what was there before the first step
  double sum = 0, shares = 0;
  for (std::uint64_t t = 1; t <= 20; ++t) {
    const double now = 1.0 / static_cast<double>(t);
    for (double& w : network.parameters()) w = now;
    control.step = t;
    network.update(control);
    sum = 0.75 * sum + 0.25 * now;
    shares = 0.75 * shares + 0.25;
    EXPECT_NEAR(network.average()[0], sum / shares, 1e-13) << t;
  }
}

TEST(BatchNorm, UnbiasedVarianceDoesNotKnowACommonFactorOfTheWeights) {
  const NetworkSpec spec = sandwich(Activation::identity, Loss::squared_error, LayerKind::batch_norm, 0);
  const auto variance_after = [&](double factor) {
    ReferenceNetwork<double> network(spec, {}, 32);
    fill_parameters(network, 3);
    Batch<double> batch = make_batch<double>(spec, 32);
    for (double& w : batch.weights) w *= factor;
    network.forward(batch, Mode::train, {});
    return network.parameters()[network.layout().find(net::Role::running_variance, 1)->info.offset];
  };
  const double once = variance_after(1);
  for (const double factor : {1e-3, 1.0 / 64, 1.0 / 32, 0.04, 0.5, 7.0, 1e6}) EXPECT_NEAR(variance_after(factor), once, 1e-12 * once) << factor;
}

TEST(BatchNorm, ABatchWhoseWeightLiesOnOneRowMovesNoRunningStatistics) {
  const NetworkSpec spec = sandwich(Activation::identity, Loss::squared_error, LayerKind::batch_norm, 0);
  for (const std::size_t rows : {1u, 4u}) {
    ReferenceNetwork<double> network(spec, {}, rows);
    fill_parameters(network, 3);
    const std::vector<double> before = network.parameters();
    Batch<double> batch = make_batch<double>(spec, rows);
    for (std::size_t r = 1; r < rows; ++r) batch.weights[r] = 0;
    network.forward(batch, Mode::train, {});
    EXPECT_EQ(network.parameters(), before) << rows;
  }
}

TEST(BatchNorm, AShareOfOneMakesTheRunningStatisticsThoseOfTheBatch) {
  const NetworkSpec spec = sandwich(Activation::identity, Loss::squared_error, LayerKind::batch_norm, 0);
  ReferenceNetwork<double> network(spec, {}, 5);
  fill_parameters(network, 3);
  const Batch<double> batch = make_batch<double>(spec, 5);
  StepControl control;
  control.running_share = 1;
  network.forward(batch, Mode::train, control);
  const std::vector<double> once = network.parameters();
  network.forward(batch, Mode::train, control);
  for (std::size_t i = 0; i < once.size(); ++i) EXPECT_NEAR(network.parameters()[i], once[i], 1e-14);
  network.forward(batch, Mode::predict, {});
  double squares = 0;
  for (std::size_t r = 0; r < 5; ++r) squares += batch.weights[r] * std::pow(network.layers()[1].xhat(r, 0), 2);
  EXPECT_GT(squares, 1);  // normalised by its own statistics: some 5 times the mean weight
}

TEST(Dropout, PredictionUsesTheScheduledRate) {
  for (const DropoutKind kind : {DropoutKind::standard, DropoutKind::dropconnect}) {
    NetworkSpec spec = sandwich(Activation::tanh, Loss::squared_error, LayerKind::plain, 0);
    spec.layers[1].dropout = {kind, 0.5};
    NetworkSpec without = spec;
    without.layers[1].dropout.rate = 0;
    ReferenceNetwork<double> scheduled(spec, {}, 3), plain(without, {}, 3);
    fill_parameters(scheduled, 3);
    fill_parameters(plain, 3);
    const Batch<double> batch = make_batch<double>(spec, 3);
    StepControl control;
    control.dropout_factor = 0;
    EXPECT_EQ(scheduled.forward(batch, Mode::predict, control).values, plain.forward(batch, Mode::predict, {}).values) << name(kind);
  }
}

TEST(BatchNorm, RunningStatisticsMoveATenthAndServePrediction) {
  NetworkSpec spec = sandwich(Activation::identity, Loss::squared_error, LayerKind::batch_norm, 0);
  ReferenceNetwork<double> network(spec, {}, 5);
  fill_parameters(network, 3);
  Batch<double> batch = make_batch<double>(spec, 5);
  for (double& w : batch.weights) w = 1;
  network.forward(batch, Mode::train, {});
  const net::Tensor& mean = *network.layout().find(net::Role::running_mean, 1);
  const net::Tensor& variance = *network.layout().find(net::Role::running_variance, 1);
  for (std::size_t u = 0; u < 4; ++u) {
    double sum = 0, squares = 0;
    for (std::size_t r = 0; r < 5; ++r) sum += network.layers()[1].z(r, u) / 5;
    for (std::size_t r = 0; r < 5; ++r) squares += std::pow(network.layers()[1].z(r, u) - sum, 2) / 4;
    EXPECT_NEAR(network.parameters()[mean.info.offset + u], 0.1 * sum, 1e-15);
    EXPECT_NEAR(network.parameters()[variance.info.offset + u], 0.9 + 0.1 * squares, 1e-15);
  }
  const std::vector<double> parameters = network.parameters();
  network.forward(batch, Mode::predict, {});
  EXPECT_EQ(network.parameters(), parameters);
  EXPECT_NEAR(network.layers()[1].xhat(0, 0),
              (network.layers()[1].z(0, 0) - parameters[mean.info.offset]) / std::sqrt(parameters[variance.info.offset] + 1e-5), 1e-12);
}

}  // namespace
}  // namespace chainrule::reference
