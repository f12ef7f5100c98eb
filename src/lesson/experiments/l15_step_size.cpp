// L15: the length of SGD's step is eta times the length of the gradient; the published Adam's first step is eta for every weight.
#include <cmath>

#include "lesson/recorder.h"
#include "lesson/text.h"

namespace chainrule::lesson::l15 {
namespace {

constexpr double kFirstRate = 0x1p-7, kLimit = 1e-3;
constexpr int kRates = 8;

struct Lengths { double gradient = 0, step = 0, longest = 0, weights = 0; };

Lengths lengths_of(const Surface& surface, const OptimizerSpec& optimizer, std::uint64_t seed) {
  const Update u = Descent(surface, optimizer, seed).record();
  Lengths l;
  for (const std::size_t i : trainable(surface.network)) {
    l.gradient += std::pow(static_cast<double>(u.gradient[i]), 2);
    l.step += u.step(i) * u.step(i);
    l.longest = std::max(l.longest, std::abs(u.step(i)));
    l.weights = std::max(l.weights, std::abs(static_cast<double>(u.after[i])));
  }
  l.gradient = std::sqrt(l.gradient);
  l.step = std::sqrt(l.step);
  return l;
}

LessonOutcome run(const LessonSetting& setting) {
  const Surface surface = small_network(setting, 15);
  LessonOutcome outcome;
  LessonTable table{"the first step from the same weights, over all rows",
                    {"eta", "length of g", "length of the step", "step / (eta |g|)", "Adam: longest move / eta"}, {}};
  LessonPlot plot{"length of SGD's first step", "eta", "length", {{"measured", {}, {}}, {"eta |g|", {}, {}}}, false};
  double worst = 0, worst_adam = 0, gradient = 0;
  for (int k = 0; k < kRates; ++k) {
    const double eta = std::ldexp(kFirstRate, k);
    const Lengths sgd = lengths_of(surface, optimizer_with("sgd", eta), setting.seed);
    const Lengths adam = lengths_of(surface, optimizer_with("adam", eta), setting.seed);
    const double wanted = eta * sgd.gradient, ratio = sgd.step / wanted;
    const double rounding = 1e-7 * sgd.weights * std::sqrt(static_cast<double>(surface.start.size())) / wanted;
    worst = std::max(worst, std::abs(ratio - 1) - rounding);
    worst_adam = std::max(worst_adam, std::abs(adam.longest / eta - 1));
    gradient = sgd.gradient;
    table.rows.push_back({number(eta), number(sgd.gradient), number(sgd.step), number(ratio, 7), number(adam.longest / eta, 7)});
    plot.curves[0].x.push_back(eta), plot.curves[0].y.push_back(sgd.step);
    plot.curves[1].x.push_back(eta), plot.curves[1].y.push_back(wanted);
  }
  outcome.held = worst < kLimit && worst_adam < kLimit && gradient > 0;
  outcome.verdict = filled("over {0} rates, each twice the last, the step was eta |g| to a relative {1} beyond rounding (limit {2}); "
                           "Adam's longest first move was eta to {3}, whatever the gradient's length {4}",
                           {number(kRates), number(std::max(worst, 0.0), 2), number(kLimit), number(worst_adam, 2), number(gradient, 3)});
  outcome.formula = {"|W' - W| = eta |g|", filled("at eta = {0}: {0} * {1} = {2}, measured {3}", {table.rows[0][0], table.rows[0][1],
                                                number(kFirstRate * gradient), table.rows[0][2]})};
  outcome.numbers = {{"rates", kRates}, {"worst_error", std::max(worst, 0.0)}, {"worst_error_adam", worst_adam},
                     {"gradient_length", gradient}};
  outcome.tables = {table};
  outcome.plots = {plot};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    15, LessonGroup::learning_rate,
    "The learning rate eta sets how far one update moves the weights.",
    "eta is doubled and the weights and the rows stay the same. What happens to the next step of SGD?",
    "it points in the same direction and is exactly twice as long",
    {{{"it points in a new direction", "the direction is that of the gradient, which eta does not enter"},
      {"the loss falls by twice as much", "only as long as the surface is straight over that distance; a longer step can even raise the "
                                          "loss"},
      {"the gradient doubles", "the gradient belongs to the weights and the rows; eta only scales what is made of it"}}},
    true, run};

}  // namespace chainrule::lesson::l15
