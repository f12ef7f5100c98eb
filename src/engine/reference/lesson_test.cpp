// One network small enough for paper: every number of forward, loss, backward and update, worked out by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/reference/reference_network.h"

namespace chainrule::reference {
namespace {

/// 2 inputs -> 2 linear units -> 1 output, squared error, sgd.
NetworkSpec paper_spec() {
  NetworkSpec spec;
  spec.inputs = 2;
  spec.layers.resize(2);
  spec.layers[0].units = 2;
  spec.layers[1].units = 1;
  spec.layers[0].activation = spec.layers[1].activation = Activation::identity;
  return spec;
}

Batch<float> paper_row() {
  Batch<float> batch;
  batch.x = {1, 2, {1, -1}};
  batch.y = {1, 1, {1}};
  batch.weights = {1};
  batch.ids = {0};
  return batch;
}

TEST(Lesson, ForwardLossBackwardUpdateAsOnPaper) {
  TrainingSpec training;
  training.optimizer = default_optimizer("sgd");
  ReferenceNetwork<float> network(paper_spec(), training);
  // W0 = [1 2; 3 4], b0 = [0.5 -0.5], W1 = [2 -1], b1 = [1]
  network.parameters() = {1, 2, 3, 4, 0.5f, -0.5f, 2, -1, 1};
  const Batch<float> batch = paper_row();

  EXPECT_EQ(network.forward(batch, Mode::train, {}).values, std::vector<float>{1.5f});     // 2*-0.5 - 1*-1.5 + 1
  EXPECT_EQ(network.layers()[0].z.values, (std::vector<float>{-0.5f, -1.5f}));             // 1*1 + 2*-1 + 0.5, 3*1 + 4*-1 - 0.5
  EXPECT_EQ(network.loss(batch), 0.25);                                                    // (1.5 - 1)^2
  network.backward(true);
  EXPECT_EQ(network.layers()[0].da.values, (std::vector<float>{2, -1}));                   // dL/dz1 = 1 times W1
  EXPECT_EQ(network.gradients(), (std::vector<float>{2, -2, -1, 1, 2, -1, -0.5f, -1.5f, 1}));
  EXPECT_EQ(network.input().dx.values, (std::vector<float>{-1, 0}));                       // 2*1 - 1*3, 2*2 - 1*4

  StepControl control;
  control.update = math::update_constants(training.optimizer, 1, 0.5, 0);
  network.update(control);
  EXPECT_EQ(network.parameters(), (std::vector<float>{0, 3, 3.5f, 3.5f, -0.5f, 0, 2.25f, -0.25f, 0.5f}));
}

TEST(Lesson, LayerNormGivesMeanZeroAndVarianceOneThenScaleAndShift) {
  NetworkSpec spec = paper_spec();
  spec.layers[0].norm = Norm::layer;
  ReferenceNetwork<double> network(spec, {});
  // ..., scale [2 3], shift [10 20] before the output layer
  network.parameters() = {1, 2, 3, 4, 0.5, -0.5, 2, 3, 10, 20, 0, 0, 0};
  Batch<double> batch;
  batch.x = {1, 2, {1, -1}};
  batch.weights = {1};
  batch.ids = {0};
  network.forward(batch, Mode::train, {});
  const double xhat = 0.5 / std::sqrt(0.25 + 1e-5);  // z = -0.5, -1.5: mean -1, variance 0.25
  EXPECT_NEAR(network.layers()[0].n(0, 0), 2 * xhat + 10, 1e-14);
  EXPECT_NEAR(network.layers()[0].n(0, 1), -3 * xhat + 20, 1e-14);
}

TEST(Lesson, ResidualAddsTheInput) {
  NetworkSpec spec = paper_spec();
  spec.layers[0].residual = true;
  ReferenceNetwork<float> network(spec, {});
  network.parameters() = {1, 2, 3, 4, 0.5f, -0.5f, 2, -1, 1};
  network.forward(paper_row(), Mode::train, {});
  EXPECT_EQ(network.layers()[0].a.values, (std::vector<float>{0.5f, -2.5f}));
}

TEST(Lesson, CrossEntropyOfEqualLogitsIsLnK) {
  NetworkSpec spec = paper_spec();
  spec.layers[1].units = 4;
  spec.loss.kind = Loss::cross_entropy;
  ReferenceNetwork<double> network(spec, {});
  Batch<double> batch;
  batch.x = {1, 2, {1, -1}};
  batch.labels = {2};
  batch.weights = {1};
  batch.ids = {0};
  network.forward(batch, Mode::train, {});
  EXPECT_NEAR(network.loss(batch), std::log(4.0), 1e-15);
  EXPECT_EQ(network.output_gradient().values, (std::vector<double>{0.25, 0.25, -0.75, 0.25}));
}

}  // namespace
}  // namespace chainrule::reference
