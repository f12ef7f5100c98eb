// L24: where the gradient changes its sign all the time momentum's steps do so far less, over many valleys and a real network.
#include <cmath>
#include <numbers>

#include "lesson/chance.h"
#include "lesson/recorder.h"
#include "lesson/text.h"

namespace chainrule::lesson::l24 {
namespace {

constexpr int kValleys = 40, kSteps = 60;
constexpr double kBold = 3;  ///< eta * curvature that plain descent does not survive
constexpr double kErrorRate = 1e-6;

OptimizerSpec optimizer_of(bool momentum, double rate) {
  OptimizerSpec spec = optimizer_with(momentum ? "momentum:lesson" : "sgd", rate);
  if (momentum) spec.momentum = 0.9;
  return spec;
}

Valley valley_of(std::uint64_t seed, int v) {
  Draws draws(seed, 24000 + static_cast<std::uint32_t>(v));
  Valley shape{1, draws.between(20, 100), draws.between(0, 2 * std::numbers::pi)};
  const double angle = draws.between(0.2, 0.5) * std::numbers::pi;  // of the start, against the floor
  shape.start[0] = std::cos(shape.angle + angle), shape.start[1] = std::sin(shape.angle + angle);
  return shape;
}

/// Share of steps whose sign, in a weight, is not that of the step before; mean over the weights.
double sign_changes(const std::vector<Update>& updates, const std::vector<std::size_t>& places) {
  double changes = 0;
  for (std::size_t t = 1; t < updates.size(); ++t) {
    for (const std::size_t i : places) changes += updates[t].step(i) * updates[t - 1].step(i) < 0;
  }
  return changes / (static_cast<double>(updates.size() - 1) * static_cast<double>(places.size()));
}

struct Pair { double plain = 0, momentum = 0; };

LessonPlot plot_of(const std::vector<Update>& plain, const std::vector<Update>& momentum) {
  LessonPlot plot{"steps of one weight in the first valley", "step", "W after - before", {{"SGD", {}, {}}, {"momentum", {}, {}}}, false};
  for (std::size_t t = 0; t < plain.size() / 2; ++t) {
    plot.curves[0].x.push_back(static_cast<double>(t + 1)), plot.curves[0].y.push_back(plain[t].step(0));
    plot.curves[1].x.push_back(static_cast<double>(t + 1)), plot.curves[1].y.push_back(momentum[t].step(0));
  }
  return plot;
}

LessonOutcome run(const LessonSetting& setting) {
  LessonOutcome outcome;
  Pair sum, network;
  std::uint64_t fewer = 0, survived = 0;
  for (int v = 0; v < kValleys; ++v) {
    const Valley shape = valley_of(setting.seed, v);
    const Surface surface = valley(shape);
    const auto plain = recorded(surface, optimizer_of(false, 1.9 / shape.steep), kSteps);
    const auto momentum = recorded(surface, optimizer_of(true, 1.9 / shape.steep), kSteps);
    const Pair pair{sign_changes(plain, {0, 1}), sign_changes(momentum, {0, 1})};
    fewer += pair.momentum < pair.plain;
    sum.plain += pair.plain / kValleys, sum.momentum += pair.momentum / kValleys;
    if (v == 0) outcome.plots = {plot_of(plain, momentum)};
    Descent bold_plain(surface, optimizer_of(false, kBold / shape.steep)), bold(surface, optimizer_of(true, kBold / shape.steep));
    const double start = bold.loss();
    for (int t = 0; t < kSteps; ++t) bold.step(), bold_plain.step();
    survived += bold.loss() < start && !(bold_plain.loss() < start);
  }
  const LessonSetting built_in{setting.seed, nullptr};
  const Surface surface = small_network(built_in, 24);
  const auto places = trainable(surface.network);
  network.plain = sign_changes(recorded(surface, optimizer_of(false, 0.05), 200, 4, setting.seed), places);
  network.momentum = sign_changes(recorded(surface, optimizer_of(true, 0.05), 200, 4, setting.seed), places);

  const double chance = sign_test(std::min(fewer, survived), kValleys);
  LessonTable table{"share of steps with another sign than the step before", {"where", "SGD", "momentum"}, {}};
  table.rows = {{number(kValleys) + " valleys, all rows", percent(sum.plain), percent(sum.momentum)},
                {"a network, batches of 4", percent(network.plain), percent(network.momentum)}};
  outcome.held = chance < kErrorRate && network.momentum < 0.7 * network.plain;
  outcome.verdict = filled("at the same rate the step changed its sign in {0} of the steps without and in {1} with momentum, fewer in {2} "
                           "of {3} valleys; at {4} / curvature momentum descended where SGD flew off in {5} of {3}; a sign test gives at "
                           "most {6} to chance (limit {7}); in a network with noisy batches: {8} and {9}",
                           {percent(sum.plain), percent(sum.momentum), number(static_cast<double>(fewer)), number(kValleys), number(kBold),
                            number(static_cast<double>(survived)), number(chance, 2), number(kErrorRate), percent(network.plain),
                            percent(network.momentum)});
  outcome.formula = {"gradients +1, -1, +1, -1, ...: steps of SGD -eta, +eta, -eta, +eta",
                     "m settles between +0.053 and -0.053: (1 - b1) / (1 + b1) of the swing is left"};
  outcome.numbers = {{"valleys", kValleys}, {"fewer", static_cast<double>(fewer)}, {"descended_at_bold_rate",
                                                                                    static_cast<double>(survived)}, {"chance", chance},
                     {"changes_sgd", sum.plain}, {"changes_momentum", sum.momentum}, {"network_sgd", network.plain},
                     {"network_momentum", network.momentum}};
  outcome.tables = {table};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    24, LessonGroup::optimizers,
    "Momentum helps above all where the gradient zig-zags from step to step.",
    "A weight's gradients are +1, -1, +1, -1, ... What happens to its momentum m, with b1 = 0.9?",
    "it stays near zero, within about 0.05, so the weight hardly swings at all",
    {{{"it grows with every step", "only gradients of one sign add up; opposite ones cancel"},
      {"it swings between +1 and -1 like the gradient", "only a tenth of each gradient enters, against a memory of the opposite sign"},
      {"it settles at +1", "m is a mean of the gradients, and their mean is zero"}}},
    false, run};

}  // namespace chainrule::lesson::l24
