// L19: a rate that starts high and decreases beats both constant ones, over many paired runs.
#include <array>

#include "lesson/chance.h"
#include "lesson/recorder.h"
#include "lesson/run.h"
#include "lesson/text.h"

namespace chainrule::lesson::l19 {
namespace {

constexpr int kRuns = 32, kSteps = 500, kPoints = 25;
constexpr double kHigh = 0.1, kLow = 0.002, kErrorRate = 1e-6;

struct Plan {
  std::string name;
  double rate;
  ScheduleKind schedule;
  std::vector<double> last;  ///< excess loss at the end of each run
};

/// Loss above the least possible over the steps of one run.
std::vector<double> train(const Surface& surface, const Plan& plan, double least, std::uint64_t seed) {
  TrainingSpec training = training_with("sgd", plan.rate, seed);
  training.learning_rate_schedule.kind = plan.schedule;
  Run run(surface.network, training, surface.samples(), {.batch = 4, .total_steps = kSteps, .engine = EngineKind::automatic});
  run.set_parameters(surface.start);
  std::vector<double> losses = {run.loss(surface.samples()) - least};
  for (int k = 0; k < kPoints; ++k) {
    run.steps(kSteps / kPoints);
    losses.push_back(run.loss(surface.samples()) - least);
  }
  return losses;
}

std::uint64_t wins(const Plan& winner, const Plan& loser) {
  std::uint64_t count = 0;
  for (int r = 0; r < kRuns; ++r) count += winner.last[r] < loser.last[r];
  return count;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

LessonOutcome run(const LessonSetting& setting) {
  std::vector<Plan> plans = {{"constant, high", kHigh, ScheduleKind::constant, {}},
                             {"constant, low", kLow, ScheduleKind::constant, {}},
                             {"cosine, high to 0", kHigh, ScheduleKind::cosine, {}}};
  LessonOutcome outcome;
  LessonPlot plot{"loss above the least possible, first run", "step", "excess loss", {}, true};
  for (int r = 0; r < kRuns; ++r) {
    const std::uint64_t seed = setting.seed * kRuns + static_cast<std::uint64_t>(r);
    const Surface surface = noisy_regression(std::array{1.0, 0.9, 0.8, 0.7, 0.6, 0.6, 0.6, 0.6}, 1, 128, Draws(seed, 19000));
    const double least = loss_at_bottom(surface, 0.2, 400);
    for (Plan& plan : plans) {
      const std::vector<double> losses = train(surface, plan, least, seed);
      plan.last.push_back(losses.back());
      if (r > 0) continue;
      plot.curves.push_back({plan.name, {}, losses});
      for (int k = 0; k <= kPoints; ++k) plot.curves.back().x.push_back(k * kSteps / kPoints);
    }
  }
  const std::uint64_t over_high = wins(plans[2], plans[0]), over_low = wins(plans[2], plans[1]);
  const double chance = std::max(sign_test(over_high, kRuns), sign_test(over_low, kRuns));
  LessonTable table{number(kRuns) + " runs of " + number(kSteps) + " steps, batches of 4",
                    {"rate", "first", "last", "mean excess loss at the end"}, {}};
  for (const Plan& plan : plans) {
    table.rows.push_back({plan.name, number(plan.rate), plan.schedule == ScheduleKind::cosine ? "0" : number(plan.rate),
                          number(mean(plan.last))});
  }
  outcome.held = chance < kErrorRate;
  outcome.verdict = filled("the falling rate ended below the high one in {0} and below the low one in {1} of {2} paired runs; a sign test "
                           "gives at most {3} to chance (limit {4}); mean excess loss {5} against {6} and {7}",
                           {number(static_cast<double>(over_high)), number(static_cast<double>(over_low)), number(kRuns),
                            number(chance, 2), number(kErrorRate),
                            number(mean(plans[2].last), 3), number(mean(plans[0].last), 3), number(mean(plans[1].last), 3)});
  outcome.formula = {"cosine: eta_s = eta_0 (1 + cos(pi s / S)) / 2", filled("halfway: {0} * (1 + cos(pi / 2)) / 2 = {1}",
                                                                             {number(kHigh), number(kHigh / 2)})};
  outcome.numbers = {{"runs", kRuns}, {"wins_over_high", static_cast<double>(over_high)},
                     {"wins_over_low", static_cast<double>(over_low)}, {"chance", chance},
                     {"excess_high", mean(plans[0].last)}, {"excess_low", mean(plans[1].last)}, {"excess_falling", mean(plans[2].last)}};
  outcome.tables = {table};
  outcome.plots = {plot};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    19, LessonGroup::learning_rate,
    "A usual schedule starts with a high rate and lowers it little by little.",
    "Why high first and low later, rather than the other way round?",
    "far from the minimum long steps save time; near it short steps keep the noise from throwing the weights about",
    {{{"low first is better, to be careful", "most of the way would be covered in tiny steps, and the long ones at the end would shake "
                                             "off what was won"},
      {"the gradient grows during training", "near a minimum it shrinks; what stays is its noise, and a lower rate damps just that"},
      {"the order does not matter", "early noise is forgotten by the end of the run, late noise is in the weights one ships"}}},
    false, run};

}  // namespace chainrule::lesson::l19
