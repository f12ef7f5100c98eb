// L12: one step of SGD is W - eta dL/dW, to the last bit of fp32 arithmetic.
#include <cmath>

#include "lesson/recorder.h"
#include "lesson/run.h"
#include "lesson/text.h"

namespace chainrule::lesson::l12 {
namespace {

constexpr double kRate = 0.05;
constexpr int kSteps = 25;
constexpr double kDifference = 1e-5, kSlopeLimit = 1e-3;

/// W - eta g rounded once, as docs/arithmetic.md has it.
float by_hand(const Update& u, std::size_t i) { return std::fma(-static_cast<float>(u.rate), u.gradient[i], u.before[i]); }

/// |dL/dW by differences of the fp64 loss - g| / |dL/dW| over a few weights: is the recorded g really the slope of the loss?
double slope_error(const Surface& surface, const Update& u, RowNumbers rows, const std::vector<std::size_t>& places, std::uint64_t seed) {
  auto exact = exact_network(surface.network, training_with("sgd", kRate, seed), u.before);
  const auto batch = exact_batch(surface.samples(), rows);
  double wrong = 0, all = 0;
  for (const std::size_t i : places) {
    const double w = exact.parameters()[i];
    exact.parameters()[i] = w + kDifference;
    const double above = exact_loss(exact, batch);
    exact.parameters()[i] = w - kDifference;
    const double slope = (above - exact_loss(exact, batch)) / (2 * kDifference);
    exact.parameters()[i] = w;
    wrong += std::pow(slope - static_cast<double>(u.gradient[i]), 2);
    all += slope * slope;
  }
  return all > 0 ? std::sqrt(wrong / all) : std::sqrt(wrong);
}

LessonTable table_of(const Surface& surface, const Update& u, const std::vector<std::size_t>& places) {
  LessonTable table{"step 1, some of the weights", {"weight", "W before", "dL/dW", "W after", "by hand"}, {}};
  const net::ParameterLayout layout(surface.network);
  for (const std::size_t i : spread(places, 8)) {
    table.rows.push_back({parameter_name(layout, i), number(u.before[i], 9), number(u.gradient[i], 6), number(u.after[i], 9),
                          number(by_hand(u, i), 9)});
  }
  return table;
}

LessonOutcome run(const LessonSetting& setting) {
  const Surface surface = small_network(setting, 12);
  const std::vector<std::size_t> places = trainable(surface.network);
  Descent by_parts(surface, optimizer_with("sgd", kRate), setting.seed), fused(surface, optimizer_with("sgd", kRate), setting.seed);
  Batches batches(surface.samples().rows, 16, setting.seed);
  LessonOutcome outcome;
  std::size_t unequal = 0, unlike_fused = 0;
  double error = 0;
  for (int t = 0; t < kSteps; ++t) {
    const RowNumbers rows = batches.next();
    const Update u = by_parts.record(rows);
    fused.step(rows);
    const std::vector<float> w = fused.weights();
    for (const std::size_t i : places) unequal += u.after[i] != by_hand(u, i), unlike_fused += u.after[i] != w[i];
    if (t > 0) continue;
    error = slope_error(surface, u, rows, spread(places, 40), setting.seed);
    outcome.tables.push_back(table_of(surface, u, places));
    const std::size_t i = places.front();
    outcome.formula = {"W <- W - eta * dL/dW", filled("{0} - {1} * {2} = {3}", {number(u.before[i], 9), number(kRate),
                                                                                number(u.gradient[i], 6),
                                                                            number(by_hand(u, i), 9)})};
  }
  const double compared = static_cast<double>(places.size()) * kSteps;
  outcome.held = unequal == 0 && unlike_fused == 0 && error < kSlopeLimit;
  outcome.verdict = filled("{0} weight updates in {1} steps: {2} differ from W - eta dL/dW in any bit, {3} from the engine's fused step; "
                           "the gradient is the measured slope of the loss up to a relative error of {4} (limit {5})",
                           {number(compared, 9), number(kSteps), number(static_cast<double>(unequal)),
                            number(static_cast<double>(unlike_fused)),
                            number(error, 2), number(kSlopeLimit)});
  outcome.numbers = {{"updates", compared}, {"unequal", static_cast<double>(unequal)},
                     {"unequal_to_fused", static_cast<double>(unlike_fused)}, {"gradient_error", error}};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    12, LessonGroup::optimizers,
    "SGD moves every weight against its gradient, by the learning rate times that gradient: W <- W - eta dL/dW.",
    "A weight is 0.50, its gradient dL/dW is 0.20 and eta is 0.10. What is the weight after one step of SGD?",
    "0.48: the step is 0.10 * 0.20 = 0.02, and it is subtracted because the loss rises with the weight",
    {{{"0.52", "that adds the step: it climbs the loss, for a positive gradient means that raising the weight raises the loss"},
      {"0.40", "that subtracts eta alone: only the sign of the gradient was used and its size was thrown away"},
      {"0.49", "that halves the step; SGD has no factor but eta, even where a loss like (z - t)^2 is often written with 1/2"}}},
    true, run};

}  // namespace chainrule::lesson::l12
