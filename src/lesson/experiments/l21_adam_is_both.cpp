// L21: Adam with its second half switched off is momentum, with its first half off RMSprop, step for step and bit for bit.
#include <cmath>

#include "lesson/recorder.h"
#include "lesson/text.h"

namespace chainrule::lesson::l21 {
namespace {

constexpr int kSteps = 40;
constexpr double kRate = 0.01;

/// Adam whose v cannot move: beta2 is the largest number below 1, and next to an epsilon of 1 inside the root v is lost in rounding.
OptimizerSpec adam_without_rms(double beta1) {
  OptimizerSpec spec = optimizer_with("adam:lesson", kRate);
  spec.beta1 = beta1;
  spec.beta2 = 1 - 0x1p-53;
  spec.epsilon = 1;
  return spec;
}

OptimizerSpec adam_without_momentum(double beta2) {
  OptimizerSpec spec = optimizer_with("adam:lesson", kRate);
  spec.beta1 = 0;
  spec.beta2 = beta2;
  return spec;
}

OptimizerSpec momentum(double keep) {
  OptimizerSpec spec = optimizer_with("momentum:lesson", kRate);
  spec.momentum = keep;
  return spec;
}

OptimizerSpec rmsprop(double beta2) {
  OptimizerSpec spec = optimizer_with("rmsprop:lesson", kRate);
  spec.beta2 = beta2;
  return spec;
}

struct Pair {
  std::string left, right;
  OptimizerSpec adam, other;
  std::size_t unequal = 0;     ///< weights, over all steps
  double movement = 0, gap = 0;  ///< largest change of a weight over the run; largest difference between the two runs
};

void compare(Pair& pair, const Surface& surface, std::uint64_t seed) {
  const auto a = recorded(surface, pair.adam, kSteps, 16, seed), b = recorded(surface, pair.other, kSteps, 16, seed);
  for (const std::size_t i : trainable(surface.network)) {
    for (int t = 0; t < kSteps; ++t) {
      pair.unequal += a[t].after[i] != b[t].after[i];
      pair.gap = std::max(pair.gap, std::abs(static_cast<double>(a[t].after[i]) - static_cast<double>(b[t].after[i])));
    }
    pair.movement = std::max(pair.movement, std::abs(static_cast<double>(a.back().after[i]) - static_cast<double>(surface.start[i])));
  }
}

std::vector<Pair> pairs() {
  return {{"Adam, v off, b1 = 0.9", "momentum 0.9", adam_without_rms(0.9), momentum(0.9)},
          {"Adam, v off, b1 = 0.5", "momentum 0.5", adam_without_rms(0.5), momentum(0.5)},
          {"Adam, m off, b2 = 0.999", "RMSprop 0.999", adam_without_momentum(0.999), rmsprop(0.999)},
          {"Adam, m off, b2 = 0.9", "RMSprop 0.9", adam_without_momentum(0.9), rmsprop(0.9)},
          {"Adam, m and v off", "SGD", adam_without_rms(0), optimizer_with("sgd", kRate)}};
}

LessonOutcome run(const LessonSetting& setting) {
  const Surface surface = small_network(setting, 21);
  LessonOutcome outcome;
  LessonTable table{"the same start, rows and batches, " + number(kSteps) + " steps",
                    {"Adam as", "against", "largest move", "largest difference", "unequal weights"}, {}};
  std::size_t unequal = 0;
  double least_movement = INFINITY;
  for (Pair& pair : pairs()) {
    compare(pair, surface, setting.seed);
    unequal += pair.unequal;
    least_movement = std::min(least_movement, pair.movement);
    table.rows.push_back({pair.left, pair.right, number(pair.movement), number(pair.gap), number(static_cast<double>(pair.unequal))});
  }
  Pair whole{"Adam, both on", "momentum 0.9", optimizer_with("adam:lesson", kRate), momentum(0.9)};
  compare(whole, surface, setting.seed);
  table.rows.push_back({whole.left, whole.right, number(whole.movement), number(whole.gap), number(static_cast<double>(whole.unequal))});
  outcome.tables = {table};
  outcome.held = unequal == 0 && least_movement > 0 && whole.unequal > 0;
  const double compared = static_cast<double>(pairs().size() * kSteps * trainable(surface.network).size());
  outcome.verdict = filled("{0} weights compared after each of {1} steps: {2} differ in any bit between Adam with one half off and the "
                           "other optimiser; with both halves on {3} differ",
                           {number(compared, 9), number(kSteps), number(static_cast<double>(unequal)),
                            number(static_cast<double>(whole.unequal), 9)});
  outcome.formula = {"Adam: W <- W - eta m / sqrt(v + eps)", "v = 0 always, eps = 1: W <- W - eta m / sqrt(0 + 1), momentum",
                     "b1 = 0, so m = g: W <- W - eta g / sqrt(v + eps), RMSprop"};
  outcome.numbers = {{"compared", compared}, {"unequal", static_cast<double>(unequal)}, {"least_movement", least_movement},
                     {"unequal_with_both_on", static_cast<double>(whole.unequal)}};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    21, LessonGroup::optimizers,
    "Adam joins two ideas: momentum gives it the direction, RMSprop the scale of every single step.",
    "Which setting turns Adam into RMSprop, exactly?",
    "beta1 = 0 (and no bias correction): then m is the newest gradient itself, and only the division by the root of v is left",
    {{{"beta2 = 0", "then v is the newest squared gradient alone, and m / sqrt(v) no longer remembers any magnitude but the last"},
      {"beta1 = 1", "then m never takes in a gradient: it stays at zero, and no weight ever moves"},
      {"a very large epsilon", "that drowns v in epsilon and leaves momentum with a smaller rate: the other half is switched off"}}},
    true, run};

}  // namespace chainrule::lesson::l21
