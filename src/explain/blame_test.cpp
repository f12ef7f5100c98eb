// Blame: gradients against finite differences, groups that add up, nudges whose prediction comes true as they shrink.
#include "explain/blame.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "chainrule/error.h"
#include "explain/explain.h"
#include "explain/test_data.h"
#include "testing/error_of.h"

namespace chainrule::explain {
namespace {

std::vector<std::uint32_t> rows_up_to(std::size_t count) {
  std::vector<std::uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

NetworkSpec wide_spec(Loss loss) {
  NetworkSpec spec = test_spec(loss);
  spec.layers[0].units = spec.layers[1].units = 24;
  return spec;
}

TEST(Blame, GradientsOfManyRowsEqualFiniteDifferences) {
  for (const Loss loss : {Loss::cross_entropy, Loss::squared_error, Loss::poisson}) {
    const NetworkSpec spec = test_spec(loss);
    TestData data(spec, 600);  // more than two chunks
    std::vector<float> weights;
    for (std::size_t r = 0; r < 600; ++r) weights.push_back(0.25f * static_cast<float>(r % 7));
    if (loss == Loss::poisson) for (float& y : data.y) y = std::abs(y);
    data.samples.weights = weights.data();
    const std::vector<std::uint32_t> rows = rows_up_to(600);
    LossSurface surface(spec, {}, data.parameters, data.samples, rows);
    surface.backward();
    const std::vector<double> g = surface.gradients();
    for (std::size_t at = 0; at < g.size(); at += 5) {
      const double h = 1e-4, slope = (measured_change(surface, 0, at, h) - measured_change(surface, 0, at, -h)) / (2 * h);
      EXPECT_NEAR(g[at], slope, 1e-7 * std::max(1.0, std::abs(slope))) << name(loss) << " " << at;
    }
  }
}

TEST(Blame, RatioOfMeasuredToPredictedTendsToOneAsTheNudgeHalvesForAThousandWeights) {
  std::size_t weights = 0;
  for (const Loss loss : {Loss::cross_entropy, Loss::squared_error, Loss::gaussian_nll}) {
    const NetworkSpec spec = wide_spec(loss);
    const TestData data(spec, 16);
    const std::vector<std::uint32_t> rows = rows_up_to(16);
    LossSurface surface(spec, {}, data.parameters, data.samples, rows);
    const double base = surface.backward();
    const std::vector<double> g = surface.gradients();
    for (std::size_t i = 0; i < 340; ++i, ++weights) {
      const std::size_t at = draw({5, Purpose::subsample, 0, 0, 0}, static_cast<std::uint32_t>(i)) % g.size();
      // (measured - predicted) / h is half the curvature times h and a term of h^2: it halves with h, but for the latter.
      const auto error = [&](double h) { return measured_change(surface, base, at, h) / h - g[at]; };
      const double first = 1e-2, last = first / 128;
      for (double h = first; h > last; h /= 2) {
        EXPECT_NEAR(2 * error(h / 2), error(h), 4 * h * h + 1e-14 / h) << weight_name(surface.network().layout(), at) << " at " << h;
      }
      EXPECT_LE(std::abs(error(last)), std::abs(error(first)) / 128 + 4 * first * last + 1e-14 / last);
      if (std::abs(g[at]) > 1e-4) {
        EXPECT_NEAR(measured_change(surface, base, at, last) / (g[at] * last), 1, 0.05);
      }
    }
  }
  EXPECT_GE(weights, 1000u);
}

TEST(Blame, SharesOfUnitsLayersAndColumnsAddUpToOne) {
  const NetworkSpec spec = test_spec(Loss::cross_entropy);
  const TestData data(spec, 40);
  const std::vector<std::uint32_t> rows = rows_up_to(40);
  for (const BlameBy by : {BlameBy::weight, BlameBy::unit, BlameBy::layer, BlameBy::column}) {
    ExplainRequest request;
    request.by = by;
    request.top = 100000;
    const Explanation e = explain_samples({spec, data.parameters, data.samples, rows, {}}, request);
    double shares = 0, squares = 0;
    for (const BlameEntry& entry : e.blame) shares += entry.share, squares += entry.gradient * entry.gradient;
    EXPECT_NEAR(shares, 1, 1e-12);
    EXPECT_NEAR(std::sqrt(squares), e.gradient_norm, 1e-12 * e.gradient_norm);
    EXPECT_EQ(e.blame.size(), by == BlameBy::weight ? data.parameters.size() : by == BlameBy::unit ? 27u : by == BlameBy::layer ? 3u : 5u);
  }
}

TEST(Blame, GroupsAreRankedAndTheirNudgesComeTrue) {
  for (const Norm norm : all<Norm>()) {
    NetworkSpec spec = test_spec(Loss::squared_error);
    spec.layers[0].norm = norm;
    spec.input_scale = true;
    const TestData data(spec, 300);
    const std::vector<std::uint32_t> rows = rows_up_to(300);
    for (const BlameBy by : {BlameBy::unit, BlameBy::layer, BlameBy::column}) {
      ExplainRequest request;
      request.by = by;
      const Explanation e = explain_samples({spec, data.parameters, data.samples, rows, {{"first", 0, 2}, {"second", 2, 3}}}, request);
      ASSERT_FALSE(e.blame.empty());
      for (std::size_t i = 0; i < e.blame.size(); ++i) {
        EXPECT_LE(e.blame[i].gradient, e.blame[i > 0 ? i - 1 : 0].gradient);
        EXPECT_NEAR(e.blame[i].measured / e.blame[i].predicted, 1, 0.01) << e.blame[i].weight;
      }
      EXPECT_EQ(by == BlameBy::column, e.blame[0].weight == "first" || e.blame[0].weight == "second");
    }
  }
}

TEST(Blame, RowsPartsAddUpToTheGradientForEveryKindOfParameter) {
  NetworkSpec spec = test_spec(Loss::cross_entropy);
  spec.input_scale = true;
  spec.layers[0].activation = Activation::prelu;
  spec.layers[0].norm = Norm::batch;
  spec.layers[1].norm = Norm::layer;
  spec.layers[1].dropout = {DropoutKind::dropconnect, 0.3};
  const TestData data(spec, 300);
  const std::vector<std::uint32_t> rows = rows_up_to(300);
  LossSurface surface(spec, {}, data.parameters, data.samples, rows);
  for (const bool training : {false, true}) {
    if (training) surface.train_as({});
    surface.backward();
    const std::vector<double> g = surface.gradients();
    for (std::size_t at = 0; at < g.size(); at += 3) {
      const WeightPlace place = place_at(surface.network().layout(), at);
      if (!place.tensor->info.trainable) continue;
      double sum = 0, factors = 0;
      surface.backward([&](const LossSurface::Batch& batch, std::size_t, double share) {
        for (std::size_t r = 0; r < batch.rows(); ++r) {
          sum += share * row_gradient(surface.network(), place, r);
          double product = share;
          for (const ChainFactor& factor : gradient_factors(surface.network(), place, r)) product *= factor.value;
          factors += product;
        }
      });
      EXPECT_NEAR(sum, g[at], 1e-12) << weight_name(surface.network().layout(), at);
      EXPECT_NEAR(factors, g[at], 1e-12) << weight_name(surface.network().layout(), at);
    }
  }
}

TEST(Blame, ANamedWeightIsTakenApartAndItsRowsPullBothWays) {
  const NetworkSpec spec = test_spec(Loss::cross_entropy);
  const TestData data(spec, 200);
  const std::vector<std::uint32_t> rows = rows_up_to(200);
  ExplainRequest request;
  request.weight = "layers.1.weight[3,7]";
  request.pulls = true;
  const Explanation e = explain_samples({spec, data.parameters, data.samples, rows, {}}, request);
  EXPECT_EQ(e.chain_weight, request.weight);
  double product = e.other_rows;
  for (const RowChain& chain : e.row_chains) product += chain.product;
  EXPECT_NEAR(product, e.chain_gradient, 1e-14);
  ASSERT_TRUE(e.pulls);
  EXPECT_EQ(e.pulls->raising + e.pulls->lowering + e.pulls->indifferent, 200u);
  EXPECT_NEAR(e.pulls->net, e.chain_gradient, 1e-14);
  EXPECT_NEAR(e.pulls->lower_sum - e.pulls->raise_sum, e.pulls->net, 1e-14);
  ASSERT_GT(e.pulls->raise.size(), 1u);
  EXPECT_LT(e.pulls->raise[0].gradient, e.pulls->raise[1].gradient);
  ASSERT_GT(e.pulls->lower.size(), 1u);
  EXPECT_GT(e.pulls->lower[0].gradient, e.pulls->lower[1].gradient);
  EXPECT_LT(std::abs(e.nudges.back().measured / e.nudges.back().predicted - 1), std::abs(e.nudges.front().measured / e.nudges.front().predicted - 1));
}

TEST(Blame, UnknownWeightsAreRefusedWithWhatThereIs) {
  const net::ParameterLayout layout(test_spec(Loss::cross_entropy));
  const auto hint_of = [&](const std::string& name) {
    const Error error = error_of([&] { find_weight(layout, name); });
    EXPECT_EQ(error.code(), "E0111");
    return error.hint();
  };
  EXPECT_NE(hint_of("layers.1.wieght[0,0]").find("\"layers.1.weight\""), std::string::npos);
  for (const char* bad : {"layers.1.weight[12,0]", "layers.1.weight[0,12]", "layers.1.weight[0]", "layers.1.weight", "layers.1.weight[0,1,2]",
                          "layers.1.weight[-1,0]", "layers.1.weight[0;1]", "layers.1.weight[]"}) {
    EXPECT_NE(hint_of(bad).find("[0..11,0..11]"), std::string::npos) << bad;
  }
  EXPECT_EQ(weight_name(layout, find_weight(layout, "layers.1.weight[3, 7]").at), "layers.1.weight[3,7]");
  EXPECT_EQ(weight_name(layout, find_weight(layout, "layers.2.bias[2]").at), "layers.2.bias[2]");
}

}  // namespace
}  // namespace chainrule::explain
