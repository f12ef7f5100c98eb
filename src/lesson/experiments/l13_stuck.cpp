// L13: SGD keeps nothing but the weights, and on a surface with a poor minimum descent over all rows stays there.
#include <cmath>

#include "lesson/chance.h"
#include "lesson/recorder.h"
#include "lesson/text.h"

namespace chainrule::lesson::l13 {
namespace {

constexpr int kStarts = 128, kSteps = 400;
constexpr double kRate = 0.2, kFrom = -2, kTo = 3;
constexpr double kErrorRate = 1e-9;  ///< of the bounds of the share

struct Ends {
  int stuck = 0, free = 0;
  double steepest_stuck = 0, lowest_stuck = INFINITY, highest_free = 0, stuck_at = 0;
};

Ends descend(const LessonSetting& setting, LessonPlot& paths) {
  const Surface surface = two_wells(0);
  Descent descent(surface, optimizer_with("sgd", kRate));
  Draws draws(setting.seed, 13000);
  Ends ends;
  for (int s = 0; s < kStarts; ++s) {
    const float start[] = {static_cast<float>(draws.between(kFrom, kTo))};
    descent.restart(start);
    LessonPlot::Curve path{"", {}, {}};
    for (int t = 0; t < kSteps; ++t) {
      if (s < 6 && t % 8 == 0) path.x.push_back(t), path.y.push_back(descent.weights()[0]);
      descent.step();
    }
    path.name = "from " + number(start[0], 2);
    if (s < 6) paths.curves.push_back(path);
    const bool stuck = descent.weights()[0] < kRidge;
    ++(stuck ? ends.stuck : ends.free);
    if (!stuck) {
      ends.highest_free = std::max(ends.highest_free, descent.loss());
      continue;
    }
    ends.stuck_at = descent.weights()[0];
    ends.lowest_stuck = std::min(ends.lowest_stuck, descent.loss());
    ends.steepest_stuck = std::max(ends.steepest_stuck, std::abs(static_cast<double>(descent.gradient()[0])));
  }
  return ends;
}

LessonPlot loss_over_weight() {
  const Surface surface = two_wells(0);
  Descent descent(surface, optimizer_with("sgd", kRate));
  LessonPlot plot{"the loss over the only weight", "w", "loss", {{"loss", {}, {}}}, false};
  for (int i = 0; i <= 90; ++i) {
    const float w[] = {static_cast<float>(-2 + 0.1 * i)};
    descent.restart(w);
    plot.curves[0].x.push_back(w[0]);
    plot.curves[0].y.push_back(descent.loss());
  }
  return plot;
}

LessonTable costs() {
  LessonTable table{"what an optimiser keeps for each weight", {"optimiser", "numbers kept", "bytes for 1 million weights"}, {}};
  for (const char* form : {"sgd", "momentum", "rmsprop", "adam"}) {
    const double kept = static_cast<double>(math::state_count(default_optimizer(form)));
    table.rows.push_back({form, number(kept), number(kept * 4e6, 8)});
  }
  return table;
}

LessonOutcome run(const LessonSetting& setting) {
  LessonOutcome outcome;
  LessonPlot paths{"six of the descents over all rows", "step", "w", {}, false};
  const Ends ends = descend(setting, paths);
  const Interval share = share_bounds(static_cast<std::uint64_t>(ends.stuck), kStarts, kErrorRate);
  const bool cheap = math::state_count(default_optimizer("sgd")) == 0 && math::state_count(default_optimizer("adam")) == 2;
  outcome.held = cheap && share.low > 0.05 && ends.free > 0 && ends.steepest_stuck < 1e-3 && ends.lowest_stuck > 1.2 * ends.highest_free;
  outcome.verdict = filled("{0} of {1} random starts ended in the poor minimum near w = {2} (share {3} to {4}, Clopper-Pearson, error "
                           "rate {5}); there the slope is at most {6}, yet the loss is {7} against {8} in the other; SGD keeps 0 numbers "
                           "per weight, Adam 2",
                           {number(ends.stuck), number(kStarts), number(ends.stuck_at, 2), percent(share.low), percent(share.high),
                            number(kErrorRate),
                            number(ends.steepest_stuck, 2), number(ends.lowest_stuck, 3), number(ends.highest_free, 3)});
  outcome.formula = {"at a minimum dL/dw = 0, so W <- W - eta * 0 = W", "whether a lower one exists elsewhere does not enter the formula"};
  outcome.numbers = {{"starts", kStarts}, {"stuck", static_cast<double>(ends.stuck)}, {"share_low", share.low}, {"share_high", share.high},
                     {"loss_stuck", ends.lowest_stuck}, {"loss_free", ends.highest_free}, {"slope_stuck", ends.steepest_stuck}};
  outcome.tables = {costs()};
  outcome.plots = {loss_over_weight(), paths};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    13, LessonGroup::optimizers,
    "SGD is cheap, it needs no memory beside the weights; but following the slope alone it can end in a poor minimum and stay.",
    "Why does plain descent over all rows not leave a poor minimum?",
    "there the gradient is zero, so the step is zero; that the loss is lower elsewhere cannot be felt from that place",
    {{{"its learning rate has run down to zero", "eta did not change; it multiplies a gradient that is zero"},
      {"it knows no lower place exists", "it knows nothing about other places, for it only ever sees the slope where it stands"},
      {"it has too few weights", "large networks have poor minima and flat stretches too; the cause is the rule, not the size"}}},
    false, run};

}  // namespace chainrule::lesson::l13
