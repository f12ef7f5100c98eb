// A few rows can be learned with their inputs and cannot without.
#include "explain/one_batch.h"

#include <gtest/gtest.h>

#include "explain/test_data.h"

namespace chainrule::explain {
namespace {

CheckItem item_of(const Subject& subject, const std::string& id) {
  for (const CheckItem& item : check_one_batch(subject)) {
    if (item.id == id) return item;
  }
  return {};
}

TEST(OneBatch, EqualRowsAreNotMistakenForANetworkThatCannotLearn) {
  const NetworkSpec spec = test_spec(Loss::cross_entropy);
  TestData data(spec, 60);
  // Three kinds of inputs only, and labels that contradict each other within a kind.
  for (std::size_t i = 0; i < data.x.size(); ++i) data.x[i] = static_cast<float>(i / spec.inputs % 3) + static_cast<float>(i % spec.inputs);
  for (std::size_t r = 0; r < 60; ++r) data.labels[r] = static_cast<std::int32_t>(r % 2);
  const CheckItem item = item_of({spec, {}, data.parameters, data.samples}, "overfit_one_batch");
  EXPECT_EQ(item.severity, "passed") << item.detail;
}

TEST(OneBatch, InputsThatAreAllAlikeAreNoticed) {
  const NetworkSpec spec = test_spec(Loss::cross_entropy);
  TestData data(spec, 16);
  std::fill(data.x.begin(), data.x.end(), 0.5f);
  EXPECT_EQ(item_of({spec, {}, data.parameters, data.samples}, "zero_inputs").severity, "failed");
}

TEST(OneBatch, AZeroInitialisationCannotLearnAndItsInputsDoNotHelp) {
  NetworkSpec spec = test_spec(Loss::squared_error);
  for (LayerSpec& layer : spec.layers) layer.initializer = Initializer::zeros;
  const TestData data(spec, 40);
  EXPECT_EQ(item_of({spec, {}, data.parameters, data.samples}, "overfit_one_batch").severity, "failed");
  EXPECT_EQ(item_of({spec, {}, data.parameters, data.samples}, "zero_inputs").severity, "failed");
}

}  // namespace
}  // namespace chainrule::explain
