// Explanations: the product of the factors is the gradient, predictions of first order come true, blame is ranked.
#include "explain/explain.h"

#include <gtest/gtest.h>

#include <cmath>

#include "explain/test_data.h"

namespace chainrule::explain {
namespace {

TEST(Explain, ProductOfTheFactorsIsTheEnginesGradient) {
  for (const Norm norm : all<Norm>()) {
    for (const DropoutKind dropout : all<DropoutKind>()) {
      NetworkSpec spec = test_spec(Loss::cross_entropy);
      for (std::size_t l = 0; l + 1 < spec.layers.size(); ++l) spec.layers[l].norm = norm, spec.layers[l].dropout = {dropout, 0.3};
      const TestData data(spec, 6);
      for (std::size_t row = 0; row < 6; ++row) {
        const Explanation e = explain_sample(spec, data.parameters, data.samples, row, 3);
        EXPECT_NE(e.chain_gradient, 0);
        EXPECT_NEAR(e.chain_product, e.chain_gradient, 1e-12 * std::abs(e.chain_gradient)) << name(norm) << " " << name(dropout);
        EXPECT_GE(e.chain.size(), norm == Norm::layer ? 2u : 3u);
      }
    }
  }
}

TEST(Explain, BlameIsRankedAndItsPredictionsComeTrue) {
  for (const Loss loss : {Loss::cross_entropy, Loss::squared_error, Loss::gaussian_nll}) {
    const NetworkSpec spec = test_spec(loss);
    const TestData data(spec, 4);
    const Explanation e = explain_sample(spec, data.parameters, data.samples, 2, 10);
    ASSERT_EQ(e.blame.size(), 10u);
    for (std::size_t i = 0; i < e.blame.size(); ++i) {
      const BlameEntry& entry = e.blame[i];
      EXPECT_LE(std::abs(entry.gradient), std::abs(e.blame[i > 0 ? i - 1 : 0].gradient));
      EXPECT_EQ(entry.direction, entry.gradient > 0 ? "lower" : "raise");
      EXPECT_LT(entry.predicted, 0);
      EXPECT_NEAR(entry.measured, entry.predicted, 0.01 * std::abs(entry.predicted)) << entry.weight;
    }
  }
}

TEST(Explain, NamesTracesAndNormsBelongToTheRow) {
  const NetworkSpec spec = test_spec(Loss::cross_entropy);
  const TestData data(spec, 4);
  const Explanation e = explain_sample(spec, data.parameters, data.samples, 1, 1);
  ASSERT_EQ(e.layers.size(), spec.layers.size());
  for (std::size_t l = 0; l < e.layers.size(); ++l) {
    EXPECT_EQ(e.layers[l].name, "layers." + std::to_string(l));
    EXPECT_EQ(e.layers[l].z.size(), spec.layers[l].units);
    EXPECT_EQ(e.layers[l].dz.size(), spec.layers[l].units);
    EXPECT_GT(e.layers[l].da_norm, 0);
  }
  EXPECT_EQ(e.truth, std::to_string(data.labels[1]));
  EXPECT_EQ(e.chain_weight.substr(0, 7), "layers.");
  EXPECT_NE(e.chain_weight.find(".weight["), std::string::npos);
}

}  // namespace
}  // namespace chainrule::explain
