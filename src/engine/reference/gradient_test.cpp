// Back-propagation against finite differences: every activation x loss x layer kind x dropout kind, between two other layers.
#include <gtest/gtest.h>

#include "engine/reference/gradient_check.h"
#include "engine/reference/test_networks.h"
#include "math/penalties.h"

namespace chainrule::reference {
namespace {

using namespace testing;

constexpr double kTolerance = 1e-6;

struct Tally {
  std::size_t checked = 0, at_kinks = 0;
};

void expect_right_gradient(const NetworkSpec& spec, const std::string& what, Tally& tally, std::uint32_t shards = 1) {
  TrainingSpec training;
  training.seed = 5;
  training.shards = shards;
  ReferenceNetwork<double> network(spec, training, 4);
  fill_parameters(network, 3);
  const Batch<double> batch = make_batch<double>(spec, 4);
  StepControl control;
  control.step = 2;
  const GradientCheck result = check_gradients(network, batch, control, back_propagate(network, batch, control));
  EXPECT_LT(result.max_relative_error, kTolerance) << what << ", " << result.worst;
  tally.checked += result.checked;
  tally.at_kinks += result.at_kinks;
}

class EveryActivation : public ::testing::TestWithParam<Activation> {};

TEST_P(EveryActivation, HasTheRightGradientInEveryCompany) {
  Tally tally;
  for (const Loss loss : all<Loss>()) {
    for (const LayerKind kind : kLayerKinds) {
      for (int dropout = 0; dropout < kDropoutCases; ++dropout) {
        const std::string what = std::string(name(GetParam())) + " x " + std::string(name(loss)) + " x " +
                                 kLayerKindNames[static_cast<int>(kind)] + " x " + dropout_case_name(dropout);
        expect_right_gradient(sandwich(GetParam(), loss, kind, dropout), what, tally);
        if (HasFailure()) return;
      }
    }
  }
  EXPECT_LT(static_cast<double>(tally.at_kinks), 0.01 * static_cast<double>(tally.checked)) << tally.at_kinks;
}

INSTANTIATE_TEST_SUITE_P(Gradient, EveryActivation, ::testing::ValuesIn(all<Activation>()),
                         [](const auto& info) { return std::string(name(info.param)); });

TEST(Gradient, IsRightWithEverythingAtOnce) {
  Tally tally;
  NetworkSpec spec = sandwich(Activation::selu, Loss::cross_entropy, LayerKind::batch_norm, 4);
  spec.input_scale = true;
  spec.input_noise = 0.1;
  spec.input_dropout = {DropoutKind::gaussian, 0.2};
  spec.loss.label_smoothing = 0.1;
  spec.layers[0].norm = Norm::layer;
  spec.layers[1].residual = true;
  spec.layers[2].activation = Activation::prelu;
  spec.layers[2].residual = true;
  spec.layers[2].bias = false;
  spec.layers[3].dropout = {DropoutKind::dropconnect, 0.4};
  for (const std::uint32_t shards : {1u, 2u, 4u, 8u}) expect_right_gradient(spec, "all", tally, shards);
  EXPECT_GT(tally.checked, 300u);
}

TEST(Gradient, IsRightForOddWidthsOneUnitAndNoHiddenLayer) {
  Tally tally;
  for (const std::size_t width : {1, 2, 5}) {
    NetworkSpec spec = sandwich(Activation::gelu, Loss::squared_error, LayerKind::layer_norm, 1);
    spec.layers[0].units = width;
    spec.layers[2].units = 3;
    expect_right_gradient(spec, "width " + std::to_string(width), tally);
  }
  NetworkSpec shallow = sandwich(Activation::gelu, Loss::squared_error, LayerKind::input_scale, 0);
  shallow.layers.erase(shallow.layers.begin(), shallow.layers.end() - 1);
  expect_right_gradient(shallow, "no hidden layer", tally);
}

TEST(Gradient, OfThePenaltiesIsTheDerivativeOfTheirValue) {
  NetworkSpec spec = sandwich(Activation::tanh, Loss::squared_error, LayerKind::plain, 0);
  spec.loss.l1 = 0.01;
  spec.loss.l2 = 0.03;
  TrainingSpec training;
  training.optimizer = default_optimizer("sgd");
  StepControl control;
  control.update = math::update_constants(training.optimizer, 1, 1.0, 0);
  ReferenceNetwork<double> network(spec, training);
  fill_parameters(network, 3);
  const std::vector<double> before = network.parameters();
  for (double& g : network.gradients()) g = 0;
  network.update(control);  // learning rate 1 and no data gradient: the step is minus the penalties' gradient
  for (const net::Tensor& tensor : network.layout().tensors) {
    for (std::size_t i = tensor.info.offset; i < tensor.info.offset + tensor.info.size; ++i) {
      const auto penalty = [&](double w) { return tensor.decays ? math::penalty_value(w, spec.loss.l1, spec.loss.l2) : 0.0; };
      const double measured = (penalty(before[i] + 1e-4) - penalty(before[i] - 1e-4)) / 2e-4;
      EXPECT_NEAR(before[i] - network.parameters()[i], measured, 1e-9) << tensor.info.name;
    }
  }
}

TEST(GradientCheck, FindsAnyBrokenParameterOrInputGradient) {
  const NetworkSpec spec = sandwich(Activation::tanh, Loss::squared_error, LayerKind::layer_norm, 1);
  ReferenceNetwork<double> network(spec, {}, 4);
  fill_parameters(network, 3);
  const Batch<double> batch = make_batch<double>(spec, 4);
  const ClaimedGradients right = back_propagate(network, batch, {});
  for (std::size_t i = 0; i < right.parameters.size(); i += 7) {
    ClaimedGradients broken = right;
    broken.parameters[i] += 1e-4;
    EXPECT_GT(check_gradients(network, batch, {}, broken).max_relative_error, 10 * kTolerance) << i;
  }
  ClaimedGradients broken = right;
  broken.inputs.values[5] *= 1.001;
  EXPECT_GT(check_gradients(network, batch, {}, broken).max_relative_error, 10 * kTolerance);
}

}  // namespace
}  // namespace chainrule::reference
