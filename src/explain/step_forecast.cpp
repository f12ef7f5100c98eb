// Takes one real optimiser step on the fp64 reference and measures it.
#include "explain/step_forecast.h"

#include <cmath>

#include "explain/blame.h"

namespace chainrule::explain {
namespace {

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

engine::StepControl first_step(const TrainingSpec& training) {
  engine::StepControl control;
  control.update = math::update_constants(training.optimizer, 1, training.optimizer.learning_rate, training.optimizer.weight_decay);
  return control;
}

/// Change of every parameter in one update by `gradients`; the parameters stay where they are. Running statistics do not move.
std::vector<double> update_by(Network& network, const std::vector<double>& gradients, const engine::StepControl& control) {
  const std::vector<double> before = network.parameters();
  network.gradients() = gradients;
  network.update(control);
  std::vector<double> step(before.size());
  for (std::size_t i = 0; i < step.size(); ++i) step[i] = network.parameters()[i] - before[i];
  network.parameters() = before;
  return step;
}

void apply_step(std::vector<double>& parameters, const std::vector<double>& step) {
  for (std::size_t i = 0; i < step.size(); ++i) parameters[i] += step[i];
}

}  // namespace

StepForecast forecast_step(const NetworkSpec& network, const TrainingSpec& training, std::span<const float> parameters,
                           const Samples& samples, std::span<const std::uint32_t> rows, std::size_t top) {
  LossSurface surface(network, training, parameters, samples, rows);
  const engine::StepControl control = first_step(training);
  surface.train_as(control);
  StepForecast result;
  result.loss = surface.backward();
  const std::vector<double> before = surface.gradients(), start = surface.parameters();
  const std::vector<double> step = update_by(surface.network(), before, control);
  result.length = std::sqrt(dot(step, step));
  result.predicted = dot(before, step);
  apply_step(surface.parameters(), step);
  result.measured = surface.backward() - result.loss;
  result.curved = 0.5 * (result.predicted + dot(surface.gradients(), step));
  surface.parameters() = start;

  std::vector<double> parts(step.size());
  for (std::size_t i = 0; i < step.size(); ++i) parts[i] = before[i] * step[i];
  const net::ParameterLayout& layout = surface.network().layout();
  for (const std::size_t at : largest_gradients(layout, parts, top)) {
    result.entries.push_back({weight_name(layout, at), start[at], before[at], step[at], parts[at],
                              measured_change(surface, result.loss, at, step[at])});
  }
  return result;
}

}  // namespace chainrule::explain
