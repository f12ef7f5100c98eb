// L31: what m and v hold after k steps: of a steady gradient both know, of an alternating one only v does.
#include <algorithm>
#include <array>
#include <cmath>

#include "lesson/recorder.h"
#include "lesson/text.h"

namespace chainrule::lesson::l31 {
namespace {

constexpr double kB1 = 0.9, kB2 = 0.9, kLimit = 1e-5;
constexpr int kSteps = 40;

OptimizerSpec optimizer_of(const char* form) {
  OptimizerSpec spec = optimizer_with(form, 1e-3);
  spec.momentum = spec.kind == Optimizer::momentum ? kB1 : 0;
  spec.beta2 = kB2;
  return spec;
}

/// A sequence of gradients, the same in each step t whatever the weight does, by taking row (t - 1) mod 2 of two.
struct Sequence {
  std::string name;
  std::array<float, 2> pulls;  ///< the gradient is -pull
  double (*m)(int t, double size);  ///< the sums in closed form; size: of a gradient
  double (*v)(int t, double size);
};

double steady_m(int t, double size) { return -(1 - std::pow(kB1, t)) * size; }
/// -(1-b1) * (b1^(t-1) - b1^(t-2) + ... ): the first gradient is negative.
double alternating_m(int t, double size) {
  const double last = t % 2 == 1 ? -1 : 1;
  return last * (1 - kB1) * (1 - std::pow(-kB1, t)) / (1 + kB1) * size;
}
double squares(int t, double size) { return (1 - std::pow(kB2, t)) * size * size; }

std::vector<double> memory(const Sequence& sequence, const OptimizerSpec& spec) {
  const Surface surface = steady_pulls(sequence.pulls);
  Descent descent(surface, spec);
  std::vector<double> states;
  for (std::uint32_t t = 0; t < kSteps; ++t) {
    const std::uint32_t row = t % 2;
    states.push_back(descent.record(std::span(&row, 1)).state[0][0]);
  }
  return states;
}

LessonOutcome run(const LessonSetting& setting) {
  const auto size = static_cast<float>(Draws(setting.seed, 31000).between(0.5, 2));
  const Sequence sequences[] = {{"steady: -g, -g, -g", {size, size}, steady_m, squares}, {"alternating: -g, +g, -g", {size, -size},
                                                                                          alternating_m, squares}};
  LessonOutcome outcome;
  LessonTable table{"g = " + number(size), {"gradients", "k", "momentum's m", "by formula", "RMSprop's v", "by formula"}, {}};
  LessonPlot plot{"the memories over the steps", "step", "m / g and v / g^2", {}, false};
  double worst = 0, last_m[2] = {0, 0}, last_v[2] = {0, 0};
  for (std::size_t k = 0; k < 2; ++k) {
    const Sequence& s = sequences[k];
    const std::vector<double> m = memory(s, optimizer_of("momentum:lesson")), v = memory(s, optimizer_of("rmsprop"));
    LessonPlot::Curve m_curve{"m, " + s.name, {}, {}}, v_curve{"v, " + s.name, {}, {}};
    for (int t = 1; t <= kSteps; ++t) {
      const double at_m = m[static_cast<std::size_t>(t - 1)], at_v = v[static_cast<std::size_t>(t - 1)];
      worst = std::max({worst, std::abs(at_m - s.m(t, size)) / size, std::abs(at_v - s.v(t, size)) / (size * size)});
      m_curve.x.push_back(t), m_curve.y.push_back(at_m / size), v_curve.x.push_back(t), v_curve.y.push_back(at_v / (size * size));
      if (t == 1 || t == 5 || t == kSteps) table.rows.push_back({s.name, number(t), number(at_m), number(s.m(t, size)), number(at_v),
                                                                 number(s.v(t, size))});
    }
    last_m[k] = std::abs(m.back()), last_v[k] = v.back();
    plot.curves.push_back(m_curve), plot.curves.push_back(v_curve);
  }
  outcome.held = worst < kLimit && last_m[1] < 0.1 * last_m[0] && std::abs(last_v[1] / last_v[0] - 1) < kLimit;
  outcome.verdict = filled("after {0} steps m is {1} g for steady gradients and {2} g for alternating ones, v is {3} g^2 for both; all "
                           "{4} values are the sums over the past gradients to {5} (limit {6})",
                           {number(kSteps), number(last_m[0] / size, 3), number(last_m[1] / size, 2), number(last_v[0] / size / size, 3),
                            number(4 * kSteps),
                            number(worst, 2), number(kLimit)});
  outcome.formula = {"m_k = (1 - b1) sum of b1^(k-j) g_j;  steady: (1 - b1^k) g;  alternating: about (1 - b1) / (1 + b1) g",
                     "v_k = (1 - b2) sum of b2^(k-j) g_j^2 = (1 - b2^k) g^2"};
  outcome.numbers = {{"m_steady", last_m[0] / size}, {"m_alternating", last_m[1] / size}, {"v_steady", last_v[0] / size / size},
                     {"v_alternating", last_v[1] / size / size}, {"worst_error", worst}};
  outcome.tables = {table};
  outcome.plots = {plot};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    31, LessonGroup::optimizers,
    "Momentum accumulates past gradients, RMSprop past squared gradients.",
    "A weight's gradients alternate between +2 and -2 for long. What are m and v, roughly (b1 = b2 = 0.9)?",
    "m is near 0, within 0.1, and v is 4: the signs cancel in one and vanish in the other",
    {{{"m is 2 and v is 4", "m would be 2 only if all gradients pointed the same way"},
      {"both are near 0", "squares are all positive and cannot cancel"},
      {"m is near 0 and v is 2", "v holds the square, 4; its root is 2"}}},
    false, run};

}  // namespace chainrule::lesson::l31
