// L32: both forms of Adam, the lesson's and the published one, against steps computed by hand.
#include <cmath>

#include "lesson/recorder.h"
#include "lesson/run.h"
#include "lesson/text.h"

namespace chainrule::lesson::l32 {
namespace {

constexpr int kSteps = 30;
constexpr double kRate = 0.01;
constexpr double kTextbookLimit = 1e-3;  ///< of eta: fp32 weights near 1 resolve steps of 0.01 to 1e-5 of them

struct Memory { float m = 0, v = 0; };
struct ExactMemory { double m = 0, v = 0; };

void remember(const OptimizerSpec& s, Memory& memory, float g) {
  memory.m = std::fma(static_cast<float>(s.beta1), memory.m, static_cast<float>(1 - s.beta1) * g);
  memory.v = std::fma(static_cast<float>(s.beta2), memory.v, static_cast<float>(1 - s.beta2) * g * g);
}

/// W - eta m / sqrt(v + eps) in fp32.
float lesson_step(const OptimizerSpec& s, float w, const Memory& memory, std::uint64_t) {
  return std::fma(-static_cast<float>(kRate), memory.m / std::sqrt(memory.v + static_cast<float>(s.epsilon)), w);
}

/// 1 - b^t in double by t multiplications.
double correction(double b, std::uint64_t t) {
  double power = 1;
  for (std::uint64_t i = 0; i < t; ++i) power *= b;
  return 1 - power;
}

/// W - (eta / (1 - b1^t)) m / (sqrt(v / (1 - b2^t)) + eps): the two corrections are rounded to fp32 once per step.
float published_step(const OptimizerSpec& s, float w, const Memory& memory, std::uint64_t t) {
  const float rate = static_cast<float>(kRate / correction(s.beta1, t)), scale = static_cast<float>(1 / correction(s.beta2, t));
  return std::fma(-rate, memory.m / (std::sqrt(memory.v * scale) + static_cast<float>(s.epsilon)), w);
}

/// The same two in double, term by term as printed in a book.
double textbook_step(const OptimizerSpec& s, ExactMemory& memory, double g, std::uint64_t t) {
  memory.m = s.beta1 * memory.m + (1 - s.beta1) * g;
  memory.v = s.beta2 * memory.v + (1 - s.beta2) * g * g;
  if (s.epsilon_inside) return -kRate * memory.m / std::sqrt(memory.v + s.epsilon);
  const double m = memory.m / (1 - std::pow(s.beta1, t)), v = memory.v / (1 - std::pow(s.beta2, t));
  return -kRate * m / (std::sqrt(v) + s.epsilon);
}

struct Form {
  std::string name;
  float (*step)(const OptimizerSpec&, float, const Memory&, std::uint64_t);
  OptimizerSpec spec;
  std::vector<Update> updates;
  std::size_t compared = 0, unequal = 0;
  double textbook_error = 0;  ///< largest, in units of eta
};

Form compared(std::string name, float (*step)(const OptimizerSpec&, float, const Memory&, std::uint64_t), const Surface& surface,
              std::uint64_t seed) {
  Form form{name, step, optimizer_with(name, kRate), {}};
  form.updates = recorded(surface, form.spec, kSteps, 8, seed);
  for (const std::size_t i : trainable(surface.network)) {
    Memory memory;
    ExactMemory exact;
    for (const Update& u : form.updates) {
      remember(form.spec, memory, u.gradient[i]);
      form.unequal += step(form.spec, u.before[i], memory, u.t) != u.after[i];
      const double book = textbook_step(form.spec, exact, static_cast<double>(u.gradient[i]), u.t);
      form.textbook_error = std::max(form.textbook_error, std::abs(book - u.step(i)) / kRate);
      ++form.compared;
    }
  }
  return form;
}

LessonTable table_of(const Form& lesson, const Form& published, std::size_t i) {
  LessonTable table{"one weight, steps in units of eta", {"t", "lesson's form", "published form", "1 / (1-b1^t)", "sqrt(1-b2^t)"}, {}};
  for (const std::size_t t : {0u, 1u, 2u, 4u, 9u, 19u, 29u}) {
    table.rows.push_back({number(static_cast<double>(t + 1)), number(lesson.updates[t].step(i) / kRate),
                          number(published.updates[t].step(i) / kRate),
                          number(1 / correction(0.9, t + 1)), number(std::sqrt(correction(0.999, t + 1)))});
  }
  return table;
}

/// The longest step of all weights at each t, in units of eta.
LessonPlot plot_of(const std::vector<Form>& forms, const std::vector<std::size_t>& places) {
  LessonPlot plot{"longest step of any weight", "step", "step / eta", {}, false};
  for (const Form& form : forms) {
    LessonPlot::Curve curve{form.name, {}, {}};
    for (const Update& u : form.updates) {
      double longest = 0;
      for (const std::size_t i : places) longest = std::max(longest, std::abs(u.step(i)) / kRate);
      curve.x.push_back(static_cast<double>(u.t));
      curve.y.push_back(longest);
    }
    plot.curves.push_back(curve);
  }
  return plot;
}

LessonOutcome run(const LessonSetting& setting) {
  const Surface surface = small_network(setting, 32);
  const auto places = trainable(surface.network);
  const std::vector<Form> forms = {compared("adam:lesson", lesson_step, surface, setting.seed),
                                   compared("adam", published_step, surface, setting.seed)};
  const double unequal = static_cast<double>(forms[0].unequal + forms[1].unequal),
  total = static_cast<double>(forms[0].compared + forms[1].compared);
  const double error = std::max(forms[0].textbook_error, forms[1].textbook_error);

  LessonOutcome outcome;
  outcome.held = unequal == 0 && error < kTextbookLimit;
  outcome.verdict = filled("{0} updates, half in the lesson's form, half in the published one: {1} differ in any bit from the step "
                           "computed by hand; against the textbook in double the largest difference is {2} eta (limit {3})",
                           {number(total, 9), number(unequal), number(error, 2), number(kTextbookLimit)});
  const std::size_t i = places.front();
  const Update& u = forms[0].updates.back();
  outcome.formula = {"lesson: W <- W - eta m_t / sqrt(v_t + eps)",
                     filled("{0} - {1} * {2} / sqrt({3} + 1e-08) = {4}", {number(u.before[i], 8), number(kRate), number(u.state[0][i]),
                                                                        number(u.state[1][i]), number(u.after[i], 8)}),
                     "published: W <- W - eta (m_t / (1 - b1^t)) / (sqrt(v_t / (1 - b2^t)) + eps)"};
  outcome.numbers = {{"compared", total}, {"unequal_lesson", static_cast<double>(forms[0].unequal)},
                     {"unequal_published", static_cast<double>(forms[1].unequal)}, {"textbook_error_in_eta", error}};
  outcome.tables = {table_of(forms[0], forms[1], i)};
  outcome.plots = {plot_of(forms, places)};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    32, LessonGroup::optimizers,
    "Adam's update in the lesson's form: W <- W - eta m_t / sqrt(v_t + eps), m from momentum and v from RMSprop.",
    "At the very first step, with b1 = 0.9, b2 = 0.999 and a gradient g far above epsilon, how long is the lesson's step, which has no "
    "bias correction?",
    "about 3.2 eta: m = 0.1 g and sqrt(v) = sqrt(0.001) g = 0.032 g, and 0.1 / 0.032 = 3.2",
    {{{"exactly eta", "that is the published form: its correction divides m by 0.1 and v by 0.001, so that m / sqrt(v) = g / |g|"},
      {"0.1 eta", "that counts m = 0.1 g but forgets that v, too, has only just begun to fill"},
      {"eta times g", "that is SGD; in Adam the size of g stands above and below the line and cancels"}}},
    true, run};

}  // namespace chainrule::lesson::l32
