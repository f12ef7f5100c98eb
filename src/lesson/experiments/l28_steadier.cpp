// L28: gradients that are calm for long and then violent give RMSprop's steps a far smaller variance than SGD's.
#include <algorithm>
#include <cmath>

#include "lesson/chance.h"
#include "lesson/recorder.h"
#include "lesson/text.h"

namespace chainrule::lesson::l28 {
namespace {

constexpr int kRuns = 40, kSteps = 200;
constexpr double kRate = 1e-5, kErrorRate = 1e-6;  ///< so small a rate that both optimisers see the same gradients
constexpr std::size_t kInputs = 4;

/// Rows whose inputs come with heavy tails: e^(1.5 N) times a normal number.
Surface volatile_rows(std::uint64_t seed, int r) {
  Draws draws(seed, 28000 + static_cast<std::uint32_t>(r));
  Surface surface;
  surface.network = single_unit(kInputs, Activation::identity, Loss::absolute_error);
  surface.rows.inputs = kInputs;
  surface.rows.targets = 1;
  for (std::size_t row = 0; row < 200; ++row) {
    const double size = std::exp(1.5 * draws.normal());
    for (std::size_t k = 0; k < kInputs; ++k) surface.rows.x.push_back(static_cast<float>(size * draws.normal()));
    surface.rows.y.push_back(draws.uniform() < 0.5 ? 1e6f : -1e6f);
  }
  surface.start.assign(kInputs, 0.0f);
  return surface;
}

/// Of one weight's steps, in units of their mean size: variance, and the longest.
struct Steadiness { double variance = 0, longest = 0; };

Steadiness steadiness(const std::vector<Update>& updates, std::size_t i) {
  double sum = 0, squares = 0, longest = 0;
  int count = 0;
  for (const Update& u : updates) {
    if (u.t <= 20) continue;  // v has filled
    const double step = u.step(i);
    sum += std::abs(step), squares += step * step, longest = std::max(longest, std::abs(step)), ++count;
  }
  const double mean = sum / count;
  return {squares / count / (mean * mean), longest / mean};
}

LessonPlot plot_of(const std::vector<Update>& sgd, const std::vector<Update>& rmsprop) {
  LessonPlot plot{"steps of the first weight, in units of their mean size", "step", "size of the step", {}, false};
  for (const auto& [name, updates] : {std::pair{"SGD", &sgd}, std::pair{"RMSprop", &rmsprop}}) {
    LessonPlot::Curve curve{name, {}, {}};
    double mean = 0;
    for (const Update& u : *updates) mean += std::abs(u.step(0)) / kSteps;
    for (const Update& u : *updates) curve.x.push_back(static_cast<double>(u.t)), curve.y.push_back(std::abs(u.step(0)) / mean);
    plot.curves.push_back(curve);
  }
  return plot;
}

LessonOutcome run(const LessonSetting& setting) {
  LessonOutcome outcome;
  LessonTable table{"first run: each weight's steps, in units of their mean size",
                    {"weight", "SGD variance", "RMSprop variance", "SGD longest", "RMSprop longest"}, {}};
  std::uint64_t wins = 0;
  std::vector<double> ratios;
  for (int r = 0; r < kRuns; ++r) {
    const Surface surface = volatile_rows(setting.seed, r);
    const std::uint64_t seed = setting.seed * kRuns + static_cast<std::uint64_t>(r);
    const auto sgd = recorded(surface, optimizer_with("sgd", kRate), kSteps, 1, seed);
    const auto rmsprop = recorded(surface, optimizer_with("rmsprop", kRate), kSteps, 1, seed);
    bool all = true;
    for (std::size_t i = 0; i < kInputs; ++i) {
      const Steadiness a = steadiness(sgd, i), b = steadiness(rmsprop, i);
      all = all && b.variance < a.variance;
      ratios.push_back(a.variance / b.variance);
      if (r == 0) table.rows.push_back({"w" + number(static_cast<double>(i)), number(a.variance, 3), number(b.variance, 3),
                                        number(a.longest, 3), number(b.longest, 3)});
    }
    wins += all;
    if (r == 0) outcome.plots = {plot_of(sgd, rmsprop)};
  }
  std::sort(ratios.begin(), ratios.end());
  const double median = ratios[ratios.size() / 2], chance = sign_test(wins, kRuns);
  outcome.held = chance < kErrorRate && median > 1.3;
  outcome.verdict = filled("in {0} of {1} runs every weight's steps varied less under RMSprop than under SGD, relative to their mean "
                           "size; a sign test gives {2} to chance (limit {3}); in the median SGD's variance was {4} times RMSprop's",
                           {number(static_cast<double>(wins)), number(kRuns), number(chance, 2), number(kErrorRate), number(median, 3)});
  outcome.formula = {"variance of a weight's step = mean(step^2) / mean(|step|)^2", "RMSprop: |step| = eta |g| / sqrt(v) <= eta / sqrt(1 "
                                                                                    "- b2), however large g is"};
  outcome.numbers = {{"runs", kRuns}, {"wins", static_cast<double>(wins)}, {"chance", chance}, {"median_ratio", median}};
  outcome.tables = {table};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    28, LessonGroup::optimizers,
    "Dividing by the root of v makes training steadier where gradients are volatile.",
    "Gradients are about 1 for a long time, then one of 1000 arrives. How long is RMSprop's step for it, with b2 = 0.9?",
    "about 3.2 eta: v jumps to 0.1 * 1000^2 in the same step, and 1000 / 316 = 3.2",
    {{{"1000 eta", "that is SGD's step; RMSprop takes the gradient into v before it divides"},
      {"eta, as always", "v is a mean and does not follow at once: it holds a tenth of the new square, so a little more than eta gets "
                         "through"},
      {"0, the outlier is ignored", "nothing is ignored; the outlier is scaled down, and it shortens the steps after it as well"}}},
    false, run};

}  // namespace chainrule::lesson::l28
