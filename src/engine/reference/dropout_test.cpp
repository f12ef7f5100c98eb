// Dropout's statistics and promises: keep rate, equal expectation at train and test, rate 0, same mask in both directions.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/reference/test_networks.h"

namespace chainrule::reference {
namespace {

using namespace testing;

constexpr double kRate = 0.3;

/// 8 inputs -> 50 units with dropout of the kind -> 1 output, all linear but the units' selu.
NetworkSpec wide_spec(int dropout_case, double rate = kRate) {
  NetworkSpec spec = sandwich(Activation::identity, Loss::squared_error, LayerKind::plain, 0);
  spec.inputs = 8;
  spec.layers.resize(2);
  spec.layers[0].units = 50;
  spec.layers[0].activation = dropout_case == 1 + static_cast<int>(DropoutKind::alpha) ? Activation::selu : Activation::identity;
  spec.layers[1].units = 1;
  spec.layers[1].activation = Activation::identity;
  if (dropout_case >= 1 && dropout_case <= 5) spec.layers[0].dropout = {static_cast<DropoutKind>(dropout_case - 1), rate};
  if (dropout_case == 6) spec.input_dropout = {DropoutKind::standard, rate};
  return spec;
}

TEST(Dropout, KeepRateLiesInsideBinomialBounds) {
  for (const DropoutKind kind : {DropoutKind::inverted, DropoutKind::standard, DropoutKind::alpha, DropoutKind::dropconnect}) {
    const NetworkSpec spec = wide_spec(1 + static_cast<int>(kind));
    ReferenceNetwork<double> network(spec, {}, 10);
    const Batch<double> batch = make_batch<double>(spec, 10);
    double kept = 0, drawn = 0;
    for (std::uint64_t step = 1; step <= 100; ++step) {
      StepControl control;
      control.step = step;
      network.forward(batch, Mode::train, control);
      const bool connect = kind == DropoutKind::dropconnect;
      const Matrix<double>& mask = connect ? network.layers()[0].weight_mask : network.layers()[0].mask;
      for (const double m : mask.values) kept += m != 0, drawn += 1;
    }
    const double deviation = std::sqrt(kRate * (1 - kRate) / drawn);
    EXPECT_NEAR(kept / drawn, 1 - kRate, 4 * deviation) << name(kind);
  }
}

/// Mean of the output over many masks, and its standard error.
void expect_same_mean(const NetworkSpec& spec, double slack, const std::string& what) {
  ReferenceNetwork<double> network(spec, {}, 1);
  fill_parameters(network, 3);
  const Batch<double> batch = make_batch<double>(spec, 1);
  const double predicted = network.forward(batch, Mode::predict, {})(0, 0);
  double sum = 0, squares = 0;
  const int draws = 20000;
  for (int i = 0; i < draws; ++i) {
    StepControl control;
    control.step = static_cast<std::uint64_t>(i + 1);
    const double output = network.forward(batch, Mode::train, control)(0, 0);
    sum += output;
    squares += output * output;
  }
  const double mean = sum / draws, error = std::sqrt((squares / draws - mean * mean) / draws);
  EXPECT_GT(error, 0) << what;
  EXPECT_NEAR(mean, predicted, 4 * error + slack) << what;
}

TEST(Dropout, ExpectedOutputIsTheSameAtTrainAndTestForEveryKind) {
  for (int dropout = 1; dropout < kDropoutCases; ++dropout) {
    if (dropout == 1 + static_cast<int>(DropoutKind::alpha)) continue;
    expect_same_mean(wide_spec(dropout), 0, dropout_case_name(dropout));
  }
}

TEST(Dropout, AlphaKeepsMeanZeroAndVarianceOneOfNormalInputs) {
  // Alpha promises this of selu units whose n is standard normal (Klambauer et al. 2017), not unit by unit.
  NetworkSpec spec = wide_spec(1 + static_cast<int>(DropoutKind::alpha), 0.2);
  spec.inputs = 1;
  ReferenceNetwork<double> network(spec, {}, 1000);
  for (std::size_t u = 0; u < 50; ++u) network.parameters()[u] = 1;
  Batch<double> batch;
  batch.x.reshape(1000, 1);
  for (std::uint32_t r = 0; r < 1000; ++r) {
    batch.x(r, 0) = math::normal_from_draw(static_cast<double>((r * 16777u + 8388u) % 16777216u));
    batch.weights.push_back(1);
    batch.ids.push_back(r);
  }
  double sum = 0, squares = 0, count = 0;
  for (std::uint64_t step = 1; step <= 20; ++step) {
    StepControl control;
    control.step = step;
    network.forward(batch, Mode::train, control);
    for (const double a : network.layers()[0].a.values) sum += a, squares += a * a, count += 1;
  }
  EXPECT_NEAR(sum / count, 0, 0.01);
  EXPECT_NEAR(squares / count, 1, 0.02);
}

TEST(Dropout, RateZeroIsBitEqualToNoDropout) {
  for (int dropout = 1; dropout < kDropoutCases; ++dropout) {
    const NetworkSpec zero = wide_spec(dropout, 0);
    NetworkSpec plain = zero;
    plain.layers[0].dropout = {};
    plain.input_dropout = {};
    ReferenceNetwork<float> a(zero, {}, 6), b(plain, {}, 6);
    fill_parameters(a, 3);
    fill_parameters(b, 3);
    const Batch<float> batch = make_batch<float>(zero, 6);
    for (const Mode mode : {Mode::predict, Mode::monte_carlo, Mode::train}) {
      EXPECT_EQ(a.forward(batch, mode, {}).values, b.forward(batch, mode, {}).values) << dropout_case_name(dropout);
    }
    EXPECT_EQ(a.loss(batch), b.loss(batch));
    a.backward();
    b.backward();
    EXPECT_EQ(a.gradients(), b.gradients()) << dropout_case_name(dropout);
  }
}

TEST(Dropout, DroppedUnitsGetNoGradientInThatStepOnly) {
  const NetworkSpec spec = wide_spec(1);
  ReferenceNetwork<double> network(spec, {}, 1);
  fill_parameters(network, 3);
  const Batch<double> batch = make_batch<double>(spec, 1);
  std::size_t dropped = 0;
  for (std::uint64_t step = 1; step <= 5; ++step) {
    StepControl control;
    control.step = step;
    network.forward(batch, Mode::train, control);
    network.loss(batch);
    network.backward();
    const std::size_t bias = network.layout().find(net::Role::bias, 0)->info.offset;
    for (std::size_t u = 0; u < 50; ++u) {
      EXPECT_EQ(network.layers()[0].mask(0, u) == 0, network.gradients()[bias + u] == 0);
      dropped += network.layers()[0].mask(0, u) == 0;
    }
  }
  EXPECT_GT(dropped, 40u);
}

TEST(Dropout, MasksDependOnStepAndRowIdButNotOnBatchPosition) {
  const NetworkSpec spec = wide_spec(1);
  ReferenceNetwork<double> network(spec, {}, 2);
  Batch<double> batch = make_batch<double>(spec, 2);
  network.forward(batch, Mode::train, {});
  const std::vector<double> first = network.layers()[0].mask.values;
  batch.ids = {1, 0};
  network.forward(batch, Mode::train, {});
  const std::vector<double> swapped = network.layers()[0].mask.values;
  EXPECT_TRUE(std::equal(first.begin(), first.begin() + 50, swapped.begin() + 50));
  StepControl next;
  next.step = 2;
  network.forward(batch, Mode::train, next);
  EXPECT_NE(network.layers()[0].mask.values, swapped);
}

TEST(Dropout, ScheduleScalesTheRateOfTrainingAndPrediction) {
  const NetworkSpec spec = wide_spec(2);  // standard: prediction multiplies by 1 - rate
  ReferenceNetwork<double> network(spec, {}, 1);
  const Batch<double> batch = make_batch<double>(spec, 1);
  StepControl control;
  control.dropout_factor = 0;
  network.forward(batch, Mode::train, control);
  for (const double m : network.layers()[0].mask.values) EXPECT_EQ(m, 1);
  network.forward(batch, Mode::predict, control);
  for (const double m : network.layers()[0].mask.values) EXPECT_EQ(m, 1);
  control.dropout_factor = 0.5;
  network.forward(batch, Mode::predict, control);
  for (const double m : network.layers()[0].mask.values) EXPECT_EQ(m, 1 - 0.5 * kRate);
}

TEST(MonteCarlo, SamplesDifferByNumberAndRepeat) {
  for (int dropout = 1; dropout < kDropoutCases; ++dropout) {
    const NetworkSpec spec = wide_spec(dropout);
    ReferenceNetwork<double> network(spec, {}, 1);
    fill_parameters(network, 3);
    const Batch<double> batch = make_batch<double>(spec, 1);
    StepControl one, two;
    two.step = 2;
    const double a = network.forward(batch, Mode::monte_carlo, one)(0, 0);
    EXPECT_NE(a, network.forward(batch, Mode::monte_carlo, two)(0, 0)) << dropout_case_name(dropout);
    EXPECT_EQ(a, network.forward(batch, Mode::monte_carlo, one)(0, 0)) << dropout_case_name(dropout);
  }
}

}  // namespace
}  // namespace chainrule::reference
