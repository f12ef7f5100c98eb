// Units that are alike, dead or saturated are counted in the right layer, and sound networks pass.
#include "explain/unit_health.h"

#include <gtest/gtest.h>

#include "explain/test_data.h"

namespace chainrule::explain {
namespace {

CheckItem item_of(const NetworkSpec& spec, const TestData& data, std::span<const float> parameters, const std::string& id) {
  for (const CheckItem& item : check_units({spec, {}, data.parameters, data.samples}, parameters)) {
    if (item.id == id) return item;
  }
  return {};
}

std::vector<float> with_bias(const NetworkSpec& spec, std::vector<float> parameters, std::size_t layer, float bias) {
  const net::ParameterLayout layout(spec);
  const net::Tensor* tensor = layout.find(net::Role::bias, layer);
  std::fill_n(parameters.begin() + static_cast<std::ptrdiff_t>(tensor->info.offset), tensor->info.size, bias);
  return parameters;
}

TEST(UnitHealth, SoundNetworksOfEveryActivationPass) {
  for (const Activation activation : all<Activation>()) {
    NetworkSpec spec = test_spec(Loss::cross_entropy);
    for (std::size_t l : {0, 1}) spec.layers[l].activation = activation;
    const TestData data(spec, 200);
    for (const CheckItem& item : check_units({spec, {}, data.parameters, data.samples}, data.parameters)) {
      EXPECT_EQ(item.severity, "passed") << name(activation) << " " << item.id << ": " << item.detail;
    }
  }
}

TEST(UnitHealth, ALayerPushedFarDownIsDeadOrSaturatedByItsKind) {
  for (const Activation activation : all<Activation>()) {
    NetworkSpec spec = test_spec(Loss::cross_entropy);
    spec.layers[0].activation = activation;
    const TestData data(spec, 100);
    const std::vector<float> low = with_bias(spec, data.parameters, 0, -60);
    const CheckItem dead = item_of(spec, data, low, "dead_units"), flat = item_of(spec, data, low, "saturated_units");
    const bool immortal = activation == Activation::identity || activation == Activation::leaky_relu || activation == Activation::prelu;
    const bool named = (dead.detail + flat.detail).find("12 of 12 units of layer 0") != std::string::npos;
    EXPECT_EQ(named, !immortal) << name(activation) << dead.detail << flat.detail;
    EXPECT_EQ(dead.severity == "failed" || flat.severity == "failed", named || flat.severity == "failed") << name(activation);
    if (dead.severity == "failed") {
      EXPECT_NE(dead.detail.find("12 of 12 units of layer 0"), std::string::npos) << dead.detail;
    }
  }
}

TEST(UnitHealth, TwinsAreCounted) {
  const NetworkSpec spec = test_spec(Loss::cross_entropy);
  const TestData data(spec, 50);
  std::vector<float> parameters = data.parameters;
  const net::ParameterLayout layout(spec);
  const net::Tensor* weight = layout.find(net::Role::weight, 1);
  float* rows = parameters.data() + weight->info.offset;
  for (std::size_t u : {3, 7}) std::copy_n(rows, weight->columns, rows + u * weight->columns);
  const CheckItem item = item_of(spec, data, parameters, "symmetric_units");
  EXPECT_EQ(item.severity, "warning");
  EXPECT_DOUBLE_EQ(item.value, 3.0 / 12);
  EXPECT_NE(item.detail.find("3 of 12 units of layer 1"), std::string::npos) << item.detail;
}

TEST(UnitHealth, ErrorThatFadesOnItsWayBackIsNoticed) {
  NetworkSpec spec = test_spec(Loss::cross_entropy);
  LayerSpec sigmoid = spec.layers[0];
  sigmoid.activation = Activation::sigmoid;
  spec.layers.insert(spec.layers.begin(), 10, sigmoid);
  const TestData data(spec, 50);
  EXPECT_EQ(item_of(spec, data, data.parameters, "gradient_flow").severity, "warning");
}

}  // namespace
}  // namespace chainrule::explain
