// Starting values by role, and that seeds matter while repetition does not.
#include "net/initial_parameters.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "net/parameter_layout.h"

namespace chainrule::net {
namespace {

NetworkSpec spec_with_everything() {
  NetworkSpec spec;
  spec.inputs = 6;
  spec.input_scale = true;
  spec.layers.resize(3);
  spec.layers[0].units = 9;
  spec.layers[0].activation = Activation::prelu;
  spec.layers[0].norm = Norm::batch;
  spec.layers[1].units = 9;
  spec.layers[1].activation = Activation::prelu;
  spec.layers[1].activation_parameter = 0.1;
  spec.layers[2].units = 2;
  return spec;
}

TEST(InitialParameters, EveryRoleStartsWhereItIsDocumented) {
  const NetworkSpec spec = spec_with_everything();
  const std::vector<float> values = initial_parameters(spec, 1);
  for (const Tensor& tensor : ParameterLayout(spec).tensors) {
    for (std::size_t i = tensor.info.offset; i < tensor.info.offset + tensor.info.size; ++i) {
      switch (tensor.role) {
        case Role::weight: break;
        case Role::input_scale:
        case Role::norm_scale:
        case Role::running_variance: EXPECT_EQ(values[i], 1) << tensor.info.name; break;
        case Role::prelu_slope: EXPECT_EQ(values[i], tensor.layer == 0 ? 0.25f : 0.1f) << tensor.info.name; break;
        default: EXPECT_EQ(values[i], 0) << tensor.info.name;
      }
    }
  }
}

TEST(InitialParameters, SameSeedSameBitsOtherSeedOtherWeights) {
  const NetworkSpec spec = spec_with_everything();
  EXPECT_EQ(initial_parameters(spec, 7), initial_parameters(spec, 7));
  EXPECT_NE(initial_parameters(spec, 7), initial_parameters(spec, 8));
}

TEST(InitialParameters, LayersOfEqualShapeDoNotShareWeights) {
  NetworkSpec spec = spec_with_everything();
  spec.inputs = 9;
  const std::vector<float> values = initial_parameters(spec, 1);
  const ParameterLayout layout(spec);
  const auto first = values.begin() + static_cast<std::ptrdiff_t>(layout.find(Role::weight, 0)->info.offset);
  const auto second = values.begin() + static_cast<std::ptrdiff_t>(layout.find(Role::weight, 1)->info.offset);
  EXPECT_FALSE(std::equal(first, first + 81, second));
}

TEST(InitialParameters, EveryInitializerFillsFiniteWeights) {
  for (const Initializer kind : all<Initializer>()) {
    NetworkSpec spec = spec_with_everything();
    for (LayerSpec& layer : spec.layers) layer.initializer = kind;
    for (const float value : initial_parameters(spec, 3)) EXPECT_TRUE(value - value == 0) << name(kind);
  }
}

}  // namespace
}  // namespace chainrule::net
