// Moving weights against their gradient, and with it.
#include "lesson/nudges.h"

#include <algorithm>
#include <cmath>

#include "lesson/probe.h"
#include "lesson/text.h"

namespace chainrule::lesson {
namespace {

constexpr double kNudge = 1e-6;          // so small that curvature hides behind the slope, so large that fp64 sees it
constexpr double kLevel = 1e-3;          // gradients below this share of the largest one count as level ground
constexpr double kVisibleNudge = 0.02;   // for the engine's own fp32 loss
constexpr double kOwnShare = 0.99;       // a user's network may have kinks
constexpr std::size_t kMostWeights = 400, kShown = 8;

struct Nudged { std::size_t tried = 0, fell = 0, rose = 0; };

/// Weights of the wanted sign, steepest first.
std::vector<std::size_t> of_sign(const Probe& probe, bool positive) {
  std::vector<std::size_t> found;
  const std::vector<std::size_t> ranked = probe.ranked(probe.weights());
  const float level = static_cast<float>(kLevel) * std::abs(probe.fused()[ranked.front()]);
  for (const std::size_t at : ranked) {
    if (found.size() < kMostWeights && std::abs(probe.fused()[at]) > level && (probe.fused()[at] > 0) == positive) found.push_back(at);
  }
  return found;
}

/// The engine's own fp32 loss of the batch with one weight moved.
double engine_loss(Probe& probe, std::size_t at, double step) {
  std::vector<float> moved = probe.parameters();
  moved[at] += static_cast<float>(step);
  probe.run().set_parameters(moved);
  engine::Plan& plan = probe.run().plan();
  plan.forward(probe.subject().train, probe.rows(), engine::Mode::train, probe.control());
  const double loss = plan.loss(probe.subject().train, probe.rows());
  probe.run().set_parameters(probe.parameters());
  return loss;
}

LessonPlot nudge_plot(Probe& probe, std::size_t at, double direction) {
  LessonPlot plot{"Loss while " + probe.name(at) + (direction < 0 ? " is lowered" : " is raised"), direction < 0 ? "lowered by" : "raised by", "loss",
                  {{"loss", {}, {}}}, false};
  for (int i = 0; i <= 60; ++i) {
    plot.curves[0].x.push_back(0.02 * i);
    plot.curves[0].y.push_back(probe.loss() + probe.change(at, direction * 0.02 * i));
  }
  return plot;
}

LessonTable nudge_table(Probe& probe, const std::vector<std::size_t>& weights, double direction) {
  LessonTable table{"The steepest of them, moved by " + number(direction * kVisibleNudge), {"weight", "gradient", "change of the loss", "moved the other way"}, {}};
  for (std::size_t i = 0; i < std::min(kShown, weights.size()); ++i) {
    table.rows.push_back({probe.name(weights[i]), number(static_cast<double>(probe.fused()[weights[i]])),
                          number(probe.change(weights[i], direction * kVisibleNudge)), number(probe.change(weights[i], -direction * kVisibleNudge))});
  }
  return table;
}

}  // namespace

LessonOutcome nudge_outcome(const LessonSetting& setting, bool positive) {
  Probe probe(setting, {.rows = 16, .widths = {2, 16, 10, 2}});
  const double direction = positive ? -1 : 1;
  const std::vector<std::size_t> weights = of_sign(probe, positive);
  LessonOutcome outcome;
  if (weights.empty()) {
    outcome.verdict = "no weight has such a gradient: there is nothing to move";
    return outcome;
  }
  Nudged nudged;
  for (const std::size_t at : weights) {
    ++nudged.tried;
    nudged.fell += probe.change(at, direction * kNudge) < 0;
    nudged.rose += probe.change(at, -direction * kNudge) > 0;
  }
  const std::size_t top = weights.front();
  const double before = engine_loss(probe, top, 0), after = engine_loss(probe, top, direction * kVisibleNudge);
  const double needed = probe.own() ? kOwnShare * static_cast<double>(nudged.tried) : static_cast<double>(nudged.tried);
  const std::string word = positive ? "lowered" : "raised";
  outcome.formula = {positive ? "dL/dw > 0:  w - d gives a loss of about L - d |dL/dw|" : "dL/dw < 0:  w + d gives a loss of about L - d |dL/dw|",
                     filled("{0}: dL/dw = {1}, {2} by {3}: {4} -> {5}", {probe.name(top), number(static_cast<double>(probe.fused()[top])), word,
                                                                        number(kVisibleNudge), number(before, 7), number(after, 7)})};
  outcome.plots = {nudge_plot(probe, top, direction)};
  outcome.tables = {nudge_table(probe, weights, direction)};
  outcome.held = static_cast<double>(nudged.fell) >= needed && static_cast<double>(nudged.rose) >= needed && after < before;
  outcome.verdict = filled("{0} weights with a {1} gradient were {2}, one at a time: the loss fell for {3}, and rose for {4} when they were moved the "
                           "other way; the engine's own loss went from {5} to {6} for the steepest",
                           {number(static_cast<double>(nudged.tried), 9), positive ? "positive" : "negative", word, number(static_cast<double>(nudged.fell), 9),
                            number(static_cast<double>(nudged.rose), 9), number(before, 7), number(after, 7)});
  outcome.numbers = {{"weights", static_cast<double>(nudged.tried)}, {"fell", static_cast<double>(nudged.fell)}, {"rose", static_cast<double>(nudged.rose)},
                     {"loss_before", before}, {"loss_after", after}};
  return outcome;
}

}  // namespace chainrule::lesson
