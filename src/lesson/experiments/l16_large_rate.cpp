// L16: in a valley a large rate covers ground fast but jumps over the minimum; beyond 2 / curvature it climbs out.
#include <array>
#include <cmath>
#include <numbers>

#include "lesson/recorder.h"
#include "lesson/text.h"

namespace chainrule::lesson::l16 {
namespace {

constexpr int kSteps = 40, kDrawn = 12;  ///< steps of the paths that are drawn
constexpr double kFlat = 1, kSteep = 20, kSeen = 1e-5;  ///< nearer to the floor, rounding decides on the side
constexpr std::array kShares = {0.25, 0.8, 1.9, 2.1};  ///< eta times the steep curvature: timid, brisk, over the bottom, too far

struct Way {
  double eta = 0;
  int overshoots = 0;      ///< steps that land on the other side of the valley's floor
  double along = 0;        ///< distance left along the flat axis, relative to the start
  std::vector<double> losses;
  LessonPlot::Curve path;  ///< the two weights
};

Valley shape_of(std::uint64_t seed) {
  Draws draws(seed, 16000);
  Valley shape{kFlat, kSteep, draws.between(0, 2 * std::numbers::pi)};
  const double c = std::cos(shape.angle), s = std::sin(shape.angle);
  shape.start[0] = c - 0.8 * s, shape.start[1] = s + 0.8 * c;  // 1 along the floor, 0.8 up the side
  return shape;
}

Way descend(const Valley& shape, double eta, const std::string& name) {
  const Surface surface = valley(shape);
  Descent descent(surface, optimizer_with("sgd", eta));
  Way way;
  way.eta = eta;
  way.path.name = name;
  for (int t = 0; t <= kSteps; ++t) {
    const std::vector<float> w = descent.weights();
    if (t <= kDrawn) way.path.x.push_back(w[0]), way.path.y.push_back(w[1]);
    way.losses.push_back(descent.loss());
    way.along = std::abs(along(shape, w));
    if (t == kSteps) break;
    descent.step();
    const double here = across(shape, w), there = across(shape, descent.weights());
    way.overshoots += here * there < 0 && std::abs(there) > kSeen;
  }
  return way;
}

LessonOutcome run(const LessonSetting& setting) {
  const Valley shape = shape_of(setting.seed);
  LessonOutcome outcome;
  LessonTable table{"curvature 20 across the valley, 1 along it; " + number(kSteps) + " steps",
                    {"eta", "eta * curvature", "overshoots", "left along the floor", "loss after"}, {}};
  LessonPlot losses{"loss", "step", "loss", {}, true}, paths{"ways over the valley", "w0", "w1", {}, false};
  std::vector<Way> ways;
  for (const double share : kShares) {
    ways.push_back(descend(shape, share / kSteep, "eta = " + number(share / kSteep)));
    const Way& way = ways.back();
    table.rows.push_back({number(way.eta), number(share), number(way.overshoots), percent(way.along), number(way.losses.back())});
    losses.curves.push_back({way.path.name, {}, way.losses});
    for (int t = 0; t <= kSteps; ++t) losses.curves.back().x.push_back(t);
    if (share < 2) paths.curves.push_back(way.path);
  }
  const Way &small = ways[0], &large = ways[2], &beyond = ways[3];
  outcome.held = small.overshoots == 0 && large.overshoots == kSteps && large.along < 0.2 * small.along &&
                 large.losses[1] > 0.5 * large.losses[0] && beyond.losses.back() > 10 * beyond.losses[0];
  outcome.verdict = filled("eta = {0} left {1} of the way along the floor and overshot {2} times in {3} steps; eta = {4} left {5} and "
                           "never overshot; eta = {6}, beyond 2 / curvature, drove the loss from {7} to {8}",
                           {number(large.eta), percent(large.along), number(large.overshoots), number(kSteps), number(small.eta),
                            percent(small.along),
                            number(beyond.eta), number(beyond.losses[0], 3), number(beyond.losses.back(), 3)});
  outcome.formula = {"across the valley: d <- (1 - eta * curvature) d", filled("eta = {0}: d <- (1 - {0} * 20) d = {1} d, the other side, "
                                                                               "nearly as far",
                                                                              {number(large.eta), number(1 - large.eta * kSteep, 2)})};
  outcome.numbers = {{"overshoots_small", static_cast<double>(small.overshoots)}, {"overshoots_large",
                                                                                   static_cast<double>(large.overshoots)},
                     {"left_small", small.along}, {"left_large", large.along}, {"loss_beyond", beyond.losses.back()}};
  outcome.tables = {table};
  outcome.plots = {losses, paths};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    16, LessonGroup::learning_rate,
    "A large learning rate gets ahead fast, but its steps may jump over the minimum.",
    "During training the loss jumps up and down from step to step instead of sinking. What is the first suspect?",
    "a learning rate that is too large: steps land on the far side of the valley, perhaps higher than before",
    {{{"a learning rate that is too small", "small steps follow the slope and make the loss sink slowly but smoothly"},
      {"a poor minimum", "in a minimum the gradient is small, so the loss stands still; it does not jump"},
      {"too many layers", "depth changes the gradients, but jumping loss with any depth is cured first by a smaller rate"}}},
    false, run};

}  // namespace chainrule::lesson::l16
