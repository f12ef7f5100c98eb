// L20: Adam gives every parameter a rate of its own, eta / root of v, low where gradients are large; SGD gives all of them eta.
#include <algorithm>
#include <array>
#include <cmath>

#include "lesson/recorder.h"
#include "lesson/run.h"
#include "lesson/text.h"

namespace chainrule::lesson::l20 {
namespace {

constexpr int kSteps = 40;
constexpr double kRate = 0.01, kSgdRate = 1e-3;
constexpr double kVisible = 1e-5, kLimit = 0.01;  ///< smaller steps, relative to the weight, are lost in its fp32 rounding of 6e-8

struct Parameter {
  std::size_t place = 0;
  double gradient = 0;   ///< root of the mean squared gradient over the run
  double computed = 0;   ///< eta / (sqrt(v / (1 - b2^t)) + eps) from the engine's v
  double measured = 0;   ///< -step / (m / (1 - b1^t)); NaN when the step is lost in the weight's rounding
  double sgd = 0;        ///< -step / g of SGD, likewise
};

double rate_of(double step, double direction, double weight) {
  return std::abs(step) > kVisible * std::abs(weight) ? -step / direction : NAN;
}

std::vector<Parameter> parameters_of(const Surface& surface, std::uint64_t seed) {
  const OptimizerSpec spec = optimizer_with("adam", kRate);
  const std::vector<Update> adam = recorded(surface, spec, kSteps, 16, seed);
  const std::vector<Update> sgd = recorded(surface, optimizer_with("sgd", kSgdRate), 1, 16, seed);
  const Update& u = adam.back();
  const double first = 1 - std::pow(spec.beta1, kSteps), second = 1 - std::pow(spec.beta2, kSteps);
  std::vector<Parameter> all;
  for (const std::size_t i : trainable(surface.network)) {
    Parameter p{i};
    for (const Update& each : adam) p.gradient += std::pow(static_cast<double>(each.gradient[i]), 2) / kSteps;
    p.gradient = std::sqrt(p.gradient);
    p.computed = kRate / (std::sqrt(static_cast<double>(u.state[1][i]) / second) + spec.epsilon);
    p.measured = rate_of(u.step(i), static_cast<double>(u.state[0][i]) / first, u.after[i]);
    p.sgd = rate_of(sgd[0].step(i), sgd[0].gradient[i], sgd[0].after[i]);
    if (p.gradient > 0) all.push_back(p);
  }
  std::sort(all.begin(), all.end(), [](const Parameter& a, const Parameter& b) { return a.gradient > b.gradient; });
  return all;
}

/// A regression whose inputs have the sizes 10, 1, 0.1 and 0.01, or the user's network.
Surface subject(const LessonSetting& setting) {
  if (setting.own != nullptr) return small_network(setting, 20);
  return noisy_regression(std::array{10.0, 1.0, 0.1, 0.01}, 0.1, 128, Draws(setting.seed, 20000));
}

LessonOutcome run(const LessonSetting& setting) {
  const Surface surface = subject(setting);
  const std::vector<Parameter> all = parameters_of(surface, setting.seed);
  const net::ParameterLayout layout(surface.network);
  LessonOutcome outcome;
  LessonTable table{"after " + number(kSteps) + " steps, eta = " + number(kRate),
                    {"parameter", "size of g", "Adam's rate", "computed from v", "SGD's rate (0.001)"}, {}};
  double worst = 0, worst_sgd = 0, low = INFINITY, high = 0;
  std::size_t measured = 0, out_of_order = 0;
  for (std::size_t k = 0; k < all.size(); ++k) {
    const Parameter& p = all[k];
    low = std::min(low, p.computed), high = std::max(high, p.computed);
    out_of_order += k > 0 && all[k - 1].computed > p.computed;
    if (!std::isnan(p.sgd)) worst_sgd = std::max(worst_sgd, std::abs(p.sgd / kSgdRate - 1));
    if (std::isnan(p.measured)) continue;
    worst = std::max(worst, std::abs(p.measured / p.computed - 1));
    ++measured;
  }
  for (const Parameter& p : spread(all, 8)) {
    table.rows.push_back({parameter_name(layout, p.place), number(p.gradient, 3), number(p.measured), number(p.computed), number(p.sgd)});
  }
  const double wanted = setting.own != nullptr ? 1 : 100;
  outcome.held = worst < kLimit && worst_sgd < kLimit && measured > 0 && high > wanted * low &&
                 (setting.own != nullptr || out_of_order == 0);
  outcome.verdict = filled("Adam's rates, step by direction, went from {0} to {1} over {2} parameters, a factor of {3} (wanted: above "
                           "{4}), and are eta / (sqrt(v^) + eps) to {5}; SGD's are all equal to {6} (limit of both {7})",
                           {number(low, 3), number(high, 3), number(static_cast<double>(all.size())), number(high / low, 3),
                            number(wanted), number(worst, 2),
                            number(worst_sgd, 2), number(kLimit)});
  outcome.formula = {"rate of a parameter = eta / (sqrt(v / (1 - b2^t)) + eps)",
                     filled("{0}: gradients of size {1} give {2}; {3}: {4} give {5}",
                            {table.rows.front()[0], table.rows.front()[1], table.rows.front()[3], table.rows.back()[0],
                             table.rows.back()[1], table.rows.back()[3]})};
  outcome.numbers = {{"parameters", static_cast<double>(all.size())}, {"lowest_rate", low}, {"highest_rate", high}, {"error", worst},
                     {"error_sgd", worst_sgd}};
  outcome.tables = {table};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    20, LessonGroup::optimizers,
    "Adam adapts the learning rate for each parameter by itself.",
    "One weight has gradients around 100, another around 0.01. What are their effective rates under Adam?",
    "the first gets a rate about 10000 times lower than the second, so that both move about as far per step",
    {{{"both get eta", "that is SGD: there the first weight would move 10000 times as far as the second"},
      {"the first gets the higher rate, it matters more", "the division by the root of v works the other way round: large gradients are "
                                                          "scaled down"},
      {"the rate is set once for each layer", "v is kept for every single parameter, and each has its own quotient"}}},
    true, run};

}  // namespace chainrule::lesson::l20
