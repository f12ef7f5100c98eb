// The named layout: order, offsets, shapes, and what decays or trains.
#include "net/parameter_layout.h"

#include <gtest/gtest.h>

namespace chainrule::net {
namespace {

NetworkSpec rich_spec() {
  NetworkSpec spec;
  spec.inputs = 5;
  spec.input_scale = true;
  spec.layers.resize(3);
  spec.layers[0].units = 7;
  spec.layers[0].norm = Norm::batch;
  spec.layers[0].activation = Activation::prelu;
  spec.layers[1].units = 7;
  spec.layers[1].bias = false;
  spec.layers[1].norm = Norm::layer;
  spec.layers[2].units = 2;
  return spec;
}

TEST(ParameterLayout, TensorsStandInTheDocumentedOrder) {
  const ParameterLayout layout(rich_spec());
  const std::vector<std::string> expected = {
      "input.scale",        "layers.0.weight",    "layers.0.bias",          "layers.0.prelu",
      "layers.0.norm.scale", "layers.0.norm.shift", "layers.0.norm.mean",     "layers.0.norm.variance",
      "layers.1.weight",    "layers.1.norm.scale", "layers.1.norm.shift",    "layers.2.weight",
      "layers.2.bias"};
  ASSERT_EQ(layout.tensors.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(layout.tensors[i].info.name, expected[i]);
}

TEST(ParameterLayout, OffsetsLeaveNoGapAndSizesAddUp) {
  const ParameterLayout layout(rich_spec());
  std::size_t next = 0, trainable = 0;
  for (const Tensor& tensor : layout.tensors) {
    EXPECT_EQ(tensor.info.offset, next) << tensor.info.name;
    EXPECT_EQ(tensor.info.size, tensor.rows * tensor.columns);
    next += tensor.info.size;
    if (tensor.info.trainable) trainable += tensor.info.size;
  }
  EXPECT_EQ(layout.size, next);
  EXPECT_EQ(layout.trainable_size, trainable);
  EXPECT_EQ(layout.size - layout.trainable_size, 14u);  // running mean and variance of 7 units
}

TEST(ParameterLayout, OnlyWeightsDecayAndOnlyRunningStatisticsDoNotTrain) {
  for (const Tensor& tensor : ParameterLayout(rich_spec()).tensors) {
    EXPECT_EQ(tensor.decays, tensor.role == Role::weight) << tensor.info.name;
    EXPECT_EQ(tensor.info.trainable, tensor.role != Role::running_mean && tensor.role != Role::running_variance);
  }
}

TEST(ParameterLayout, FindReturnsTheTensorOrNull) {
  const ParameterLayout layout(rich_spec());
  ASSERT_NE(layout.find(Role::weight, 2), nullptr);
  EXPECT_EQ(layout.find(Role::weight, 2)->info.shape, (std::vector<std::size_t>{2, 7}));
  EXPECT_EQ(layout.find(Role::bias, 1), nullptr);
  EXPECT_EQ(layout.find(Role::weight, 3), nullptr);
}

}  // namespace
}  // namespace chainrule::net
