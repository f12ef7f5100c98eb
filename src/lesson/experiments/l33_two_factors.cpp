// L33: Adam's step split into its two factors, momentum m and the recent magnitude 1 / sqrt(v + eps), for every parameter.
#include <cmath>

#include "lesson/recorder.h"
#include "lesson/run.h"
#include "lesson/text.h"

namespace chainrule::lesson::l33 {
namespace {

constexpr int kSteps = 60;
constexpr double kRate = 0.01, kGain = 64, kLimit = 1e-3, kRoundingLimit = 1e-5;

OptimizerSpec optimizer() { return optimizer_with("adam:lesson", kRate); }

struct Factors { double m, scale, product, measured; };

Factors factors_of(const Update& u, std::size_t i) {
  const double m = u.state[0][i], scale = 1 / std::sqrt(static_cast<double>(u.state[1][i]) + optimizer().epsilon);
  return {m, scale, -kRate * m * scale, u.step(i)};
}

/// Rows of steady signs under absolute error, as they are and with all gradients kGain times as large.
Surface signs(std::uint64_t seed, double gain) {
  Draws draws(seed, 33100);
  std::vector<float> pulls;
  for (int r = 0; r < kSteps; ++r) pulls.push_back(static_cast<float>(gain * draws.normal()));
  return steady_pulls(pulls);
}

struct Scaling { double m = 0, scale = 0, step = 0; };  ///< how many times as large each became, first to last step, worst case

/// One row after the other, both surfaces alike.
Scaling scaling(std::uint64_t seed) {
  const Surface one = signs(seed, 1), many = signs(seed, kGain);
  Descent a(one, optimizer()), b(many, optimizer());
  Scaling worst{kGain, 1 / kGain, 1};
  for (std::uint32_t r = 0; r < kSteps; ++r) {
    const Update u = a.record(std::span(&r, 1)), w = b.record(std::span(&r, 1));
    const Factors small = factors_of(u, 0), large = factors_of(w, 0);
    const auto keep_worst = [](double& kept, double ratio, double ideal) {
      if (std::abs(ratio / ideal - 1) > std::abs(kept / ideal - 1)) kept = ratio;
    };
    keep_worst(worst.m, large.m / small.m, kGain);
    if (u.t > 5) keep_worst(worst.scale, large.scale / small.scale, 1 / kGain);
    if (u.t > 5) keep_worst(worst.step, large.product / small.product, 1);
  }
  return worst;
}

LessonOutcome run(const LessonSetting& setting) {
  const Surface surface = small_network(setting, 33);
  const auto places = trainable(surface.network);
  const net::ParameterLayout layout(surface.network);
  const std::vector<Update> updates = recorded(surface, optimizer(), kSteps, 8, setting.seed);
  LessonOutcome outcome;
  double error = 0, longest = 0;
  for (const Update& u : updates) {
    for (const std::size_t i : places) {
      const Factors f = factors_of(u, i);
      error = std::max(error, (std::abs(f.product - f.measured) - 1e-7 * std::abs(static_cast<double>(u.after[i]))) / kRate);
      longest = std::max(longest, std::abs(f.measured) / kRate);
    }
  }
  LessonTable table{"step " + number(kSteps), {"parameter", "m", "1 / sqrt(v + eps)", "-eta m / sqrt(v + eps)", "W after - before"}, {}};
  for (const std::size_t i : spread(places, 8)) {
    const Factors f = factors_of(updates.back(), i);
    table.rows.push_back({parameter_name(layout, i), number(f.m), number(f.scale), number(f.product), number(f.measured)});
  }
  const Scaling scaled = scaling(setting.seed);
  LessonTable gains{"all gradients times " + number(kGain), {"", "became times as large", "ideal"}, {}};
  gains.rows = {{"m", number(scaled.m, 6), number(kGain)}, {"1 / sqrt(v + eps)", number(scaled.scale, 6), number(1 / kGain)},
                {"the step", number(scaled.step, 6), "1"}};
  outcome.held = error < kRoundingLimit && longest > 0 && std::abs(scaled.m / kGain - 1) < kLimit &&
                 std::abs(scaled.scale * kGain - 1) < kLimit && std::abs(scaled.step - 1) < kLimit;
  outcome.verdict = filled("in {0} updates the step was -eta times the two factors, up to {1} eta beyond the weight's rounding (limit "
                           "{2}); with all gradients {3} times as large m grew {4}-fold, the other factor to {5} and the step to {6} of "
                           "what they were",
                           {number(static_cast<double>(places.size() * kSteps), 9), number(std::max(error, 0.0), 2),
                            number(kRoundingLimit), number(kGain),
                            number(scaled.m, 6), number(scaled.scale, 6), number(scaled.step, 6)});
  outcome.formula = {"step = -eta * m * 1 / sqrt(v + eps)", filled("{0}: -{1} * {2} * {3} = {4}",
                                                                   {table.rows[0][0], number(kRate), table.rows[0][1], table.rows[0][2],
                                                                    table.rows[0][3]})};
  outcome.numbers = {{"compared", static_cast<double>(places.size() * kSteps)}, {"error_in_eta", std::max(error, 0.0)},
                     {"m_gain", scaled.m},
                     {"scale_gain", scaled.scale}, {"step_gain", scaled.step}};
  outcome.tables = {table, gains};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    33, LessonGroup::optimizers,
    "Adam's quotient m / sqrt(v + eps) scales each update by momentum and by the recent magnitude of the gradients.",
    "All gradients become 100 times as large, say because the loss is given in cents. What do Adam's steps do?",
    "they stay as they are: m grows 100-fold, 1 / sqrt(v) shrinks 100-fold, and the product remains",
    {{{"they become 100 times as long", "that is SGD; in the quotient the factor stands above and below the line"},
      {"they become 100 times as short", "v grows 10000-fold, but it is its root that divides, and m has grown as well"},
      {"they turn round", "no sign changes anywhere; only sizes do"}}},
    true, run};

}  // namespace chainrule::lesson::l33
