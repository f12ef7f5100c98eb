// L25: where gradients differ ten thousandfold from weight to weight RMSprop brings all of them home, plain descent only the steep one.
#include <algorithm>
#include <cmath>

#include "lesson/recorder.h"
#include "lesson/text.h"

namespace chainrule::lesson::l25 {
namespace {

constexpr double kFlat = 0.01, kSteep = 100;
constexpr int kSteps = 300, kRates = 20;

struct Found {
  double rate = 0, left = INFINITY;  ///< the largest share of a weight's way that is left after kSteps
  double ratio = 0;                  ///< of the two weights' moves over the first ten steps
  LessonPlot::Curve path;
};

double left_after(const Surface& surface, const OptimizerSpec& optimizer) {
  Descent descent(surface, optimizer);
  for (int t = 0; t < kSteps; ++t) descent.step();
  double left = 0;
  const std::vector<float> w = descent.weights();
  for (std::size_t i = 0; i < 2; ++i) left = std::max(left, static_cast<double>(std::abs(w[i] / surface.start[i])));
  return std::isfinite(left) ? left : INFINITY;
}

/// The best of kRates rates, each 1.5 times the last, from `first` on.
Found tuned(const Surface& surface, const std::string& form, double first) {
  Found best;
  for (int k = 0; k < kRates; ++k) {
    const double rate = first * std::pow(1.5, k), left = left_after(surface, optimizer_with(form, rate));
    if (left < best.left) best.rate = rate, best.left = left;
  }
  const std::vector<Update> updates = recorded(surface, optimizer_with(form, best.rate), kSteps);
  double moves[2] = {0, 0};
  for (int t = 0; t < 10; ++t) moves[0] += std::abs(updates[t].step(0)), moves[1] += std::abs(updates[t].step(1));
  best.ratio = std::max(moves[0], moves[1]) / std::min(moves[0], moves[1]);
  best.path.name = form;
  for (const Update& u : updates) best.path.x.push_back(u.before[0]), best.path.y.push_back(u.before[1]);
  return best;
}

LessonOutcome run(const LessonSetting& setting) {
  Draws draws(setting.seed, 25000);
  Valley shape{kFlat, kSteep, 0};
  for (double& start : shape.start) start = (draws.uniform() < 0.5 ? -1 : 1) * draws.between(0.5, 1.5);
  const Surface surface = valley(shape);
  const std::vector<float> g = Descent(surface, optimizer_with("sgd", 0.01)).gradient();
  const double spread = std::abs(static_cast<double>(g[1]) / static_cast<double>(g[0]));
  const Found sgd = tuned(surface, "sgd", 1e-4), rmsprop = tuned(surface, "rmsprop", 1e-4);
  LessonOutcome outcome;
  LessonTable table{filled("curvatures {0} and {1}; {2} steps at the best of {3} rates", 
                           {number(kFlat), number(kSteep), number(kSteps), number(kRates)}),
                    {"optimiser", "eta", "moves, large to small", "most of a way left"}, {}};
  table.rows = {{"sgd", number(sgd.rate), number(sgd.ratio), percent(sgd.left)}, {"rmsprop", number(rmsprop.rate), number(rmsprop.ratio),
                                                                                  percent(rmsprop.left)}};
  outcome.held = sgd.left > 0.8 && rmsprop.left < 0.1 && spread > 1000 && rmsprop.ratio < 10 && sgd.ratio > 50;
  outcome.verdict = filled("gradients that differ {0}-fold: at its best rate plain descent left {1} of the flat weight's way after {2} "
                           "steps, RMSprop {3}; over the first ten steps the two weights' moves differed {4}-fold in SGD and {5}-fold in "
                           "RMSprop",
                           {number(spread, 3), percent(sgd.left), number(kSteps), percent(rmsprop.left), number(sgd.ratio, 3),
                            number(rmsprop.ratio, 3)});
  outcome.formula = {"SGD: step = eta g", filled("RMSprop, first step: eta g / sqrt(0.1 g^2) = 3.16 eta, for g = {0} as for g = {1}",
                                                 {number(g[0], 3), number(g[1], 3)})};
  outcome.numbers = {{"gradient_ratio", spread}, {"left_sgd", sgd.left}, {"left_rmsprop", rmsprop.left}, {"move_ratio_sgd", sgd.ratio},
                     {"move_ratio_rmsprop", rmsprop.ratio}, {"rate_sgd", sgd.rate}, {"rate_rmsprop", rmsprop.rate}};
  outcome.tables = {table};
  outcome.plots = {{"ways of both, minimum at (0, 0)", "flat weight", "steep weight", {sgd.path, rmsprop.path}, false}};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    25, LessonGroup::optimizers,
    "RMSprop adapts the rate where gradients vary widely in size.",
    "One weight's curvature is 10000 times the other's. What limits plain descent?",
    "the steep weight allows only a tiny rate, with which the flat one hardly moves",
    {{{"the flat weight allows only a tiny rate", "a flat direction tolerates large rates; it is the steep one that overshoots"},
      {"the gradient of the flat weight is wrong", "it is right, merely small, and the one rate cannot fit both"},
      {"nothing, a good rate serves both", "the best of twenty rates still left nearly all of the flat weight's way"}}},
    false, run};

}  // namespace chainrule::lesson::l25
