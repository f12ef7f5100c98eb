// The forecast of an optimiser step: first order comes true for small rates, second order for larger ones.
#include "explain/step_forecast.h"

#include <gtest/gtest.h>

#include <cmath>

#include "explain/test_data.h"
#include "explain/weight_place.h"

namespace chainrule::explain {
namespace {

StepForecast forecast(const NetworkSpec& spec, const TestData& data, const std::string& optimizer, double rate) {
  TrainingSpec training;
  training.optimizer = default_optimizer(optimizer);
  training.optimizer.learning_rate = rate;
  std::vector<std::uint32_t> rows;
  for (std::uint32_t r = 0; r < 20; ++r) rows.push_back(r);
  return forecast_step(spec, training, data.parameters, data.samples, rows, 5);
}

TEST(StepForecast, FirstOrderComesTrueAsTheRateShrinksForEveryOptimizer) {
  const NetworkSpec spec = test_spec(Loss::cross_entropy);
  const TestData data(spec, 20);
  for (const std::string& optimizer : optimizer_forms()) {
    if (optimizer.rfind("lbfgs", 0) == 0) continue;
    double before = INFINITY;
    for (double rate = 1e-3; rate > 1e-5; rate /= 4) {
      const StepForecast f = forecast(spec, data, optimizer, rate);
      EXPECT_LT(f.predicted, 0) << optimizer;
      const double error = std::abs(f.measured / f.predicted - 1);
      EXPECT_LT(error, before + 1e-6) << optimizer << " at " << rate;
      EXPECT_LE(std::abs(f.curved - f.measured), std::abs(f.predicted - f.measured) + 1e-12) << optimizer;
      before = error;
    }
    EXPECT_LT(before, 0.01) << optimizer;
  }
}

TEST(StepForecast, StepIsTheOneTrainingTakes) {
  NetworkSpec spec = test_spec(Loss::cross_entropy);
  spec.layers[0].dropout.rate = 0.4;
  spec.layers[1].norm = Norm::batch;
  const TestData data(spec, 20);
  TrainingSpec training;
  training.optimizer = default_optimizer("adamw");
  training.clip_norm = 0.1;
  std::vector<std::uint32_t> rows = {3, 1, 4, 15, 9};
  Network network(spec, training, rows.size());
  network.parameters().assign(data.parameters.begin(), data.parameters.end());
  reference::Batch<double> batch;
  reference::gather(data.samples, rows, batch);
  engine::StepControl control;
  control.update = math::update_constants(training.optimizer, 1, training.optimizer.learning_rate, training.optimizer.weight_decay);
  const std::vector<double> start = network.parameters();
  network.forward(batch, reference::Mode::train, control);
  const double loss = network.loss(batch);
  network.backward();
  network.update(control);
  const StepForecast f = forecast_step(spec, training, data.parameters, data.samples, rows, 7);
  EXPECT_DOUBLE_EQ(f.loss, loss);
  ASSERT_EQ(f.entries.size(), 7u);
  for (const StepEntry& entry : f.entries) {
    const std::size_t at = find_weight(network.layout(), entry.weight).at;
    EXPECT_NEAR(entry.step, network.parameters()[at] - start[at], 1e-15) << entry.weight;
  }
}

}  // namespace
}  // namespace chainrule::explain
