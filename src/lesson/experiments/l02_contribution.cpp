// L2: the gradient of a weight foretells what the loss does when that weight is moved, and the foretelling gets better with each halving.
#include <algorithm>
#include <cmath>

#include "lesson/probe.h"
#include "lesson/text.h"

namespace chainrule::lesson::l02 {
namespace {

constexpr std::size_t kWeights = 1000, kShown = 8, kMostSteps = 12;
constexpr double kLargestStep = 2e-3;
constexpr int kHalvings = 3;
constexpr double kErrorLimit = 1e-3, kFusedLimit = 1e-4;
constexpr double kQuarterLow = 3.5, kQuarterHigh = 4.5;  // what is left out is of second order: half the step, a quarter of it

/// Up to `count` weights drawn without repetition; fewer when the user's network is so large that measuring them would take long.
std::vector<std::size_t> drawn_weights(const Probe& probe, std::uint64_t seed) {
  std::vector<std::size_t> weights = probe.weights();
  Draws draws(seed, 2);
  for (std::size_t i = weights.size(); i-- > 1;) std::swap(weights[i], weights[draws.below(static_cast<std::uint32_t>(i + 1))]);
  const std::size_t affordable = std::max<std::size_t>(20, 200'000'000 / (weights.size() * probe.rows().size() * kHalvings));
  weights.resize(std::min({weights.size(), kWeights, affordable}));
  return weights;
}

/// Over all weights: the sum of |measured - predicted| and the sum of |predicted| for one size of step.
struct Judged { double step = 0, missed = 0, predicted = 0, worst_ratio = 0; };

Judged judge(Probe& probe, const std::vector<std::size_t>& weights, double step) {
  Judged result{step};
  const double largest = std::abs(static_cast<double>(probe.fused()[probe.ranked(weights).front()]));
  for (const std::size_t at : weights) {
    const double gradient = static_cast<double>(probe.fused()[at]), predicted = gradient * step, measured = probe.change(at, step);
    result.missed += std::abs(measured - predicted);
    result.predicted += std::abs(predicted);
    // A ratio means something where the gradient is more than the rounding of fp32.
    if (std::abs(gradient) > 0.05 * largest) result.worst_ratio = std::max(result.worst_ratio, std::abs(measured / predicted - 1));
  }
  return result;
}

LessonTable blame_table(Probe& probe, const std::vector<std::size_t>& weights) {
  LessonTable table{"Each weight moved by +" + number(kLargestStep), {"weight", "value", "gradient", "predicted", "measured", "ratio"}, {}};
  const std::vector<std::size_t> ranked = probe.ranked(weights);
  for (std::size_t i = 0; i < std::min(kShown, ranked.size()); ++i) {
    const double gradient = static_cast<double>(probe.fused()[ranked[i]]), measured = probe.change(ranked[i], kLargestStep);
    table.rows.push_back({probe.name(ranked[i]), number(static_cast<double>(probe.parameters()[ranked[i]])), number(gradient),
                          number(gradient * kLargestStep), number(measured), number(measured / (gradient * kLargestStep), 6)});
  }
  return table;
}

LessonTable halving_table(const std::vector<Judged>& steps) {
  LessonTable table{"The ratio goes to 1 as the step halves", {"step", "predicted, summed", "missed, summed", "share missed", "worst ratio - 1"}, {}};
  for (const Judged& j : steps) {
    table.rows.push_back({number(j.step), number(j.predicted), number(j.missed), number(j.missed / j.predicted, 3), number(j.worst_ratio, 3)});
  }
  return table;
}

/// Second-order remainders quarter. A user's network may have kinks, there it is enough that the share missed keeps falling.
bool shrinks(const std::vector<Judged>& steps, bool own) {
  for (std::size_t i = 1; i < steps.size(); ++i) {
    const double quotient = steps[i - 1].missed / steps[i].missed;
    if (own ? !(quotient > 2) : !(quotient > kQuarterLow && quotient < kQuarterHigh)) return false;
  }
  return true;
}

LessonOutcome run(const LessonSetting& setting) {
  Probe probe(setting, {.rows = 4});
  const std::vector<std::size_t> weights = drawn_weights(probe, setting.seed);
  std::vector<Judged> steps;
  for (int i = 0; i <= kHalvings; ++i) steps.push_back(judge(probe, weights, kLargestStep / (1 << i)));
  // Kinks of a user's network lie near: smaller steps pass fewer of them.
  for (double step = steps.back().step / 2; probe.own() && steps.back().missed >= kErrorLimit * steps.back().predicted && steps.size() < kMostSteps; step /= 2) {
    steps.push_back(judge(probe, weights, step));
  }
  const Judged& last = steps.back();
  const double share = last.missed / last.predicted, fused = probe.fused_error();
  LessonOutcome outcome;
  outcome.tables = {blame_table(probe, weights), halving_table(steps)};
  const std::size_t top = probe.ranked(weights).front();
  const double gradient = static_cast<double>(probe.fused()[top]);
  outcome.formula = {"change of L = dL/dw * step, to first order",
                     filled("{0}: {1} * {2} = {3}, measured {4}", {probe.name(top), number(gradient), number(last.step), number(gradient * last.step, 5),
                                                                   number(probe.change(top, last.step), 5)})};
  outcome.held = shrinks(steps, probe.own()) && share < kErrorLimit && fused < kFusedLimit;
  outcome.verdict = filled("for {0} weights of {1} the predicted change of the loss misses the measured one by {2} at a step of {3} (limit {4}); "
                           "each halving of the step divided what is missed by {5} (4 expected)",
                           {number(static_cast<double>(weights.size()), 9), number(static_cast<double>(probe.weights().size()), 9), percent(share),
                            number(last.step), percent(kErrorLimit), number(std::pow(steps[0].missed / last.missed, 1.0 / kHalvings), 3)});
  outcome.numbers = {{"weights", static_cast<double>(weights.size())}, {"share_missed", share}, {"worst_ratio_error", last.worst_ratio},
                     {"missed_per_halving", std::pow(steps[0].missed / last.missed, 1.0 / kHalvings)}, {"fused_error", fused}};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    2, LessonGroup::error_and_blame,
    "Back-propagation tells of every single weight how much it contributes to the error.",
    "After one backward pass a weight has the gradient 0.3. What does that number say?",
    "Raising this weight a little, by d, raises the loss by about 0.3 d; the smaller d, the better that fits",
    {{{"The loss is 0.3 when this weight is used", "the loss belongs to the whole network and its rows; the gradient says how it changes, not how large it is"},
      {"30 % of the error comes from this weight", "gradients are not shares: they have signs, do not sum to 1, and change as soon as any weight moves"},
      {"The weight should be 0.3", "the gradient is a slope in units of loss per weight; where the weight should end up is not known from one slope"}}},
    true, run};

}  // namespace chainrule::lesson::l02
