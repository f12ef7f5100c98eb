// L27: RMSprop's memory v recomputed by hand from the recorded gradients, to the last bit.
#include <cmath>

#include "lesson/recorder.h"
#include "lesson/run.h"
#include "lesson/text.h"

namespace chainrule::lesson::l27 {
namespace {

constexpr int kSteps = 30;
constexpr double kLimit = 1e-5;

/// fp32 as docs/optimizers.md has it: ((1-b2) g) g rounded twice, then one fma.
float next(double b2, float v, float g) { return std::fma(static_cast<float>(b2), v, static_cast<float>(1 - b2) * g * g); }

struct Comparison {
  std::size_t compared = 0, unequal = 0, negative = 0;
  double largest = 0, sum_error = 0;  ///< against (1-b2) * sum of b2^(t-k) g_k^2 in double, after the last step
};

Comparison compare(const std::vector<Update>& updates, std::size_t state, double b2, const std::vector<std::size_t>& places) {
  Comparison c;
  for (const std::size_t i : places) {
    float v = 0;
    double sum = 0;
    for (const Update& u : updates) {
      const double g = u.gradient[i];
      v = next(b2, v, u.gradient[i]);
      sum = b2 * sum + (1 - b2) * g * g;
      c.unequal += v != u.state[state][i];
      c.negative += u.state[state][i] < 0;
      ++c.compared;
    }
    c.largest = std::max(c.largest, sum);
    c.sum_error = std::max(c.sum_error, std::abs(sum - static_cast<double>(updates.back().state[state][i])));
  }
  c.sum_error /= std::max(c.largest, 1e-30);
  return c;
}

LessonTable trace_of(const std::vector<Update>& updates, double b2, std::size_t i, const std::string& weight) {
  LessonTable table{weight + " under RMSprop", {"t", "g_t", "b2 v_(t-1)", "(1-b2) g_t^2", "their sum", "v_t in the engine"}, {}};
  float v = 0;
  for (int t = 0; t < 8; ++t) {
    const float g = updates[t].gradient[i], after = next(b2, v, g);
    table.rows.push_back({number(t + 1), number(g), number(b2 * v), number((1 - b2) * g * g), number(after, 8),
                          number(updates[t].state[0][i], 8)});
    v = after;
  }
  return table;
}

LessonPlot plot_of(const std::vector<Update>& updates, std::size_t i, const std::string& weight) {
  LessonPlot plot{"size of the gradient and root of the memory, " + weight, "step", "value", {{"|g|", {}, {}}, {"sqrt v", {}, {}}}, false};
  for (const Update& u : updates) {
    for (LessonPlot::Curve& curve : plot.curves) curve.x.push_back(static_cast<double>(u.t));
    plot.curves[0].y.push_back(std::abs(u.gradient[i]));
    plot.curves[1].y.push_back(std::sqrt(u.state[0][i]));
  }
  return plot;
}

LessonOutcome run(const LessonSetting& setting) {
  const Surface surface = small_network(setting, 27);
  const auto places = trainable(surface.network);
  const std::string weight = parameter_name(net::ParameterLayout(surface.network), places.front());
  const OptimizerSpec rmsprop = optimizer_with("rmsprop", 0.005), adam = optimizer_with("adam", 0.01);
  const auto updates = recorded(surface, rmsprop, kSteps, 8, setting.seed);
  const Comparison one = compare(updates, 0, rmsprop.beta2, places);
  const Comparison two = compare(recorded(surface, adam, kSteps, 8, setting.seed), 1, adam.beta2, places);
  const double unequal = static_cast<double>(one.unequal + two.unequal), sum_error = std::max(one.sum_error, two.sum_error);
  const double negative = static_cast<double>(one.negative + two.negative), compared = static_cast<double>(one.compared + two.compared);

  LessonOutcome outcome;
  outcome.held = unequal == 0 && sum_error < kLimit && negative == 0 && one.largest > 0;
  outcome.verdict = filled("{0} values of v, half of them in RMSprop, half in Adam, recomputed from the gradients: {1} differ in any bit, "
                           "{2} are negative; the weighted sum of all squares gives the last v to {3} of the largest (limit {4})",
                           {number(compared, 9), number(unequal), number(negative), number(sum_error, 2), number(kLimit)});
  const float before = updates[0].state[0][places.front()], g = updates[1].gradient[places.front()];
  outcome.formula = {"v_t = b2 v_(t-1) + (1 - b2) g_t^2",
                     filled("v_2 = {0} * {1} + {2} * ({3})^2 = {4}", {number(rmsprop.beta2), number(before), number(1 - rmsprop.beta2),
                                                                      number(g),
                                                                    number(next(rmsprop.beta2, before, g))})};
  outcome.numbers = {{"compared", compared}, {"unequal", unequal}, {"negative", negative}, {"sum_error", sum_error}};
  outcome.tables = {trace_of(updates, rmsprop.beta2, places.front(), weight)};
  outcome.plots = {plot_of(updates, places.front(), weight)};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    27, LessonGroup::optimizers,
    "RMSprop keeps a running mean of the squared gradients: v_t = b2 v_(t-1) + (1 - b2) g_t^2.",
    "b2 is 0.9, v was 4 and the new gradient is -2. What is the new v?",
    "4: 0.9 * 4 + 0.1 * (-2)^2 = 3.6 + 0.4; a gradient of the size remembered changes nothing, whatever its sign",
    {{{"3.4", "that is 3.6 + 0.1 * (-2): the gradient was not squared, and v would not be a mean of squares"},
      {"3.2", "that subtracts the new part because the gradient is negative; a square never is"},
      {"3.6 + 4 = 7.6", "the new square must be multiplied by 1 - b2, or v would be a sum that grows and not a mean"}}},
    true, run};

}  // namespace chainrule::lesson::l27
