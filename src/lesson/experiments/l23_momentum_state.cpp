// L23: momentum's memory m recomputed by hand from the recorded gradients, to the last bit.
#include <cmath>

#include "lesson/recorder.h"
#include "lesson/run.h"
#include "lesson/text.h"

namespace chainrule::lesson::l23 {
namespace {

constexpr int kSteps = 30;
constexpr double kKeep = 0.9, kLimit = 1e-5;

/// fp32 as docs/optimizers.md has it: the second product rounded, then one fma.
float next(float m, float g) { return std::fma(static_cast<float>(kKeep), m, static_cast<float>(1 - kKeep) * g); }

struct Comparison {
  std::size_t compared = 0, unequal = 0;
  double largest_m = 0, sum_error = 0;  ///< against (1-b1) * sum of b1^(t-k) g_k in double, after the last step
};

Comparison compare(const std::vector<Update>& updates, const std::vector<std::size_t>& places) {
  Comparison c;
  for (const std::size_t i : places) {
    float m = 0;
    double sum = 0;
    for (const Update& u : updates) {
      m = next(m, u.gradient[i]);
      sum = kKeep * sum + (1 - kKeep) * static_cast<double>(u.gradient[i]);
      c.unequal += m != u.state[0][i];
      ++c.compared;
    }
    c.largest_m = std::max(c.largest_m, std::abs(sum));
    c.sum_error = std::max(c.sum_error, std::abs(sum - static_cast<double>(updates.back().state[0][i])));
  }
  c.sum_error /= std::max(c.largest_m, 1e-30);
  return c;
}

LessonTable trace_of(const std::vector<Update>& updates, std::size_t i, const std::string& weight) {
  LessonTable table{weight + " under momentum", {"t", "g_t", "b1 m_(t-1)", "(1-b1) g_t", "their sum", "m_t in the engine"}, {}};
  float m = 0;
  for (int t = 0; t < 8; ++t) {
    const float g = updates[t].gradient[i], after = next(m, g);
    table.rows.push_back({number(t + 1), number(g), number(kKeep * m), number((1 - kKeep) * g), number(after, 8),
                          number(updates[t].state[0][i], 8)});
    m = after;
  }
  return table;
}

LessonPlot plot_of(const std::vector<Update>& updates, std::size_t i, const std::string& weight) {
  LessonPlot plot{"gradient and memory of " + weight, "step", "value", {{"g", {}, {}}, {"m", {}, {}}}, false};
  for (const Update& u : updates) {
    for (LessonPlot::Curve& curve : plot.curves) curve.x.push_back(static_cast<double>(u.t));
    plot.curves[0].y.push_back(u.gradient[i]);
    plot.curves[1].y.push_back(u.state[0][i]);
  }
  return plot;
}

LessonOutcome run(const LessonSetting& setting) {
  const Surface surface = small_network(setting, 23);
  const auto places = trainable(surface.network);
  const std::string weight = parameter_name(net::ParameterLayout(surface.network), places.front());
  const auto updates = recorded(surface, optimizer_with("momentum:lesson", 0.05), kSteps, 8, setting.seed);
  const auto with_adam = recorded(surface, optimizer_with("adam", 0.01), kSteps, 8, setting.seed);
  const Comparison momentum = compare(updates, places), adam = compare(with_adam, places);
  const double unequal = static_cast<double>(momentum.unequal + adam.unequal), sum_error = std::max(momentum.sum_error, adam.sum_error);

  LessonOutcome outcome;
  outcome.held = unequal == 0 && sum_error < kLimit && momentum.largest_m > 0;
  outcome.verdict = filled("{0} values of m, half of them in momentum, half in Adam, recomputed from the gradients: {1} differ in any "
                           "bit; the weighted sum of all gradients gives the last m to {2} of the largest (limit {3})",
                           {number(static_cast<double>(momentum.compared + adam.compared), 9), number(unequal), number(sum_error, 2),
                            number(kLimit)});
  const float before = updates[0].state[0][places.front()], g = updates[1].gradient[places.front()];
  outcome.formula = {"m_t = b1 m_(t-1) + (1 - b1) g_t",
                     filled("m_2 = {0} * {1} + {2} * {3} = {4}", {number(kKeep), number(before), number(1 - kKeep), number(g),
                                                                  number(next(before, g))})};
  outcome.numbers = {{"compared", static_cast<double>(momentum.compared + adam.compared)}, {"unequal", unequal}, {"sum_error", sum_error}};
  outcome.tables = {trace_of(updates, places.front(), weight)};
  outcome.plots = {plot_of(updates, places.front(), weight)};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    23, LessonGroup::optimizers,
    "Momentum keeps a running mean of the gradients: m_t = b1 m_(t-1) + (1 - b1) g_t.",
    "b1 is 0.9, m was 1.0 and the new gradient is -1.0. What is the new m?",
    "0.8: nine tenths of the old memory, 0.9, and one tenth of the new gradient, -0.1",
    {{{"-0.8", "that swaps the factors: 0.1 of the memory and 0.9 of the gradient, a memory that forgets almost everything in one step"},
      {"-0.1", "that is the new part alone; the memory of earlier gradients was dropped"},
      {"-0.1 + 1.0 = 0.9", "the old m must be multiplied by b1 before the new part is added, or m could grow without bound"}}},
    true, run};

}  // namespace chainrule::lesson::l23
