// L3: dL/dW is a slope: finite differences of the loss give the same number as back-propagation, weight by weight.
#include <algorithm>
#include <cmath>

#include "engine/reference/gradient_check.h"
#include "lesson/probe.h"
#include "lesson/text.h"

namespace chainrule::lesson::l03 {
namespace {

constexpr std::size_t kPerTensor = 24, kInputs = 12, kShown = 8;
constexpr double kErrorLimit = 1e-6, kFusedLimit = 1e-4;
constexpr double kShownStep = 1e-5;

double measured_slope(Probe& probe, std::size_t at) {
  return (probe.change(at, kShownStep) - probe.change(at, -kShownStep)) / (2 * kShownStep);
}

LessonTable slope_table(Probe& probe) {
  LessonTable table{"The steepest weights", {"weight", "back-propagated", "measured", "relative error"}, {}};
  const std::vector<std::size_t> ranked = probe.ranked(probe.weights());
  for (std::size_t i = 0; i < std::min(kShown, ranked.size()); ++i) {
    const double claimed = probe.gradient()[ranked[i]], measured = measured_slope(probe, ranked[i]);
    table.rows.push_back({probe.name(ranked[i]), number(claimed, 9), number(measured, 9), number(std::abs(claimed - measured) / std::abs(measured), 2)});
  }
  return table;
}

/// The loss over one weight's value, and the straight line that the gradient draws at where the weight is.
LessonPlot slope_plot(Probe& probe, std::size_t at) {
  LessonPlot plot{"Loss over " + probe.name(at) + ", and the line with the slope dL/dW", "change of the weight", "loss", {{"line", {}, {}}, {"loss", {}, {}}}, false};
  for (int i = -20; i <= 20; ++i) {
    const double step = 0.1 * i;
    plot.curves[0].x.push_back(step);
    plot.curves[0].y.push_back(probe.loss() + probe.gradient()[at] * step);
    plot.curves[1].x.push_back(step);
    plot.curves[1].y.push_back(probe.loss() + probe.change(at, step));
  }
  return plot;
}

LessonOutcome run(const LessonSetting& setting) {
  Probe probe(setting, {.rows = 8, .widths = {2, 12, 8, 2}});
  const reference::ClaimedGradients claimed = reference::back_propagate(probe.exact(), probe.batch(), probe.control());
  const reference::GradientCheck check =
      reference::check_gradients(probe.exact(), probe.batch(), probe.control(), claimed, {kPerTensor, kInputs});
  const double fused = probe.fused_error();
  const std::size_t top = probe.ranked(probe.weights()).front();
  LessonOutcome outcome;
  outcome.formula = {"dL/dW = (L(W + h) - L(W - h)) / 2h for a small h",
                     filled("{0}: back-propagated {1}, measured {2}", {probe.name(top), number(probe.gradient()[top], 9), number(measured_slope(probe, top), 9)})};
  outcome.plots = {slope_plot(probe, top)};
  outcome.tables = {slope_table(probe)};
  outcome.held = check.checked > 0 && check.max_relative_error < kErrorLimit && fused < kFusedLimit;
  outcome.verdict = filled("{0} slopes measured by finite differences in fp64 agree with back-propagation up to a relative error of {1} (limit {2}; {3} "
                           "lie on kinks and have none); the engine's fp32 gradients differ from the fp64 ones by {4} (limit {5})",
                           {number(static_cast<double>(check.checked), 9), number(check.max_relative_error, 2), number(kErrorLimit),
                            number(static_cast<double>(check.at_kinks), 9), number(fused, 2), number(kFusedLimit)});
  outcome.numbers = {{"checked", static_cast<double>(check.checked)}, {"max_relative_error", check.max_relative_error},
                     {"at_kinks", static_cast<double>(check.at_kinks)}, {"fused_error", fused}};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    3, LessonGroup::gradient,
    "The gradient dL/dW(l) is the sensitivity of the loss to the weights of layer l: how steeply the loss changes with each of them.",
    "How could one find dL/dw of one weight without any back-propagation?",
    "Move the weight a little up and a little down, measure the loss both times, divide the difference by the distance",
    {{{"Set the weight to zero and see how much the loss changes", "that is a jump, not a slope: the loss is curved, and far from the weight's value it may do anything"},
      {"Divide the loss by the weight", "a slope is a ratio of changes; the ratio of the values themselves says nothing about what a change would do"},
      {"It cannot be done: gradients exist only through the chain rule",
       "the chain rule is merely the quick way to all of them at once; one by one they can be measured, at two forward passes each"}}},
    true, run};

}  // namespace chainrule::lesson::l03
