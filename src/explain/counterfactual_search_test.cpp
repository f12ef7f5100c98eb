// Counterfactuals: every point found changes the answer, keeps to what may move, and is as near as geometry allows.
#include "explain/counterfactual_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/reference/reference_network.h"
#include "explain/test_data.h"

namespace chainrule::explain {
namespace {

std::vector<FreeNumber> free_numbers(const std::vector<double>& x, double low, double high) {
  std::vector<FreeNumber> numbers;
  for (std::size_t k = 0; k < x.size(); ++k) numbers.push_back({k, std::min(low, x[k]), std::max(high, x[k])});
  return numbers;
}

/// One linear layer: the boundary is a plane, the nearest point known.
NetworkSpec linear_spec(std::size_t inputs) {
  NetworkSpec spec;
  spec.inputs = inputs;
  spec.layers.resize(1);
  spec.layers[0].units = 1;
  spec.layers[0].activation = Activation::identity;
  return spec;
}

TEST(Counterfactual, OnAPlaneTheNearestPointIsTheFootOfThePerpendicular) {
  const NetworkSpec spec = linear_spec(3);
  const std::vector<float> parameters = {3, 0, -4, 1};  // w and b: 3x - 4z + 1
  const std::vector<double> x = {2, 7, 0};              // output 7; distance to 0: 7/5
  const CounterfactualProblem problem{spec, parameters, x, free_numbers(x, -10, 10), {}, {{{1.0}, 0}}, {}};
  const CounterfactualPoints points = search_counterfactual(problem);
  ASSERT_TRUE(points.closest.found);
  EXPECT_NEAR(points.closest.distance, 1.4, 1e-5);
  EXPECT_NEAR(points.closest.x[0], 2 - 1.4 * 0.6, 1e-5);
  EXPECT_EQ(points.closest.x[1], 7);
  EXPECT_NEAR(points.closest.x[2], 1.4 * 0.8, 1e-5);
  ASSERT_TRUE(points.fewest.found);
  EXPECT_NEAR(points.fewest.distance, 7.0 / 4, 1e-5);
  EXPECT_TRUE(reaches_goal(problem, points.closest.x) && reaches_goal(problem, points.fewest.x));
}

TEST(Counterfactual, BoundsAreKeptAndShareTheirRestAmongTheOthers) {
  const NetworkSpec spec = linear_spec(2);
  const std::vector<float> parameters = {3, -4, 1};
  const std::vector<double> x = {2, 0};
  CounterfactualProblem problem{spec, parameters, x, {{0, 0, 2}, {1, 0, 0.5}}, {}, {{{1.0}, 0}}, {}};
  const CounterfactualPoints points = search_counterfactual(problem);
  ASSERT_TRUE(points.closest.found);
  EXPECT_NEAR(points.closest.x[1], 0.5, 1e-6);
  EXPECT_NEAR(points.closest.x[0], 1.0 / 3, 1e-5);
  problem.numbers = {{1, 0, 0.5}};
  EXPECT_FALSE(search_counterfactual(problem).closest.found);
}

TEST(Counterfactual, CategoriesOnlySwitchLevels) {
  const NetworkSpec spec = linear_spec(4);
  const std::vector<float> parameters = {0.1f, 2, 1, -3, 0};
  const std::vector<double> x = {0, 1, 0, 0};
  const CounterfactualProblem problem{spec, parameters, x, {{0, -1, 1}}, {{{1, 2, 3}}}, {{{1.0}, 0}}, {}};
  const CounterfactualPoints points = search_counterfactual(problem);
  ASSERT_TRUE(points.closest.found);
  EXPECT_EQ(points.closest.x, (std::vector<double>{0, 0, 0, 1}));
  EXPECT_NEAR(points.closest.distance, std::sqrt(2.0), 1e-12);
}

TEST(Counterfactual, EveryRowOfANetworkIsFlippedAndMostAreNearerThanTheNearestOtherRow) {
  const NetworkSpec spec = test_spec(Loss::cross_entropy);
  const TestData data(spec, 200);
  std::vector<std::vector<double>> rows;
  std::vector<std::size_t> classes;
  reference::ReferenceNetwork<double> network(spec, {}, 1);
  network.parameters().assign(data.parameters.begin(), data.parameters.end());
  for (std::uint32_t r = 0; r < 200; ++r) {
    reference::Batch<double> batch;
    reference::gather(data.samples, std::span(&r, 1), batch);
    const std::vector<double>& z = network.forward(batch, reference::Mode::predict, {}).values;
    rows.push_back(batch.x.values);
    classes.push_back(static_cast<std::size_t>(std::max_element(z.begin(), z.end()) - z.begin()));
  }
  std::size_t nearer = 0;
  for (std::size_t r = 0; r < 30; ++r) {
    CounterfactualProblem problem{spec, data.parameters, rows[r], free_numbers(rows[r], -4, 4), {}, {}, {}};
    for (std::size_t c = 0; c < 3; ++c) {
      if (c == classes[r]) continue;
      Goal goal{{0, 0, 0}, 0};
      goal.weights[classes[r]] = 1, goal.weights[c] = -1;
      problem.goals.push_back(goal);
    }
    double nearest = INFINITY;
    for (std::size_t other = 0; other < 200; ++other) {
      double squares = 0;
      for (std::size_t k = 0; k < 5; ++k) squares += std::pow(rows[r][k] - rows[other][k], 2);
      if (classes[other] == classes[r] || squares >= nearest) continue;
      nearest = squares;
      problem.seeds = {rows[other]};
    }
    const CounterfactualPoints points = search_counterfactual(problem);
    ASSERT_TRUE(points.closest.found) << r;
    EXPECT_TRUE(reaches_goal(problem, points.closest.x)) << r;
    EXPECT_TRUE(reaches_goal(problem, points.fewest.x)) << r;
    EXPECT_LE(points.closest.distance, std::sqrt(nearest));
    EXPECT_LE(points.closest.distance, points.fewest.distance + 1e-9);
    nearer += points.closest.distance < 0.7 * std::sqrt(nearest);
    // Nothing nearer in 800 random directions.
    for (std::uint32_t i = 0; i < 800; ++i) {
      std::vector<double> x = rows[r];
      double length = 0;
      std::vector<double> direction;
      for (std::uint32_t k = 0; k < 5; ++k) {
        direction.push_back(math::normal_from_draw(static_cast<double>(draw({3, Purpose::subsample, 1, i, static_cast<std::uint32_t>(r)}, k) >> 8)));
        length += direction.back() * direction.back();
      }
      for (std::size_t k = 0; k < 5; ++k) x[k] += direction[k] * 0.98 * points.closest.distance / std::sqrt(length);
      EXPECT_FALSE(reaches_goal(problem, x)) << "row " << r << ": a nearer point, direction " << i;
      if (reaches_goal(problem, x)) break;
    }
  }
  EXPECT_GE(nearer, 15u);
}

}  // namespace
}  // namespace chainrule::explain
