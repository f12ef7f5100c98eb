// L17: with noisy batches a small rate ends nearer to the minimum, but needs more steps to come near it at all.
#include <array>

#include "lesson/recorder.h"
#include "lesson/text.h"

namespace chainrule::lesson::l17 {
namespace {

constexpr std::array kRates = {0.2, 0.05, 0.0125};
constexpr int kSteps = 12000, kEvery = 8, kApproaches = 16;
constexpr double kNoise = 0.5, kTarget = 0.1;  ///< the target: so much of the excess loss at the start is left

struct Descended {
  double steps_to_target = 0;  ///< mean of kApproaches
  double floor = 0;  ///< mean excess loss over the last two thirds
  LessonPlot::Curve curve;
};

double steps_to_target(const Surface& surface, double rate, double least, std::uint64_t seed) {
  Descent descent(surface, optimizer_with("sgd", rate));
  const double target = least + kTarget * (descent.loss() - least);
  int steps = 0;
  for (std::uint64_t a = 0; a < kApproaches; ++a) {
    descent.restart(surface.start);
    Batches batches(surface.samples().rows, 4, seed * kApproaches + a);
    for (int t = 0; t < kSteps && descent.loss() > target; ++t, ++steps) descent.step(batches.next());
  }
  return static_cast<double>(steps) / kApproaches;
}

Descended descend(const Surface& surface, double rate, double least, std::uint64_t seed) {
  Descent descent(surface, optimizer_with("sgd", rate));
  Batches batches(surface.samples().rows, 4, seed);
  Descended d{steps_to_target(surface, rate, least, seed), 0, {"eta = " + number(rate), {}, {}}};
  int measured = 0;
  for (int t = 0; t <= kSteps; ++t) {
    const double excess = t % kEvery == 0 ? descent.loss() - least : 0;
    if (t % kEvery == 0 && t > kSteps / 3) d.floor += excess, ++measured;
    if (t % kEvery == 0 && t <= 800) d.curve.x.push_back(t), d.curve.y.push_back(excess);
    descent.step(batches.next());
  }
  d.floor /= measured;
  return d;
}

LessonOutcome run(const LessonSetting& setting) {
  const Surface surface = noisy_regression(std::array{1.0, 0.7}, kNoise, 256, Draws(setting.seed, 17000));
  const double least = loss_at_bottom(surface, 0.3, 300);
  LessonOutcome outcome;
  LessonTable table{"batches of 4 rows; least possible loss " + number(least),
                    {"eta", "steps to a tenth (mean)", "excess loss in the long run"}, {}};
  LessonPlot plot{"loss above the least possible", "step", "excess loss", {}, true};
  std::vector<Descended> all;
  for (const double rate : kRates) {
    all.push_back(descend(surface, rate, least, setting.seed));
    table.rows.push_back({number(rate), number(all.back().steps_to_target), number(all.back().floor)});
    plot.curves.push_back(all.back().curve);
    outcome.numbers.push_back({"steps_at_" + number(rate), all.back().steps_to_target});
    outcome.numbers.push_back({"floor_at_" + number(rate), all.back().floor});
  }
  outcome.held = true;
  for (std::size_t i = 1; i < all.size(); ++i) {
    outcome.held = outcome.held && all[i].steps_to_target > 1.5 * all[i - 1].steps_to_target && all[i].floor * 1.8 < all[i - 1].floor;
  }
  outcome.verdict = filled("with eta = {0}, {1}, {2} it took {3}, {4}, {5} steps on average until a tenth of the excess loss was left, "
                           "and in the long run {6}, {7}, {8} of it stayed (each must be 1.5 times slower and 1.8 times nearer than the "
                           "one before)",
                           {number(kRates[0]), number(kRates[1]), number(kRates[2]), number(all[0].steps_to_target),
                            number(all[1].steps_to_target),
                            number(all[2].steps_to_target), number(all[0].floor, 3), number(all[1].floor, 3), number(all[2].floor, 3)});
  outcome.formula = {"distance left after k steps: about (1 - eta * curvature)^k", "each noisy step carries the weights off by eta * "
                                                                                   "noise: a quarter of eta leaves a quarter of the "
                                                                                   "excess, or less"};
  outcome.tables = {table};
  outcome.plots = {plot};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    17, LessonGroup::learning_rate,
    "A small learning rate settles precisely near a minimum, but it takes many steps to get there.",
    "Batches are noisy. Why does a smaller eta end nearer to the minimum?",
    "each noisy step carries the weight off by eta times the noise, so the jitter around the minimum shrinks with eta",
    {{{"the noise of the gradient shrinks with eta", "the noise comes from the rows in the batch; eta only scales what it does to the "
                                                     "weights"},
      {"it finds another, better minimum", "here there is only one; the smaller rate stays closer to it"},
      {"it takes more steps", "it needs more steps, which is its price; the same number of steps more with a large eta changes nothing"}}},
    false, run};

}  // namespace chainrule::lesson::l17
