// L26: RMSprop's step is eta g / sqrt(v), recomputed by hand in both forms, to the last bit.
#include <cmath>

#include "lesson/recorder.h"
#include "lesson/run.h"
#include "lesson/text.h"

namespace chainrule::lesson::l26 {
namespace {

constexpr int kSteps = 30;
constexpr double kRate = 0.005;

/// The root of v with epsilon inside it (the lesson's form) or beside it.
float root(const OptimizerSpec& spec, float v) {
  const float epsilon = static_cast<float>(spec.epsilon);
  return spec.epsilon_inside ? std::sqrt(v + epsilon) : std::sqrt(v) + epsilon;
}

/// v_t from v_(t-1), then W - eta g / root(v_t), as docs/optimizers.md has it.
float by_hand(const OptimizerSpec& spec, float w, float g, float& v) {
  v = std::fma(static_cast<float>(spec.beta2), v, static_cast<float>(1 - spec.beta2) * g * g);
  return std::fma(-static_cast<float>(spec.learning_rate), g / root(spec, v), w);
}

/// The share of weights and steps that differ, and the largest step in units of eta.
struct Comparison {
  std::size_t compared = 0, unequal = 0;
  double largest_step = 0;
};

Comparison compare(const OptimizerSpec& spec, const std::vector<Update>& updates, const std::vector<std::size_t>& places) {
  Comparison c;
  for (const std::size_t i : places) {
    float v = 0;
    for (const Update& u : updates) {
      c.unequal += by_hand(spec, u.before[i], u.gradient[i], v) != u.after[i];
      c.largest_step = std::max(c.largest_step, std::abs(u.step(i)) / kRate);
      ++c.compared;
    }
  }
  return c;
}

LessonTable table_of(const OptimizerSpec& spec, const Surface& surface, const std::vector<Update>& updates,
                     const std::vector<std::size_t>& places) {
  const Update& u = updates.back();
  const net::ParameterLayout layout(surface.network);
  LessonTable table{"step " + number(kSteps) + " of rmsprop:lesson", {"weight", "g", "root of v", "g / root", "-eta g / root",
                                                                      "W after - before"}, {}};
  for (const std::size_t i : spread(places, 8)) {
    const double divided = static_cast<double>(u.gradient[i]) / static_cast<double>(root(spec, u.state[0][i]));
    table.rows.push_back({parameter_name(layout, i), number(u.gradient[i]), number(root(spec, u.state[0][i])), number(divided),
                          number(-kRate * divided), number(u.step(i))});
  }
  return table;
}

LessonOutcome run(const LessonSetting& setting) {
  const Surface surface = small_network(setting, 26);
  const auto places = trainable(surface.network);
  const OptimizerSpec lesson = optimizer_with("rmsprop:lesson", kRate), usual = optimizer_with("rmsprop", kRate);
  const auto updates = recorded(surface, lesson, kSteps, 8, setting.seed);
  const Comparison inside = compare(lesson, updates, places), outside = compare(usual, recorded(surface, usual, kSteps, 8, setting.seed),
                                                                                places);
  const double bound = 1 / std::sqrt(1 - lesson.beta2), largest = std::max(inside.largest_step, outside.largest_step);
  const double compared = static_cast<double>(inside.compared + outside.compared),
  unequal = static_cast<double>(inside.unequal + outside.unequal);

  LessonOutcome outcome;
  outcome.held = unequal == 0 && largest > 0 && largest < bound * 1.001;
  outcome.verdict = filled("{0} updates in both forms (epsilon inside the root, epsilon beside it) recomputed by hand: {1} differ in any "
                           "bit; the longest step was {2} eta, below the bound 1 / sqrt(1 - b2) = {3}",
                           {number(compared, 9), number(unequal), number(largest, 3), number(bound, 3)});
  const Update& u = updates.back();
  const std::size_t i = places.front();
  outcome.formula = {"W <- W - eta g / sqrt(v + eps)",
                     filled("{0} - {1} * {2} / {3} = {4}", {number(u.before[i], 8), number(kRate), number(u.gradient[i]),
                                                          number(root(lesson, u.state[0][i])), number(u.after[i], 8)})};
  outcome.numbers = {{"compared", compared}, {"unequal", unequal}, {"largest_step_in_eta", largest}, {"bound", bound}};
  outcome.tables = {table_of(lesson, surface, updates, places)};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    26, LessonGroup::optimizers,
    "RMSprop divides each gradient by the root of the running mean of its recent squares.",
    "For a long time a weight's gradient has been 100, and eta is 0.01. How far does RMSprop move it per step?",
    "by 0.01: v is 100^2, its root 100, and 100 / 100 = 1 leaves one eta, as it would for gradients of 0.001",
    {{{"by 1", "that is the step of SGD, eta times the gradient; RMSprop has divided the size away"},
      {"by 0.000001", "that divides by v = 10000 itself; the root is needed, or large gradients would make smaller steps than small ones"},
      {"by 100", "that is the gradient; it is divided by a root as large as itself before eta scales it"}}},
    true, run};

}  // namespace chainrule::lesson::l26
