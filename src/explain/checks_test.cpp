// The checks pass on sound networks of every loss and notice what is broken.
#include "explain/checks.h"
#include "explain/first_steps.h"

#include <gtest/gtest.h>

#include "explain/test_data.h"

namespace chainrule::explain {
namespace {

void expect_all_pass(const NetworkSpec& spec, const TrainingSpec& training, const std::string& what) {
  const TestData data(spec, 40);
  const CheckReport report = run_checks({spec, training, data.parameters, data.samples});
  EXPECT_TRUE(report.passed) << what;
  EXPECT_LT(report.max_relative_error, 1e-6) << what;
  for (const CheckItem& item : report.checks) EXPECT_EQ(item.severity, "passed") << what << " " << item.id << ": " << item.detail;
}

TEST(Checks, PassForEveryLoss) {
  for (const Loss loss : all<Loss>()) expect_all_pass(test_spec(loss), {}, std::string(name(loss)));
}

TEST(Checks, PassWithNormsDropoutAndShards) {
  for (const Norm norm : all<Norm>()) {
    NetworkSpec spec = test_spec(Loss::cross_entropy);
    spec.layers[0].norm = spec.layers[1].norm = norm;
    spec.layers[1].residual = true;
    spec.layers[0].dropout = {DropoutKind::inverted, 0.3};
    spec.layers[1].dropout = {DropoutKind::dropconnect, 0.2};
    spec.input_dropout.rate = 0.1;
    spec.loss.l2 = 1e-3;
    TrainingSpec training;
    training.shards = 4;
    training.clip_norm = 1;
    expect_all_pass(spec, training, std::string(name(norm)));
  }
}

TEST(Checks, ABrokenGradientIsFound) {
  const NetworkSpec spec = test_spec(Loss::cross_entropy);
  const TrainingSpec training;
  const TestData data(spec, 8);
  const Subject subject{spec, training, data.parameters, data.samples};
  reference::ReferenceNetwork<double> network = gradient_network(subject);
  const reference::ClaimedGradients right = reference::back_propagate(network, gradient_batch(subject), {});
  EXPECT_TRUE(judge_gradient(subject, right).passed);
  reference::ClaimedGradients broken = right;
  for (double& g : broken.parameters) g *= 1.0001;
  const CheckItem item = judge_gradient(subject, broken);
  EXPECT_FALSE(item.passed);
  EXPECT_GT(item.value, 1e-5);
  EXPECT_NE(item.detail.find("worst: "), std::string::npos);
  broken = right;
  for (double& g : broken.inputs.values) g = -g;
  EXPECT_FALSE(judge_gradient(subject, broken).passed);
}

TEST(Checks, AnExplodingStartIsNoticed) {
  NetworkSpec spec = test_spec(Loss::cross_entropy);
  for (LayerSpec& layer : spec.layers) layer.initializer = Initializer::normal, layer.initializer_parameter = 20;
  const TestData data(spec, 40);
  const TrainingSpec training;
  const Subject subject{spec, training, data.parameters, data.samples};
  const CheckItem item = check_initial_loss(subject, take_first_steps(subject));
  EXPECT_FALSE(item.passed) << item.detail;
  EXPECT_GT(item.value, item.limit);
}

TEST(Checks, AStartAboveTheLimitPassesWhenTheFirstStepsEndIt) {
  NetworkSpec spec = test_spec(Loss::squared_error);
  for (LayerSpec& layer : spec.layers) layer.initializer = Initializer::normal, layer.initializer_parameter = 1.2;
  const TestData data(spec, 40);
  TrainingSpec training;
  training.optimizer.learning_rate = 0.05;
  const Subject subject{spec, training, data.parameters, data.samples};
  FirstSteps first = take_first_steps(subject);
  const CheckItem item = check_initial_loss(subject, first);
  EXPECT_TRUE(item.passed) << item.detail;
  EXPECT_NE(item.detail.find(", after "), std::string::npos) << item.detail;
  first.finite = false;
  EXPECT_FALSE(check_initial_loss(subject, first).passed);
}

TEST(Checks, InitialLossNamesLnK) {
  const NetworkSpec spec = test_spec(Loss::cross_entropy);
  const TestData data(spec, 40);
  const TrainingSpec training;
  const Subject subject{spec, training, data.parameters, data.samples};
  const CheckItem item = check_initial_loss(subject, take_first_steps(subject));
  EXPECT_NE(item.detail.find("1.099 (ln 3)"), std::string::npos) << item.detail;
}

}  // namespace
}  // namespace chainrule::explain
