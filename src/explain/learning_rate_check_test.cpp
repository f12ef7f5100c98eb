// Curvature from Hessian-vector products, and the stability limit of every optimiser on a quadratic whose curvature is known.
#include "explain/learning_rate_check.h"

#include <gtest/gtest.h>

#include <cmath>

#include "explain/curvature.h"
#include "explain/test_data.h"

namespace chainrule::explain {
namespace {

/// Linear regression: squared error of one weight vector is a quadratic with Hessian 2 X^T X / rows (bias included).
struct Quadratic {
  NetworkSpec spec;
  std::vector<float> x, y, parameters;
  Samples samples;

  explicit Quadratic(std::size_t rows = 64, float stretch = 3) {
    spec.inputs = 2;
    spec.layers.resize(1);
    spec.layers[0].units = 1;
    spec.layers[0].activation = Activation::identity;
    spec.loss.kind = Loss::squared_error;
    for (std::uint32_t r = 0; r < rows; ++r) {
      const float a = static_cast<float>(r % 2) * 2 - 1, b = static_cast<float>(r / 2 % 2) * 2 - 1;
      x.insert(x.end(), {stretch * a, b});
      y.push_back(2 * a - b);
    }
    parameters = net::initial_parameters(spec, 1);
    samples = {x.data(), y.data(), nullptr, nullptr, nullptr, rows, 2, 1};
  }
  Quadratic(const Quadratic&) = delete;
  Subject subject(const TrainingSpec& training) const { return {spec, training, parameters, samples, false, {}, {}, samples.rows}; }
};

/// The curvature of the loss in one weight, from the loss itself.
double measured_second_derivative(const NetworkSpec& spec, std::vector<float> parameters, const reference::Batch<double>& batch, std::size_t i) {
  const float h = 0.25f;
  const double middle = fp64_loss(spec, parameters, batch);
  const float w = parameters[i];
  parameters[i] = w + h;
  const double ahead = fp64_loss(spec, parameters, batch);
  parameters[i] = w - h;
  return (ahead - 2 * middle + fp64_loss(spec, parameters, batch)) / (h * h);
}

TEST(Curvature, OfAQuadraticIsExact) {
  const Quadratic problem;
  reference::Batch<double> batch;
  std::vector<std::uint32_t> rows(problem.samples.rows);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::uint32_t>(i);
  reference::gather(problem.samples, rows, batch);
  const double steep = measured_second_derivative(problem.spec, problem.parameters, batch, 0);
  const double flat = measured_second_derivative(problem.spec, problem.parameters, batch, 1);
  EXPECT_NEAR(steep / flat, 9, 1e-5);
  Curvature curvature(problem.spec, {}, problem.parameters, batch);
  const Spectrum spectrum = extreme_curvature(curvature, {}, 10);
  EXPECT_NEAR(spectrum.largest / steep, 1, 1e-6);
  EXPECT_NEAR(spectrum.smallest / flat, 1, 1e-6);
  const std::vector<double> divisor = {steep, flat / 2, 100};
  EXPECT_NEAR(extreme_curvature(curvature, divisor, 10).largest, 2, 1e-6);
}

TEST(Curvature, OfANetworkIsSymmetricAndAgreesWithItsLoss) {
  const NetworkSpec spec = test_spec(Loss::cross_entropy);
  const TestData data(spec, 30);
  const Subject subject{spec, {}, data.parameters, data.samples};
  reference::Batch<double> batch;
  reference::gather(data.samples, rows_to_look_at(subject, 30), batch);
  Curvature curvature(spec, {}, data.parameters, batch);
  std::vector<double> a(curvature.size()), b(curvature.size());
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = std::sin(1.0 + double(i)), b[i] = std::cos(3.0 * double(i));
  const std::vector<double> ha = curvature.times(a), hb = curvature.times(b);
  double ab = 0, ba = 0;
  for (std::size_t i = 0; i < a.size(); ++i) ab += a[i] * hb[i], ba += b[i] * ha[i];
  EXPECT_NEAR(ab / ba, 1, 1e-5);
}

/// Loss after many full-batch steps at `ratio` times the limit, over the loss at the start.
double growth(const Quadratic& problem, TrainingSpec training, double rate) {
  training.optimizer.learning_rate = rate;
  const Subject subject = problem.subject(training);
  const FirstSteps first = take_first_steps(subject);
  return first.finite ? first.losses.back() / first.losses.front() : INFINITY;
}

TEST(LearningRate, LimitOfEveryFormOfMomentumIsWhereAQuadraticTipsOver) {
  for (const char* optimizer : {"sgd", "momentum", "momentum:heavy_ball", "momentum:nesterov"}) {
    const Quadratic problem;
    TrainingSpec training;
    training.optimizer = default_optimizer(optimizer);
    training.optimizer.learning_rate = 1e-9;
    const Subject subject = problem.subject(training);
    const FirstSteps first = take_first_steps(subject);
    const double limit = 1e-9 / check_learning_rate(subject, first).value;
    EXPECT_LT(growth(problem, training, 0.93 * limit), 1) << optimizer << " limit " << limit;
    EXPECT_GT(growth(problem, training, 1.07 * limit), 2) << optimizer << " limit " << limit;
  }
}

TEST(LearningRate, FarAboveTheLimitFailsForEveryOptimizer) {
  for (const Optimizer kind : all<Optimizer>()) {
    const bool chooses_itself = kind == Optimizer::lbfgs || kind == Optimizer::adadelta || kind == Optimizer::adagrad;
    if (chooses_itself) continue;
    const NetworkSpec spec = test_spec(Loss::squared_error);
    const TestData data(spec, 200);
    TrainingSpec training;
    training.optimizer = default_optimizer(name(kind));
    training.optimizer.learning_rate = 30;
    const Subject subject{spec, training, data.parameters, data.samples};
    const CheckItem item = check_learning_rate(subject, take_first_steps(subject));
    EXPECT_EQ(item.severity, "failed") << name(kind) << ": " << item.detail;
  }
}

TEST(LearningRate, DefaultsPassForEveryOptimizer) {
  for (const Optimizer kind : all<Optimizer>()) {
    const NetworkSpec spec = test_spec(Loss::squared_error);
    const TestData data(spec, 200);
    TrainingSpec training;
    training.optimizer = default_optimizer(name(kind));
    const Subject subject{spec, training, data.parameters, data.samples};
    const CheckItem item = check_learning_rate(subject, take_first_steps(subject));
    EXPECT_EQ(item.severity, "passed") << name(kind) << ": " << item.detail;
  }
}

}  // namespace
}  // namespace chainrule::explain
