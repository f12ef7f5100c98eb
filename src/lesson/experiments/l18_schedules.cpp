// L18: every schedule trains a network in the shipped trainer, and the rate found in each step of the weight is that of its formula.
#include <cmath>
#include <functional>
#include <numbers>

#include "lesson/recorder.h"
#include "lesson/subject.h"
#include "lesson/text.h"
#include "train/trainer.h"

namespace chainrule::lesson::l18 {
namespace {

constexpr std::uint64_t kPerEpoch = 5, kEpochs = 12, kSteps = kPerEpoch * kEpochs;
constexpr double kRate = 0.5, kLimit = 1e-6;  ///< of the difference, in units of kRate: the weight stays below 32, where fp32 resolves 2e-6
constexpr double kWarmup = 8;

/// Where a step stands: e epochs, not rounded, and the share x of the run.
struct At { double e, x; };

double half_wave(double from, double to, double x) { return to + (from - to) * (1 + std::cos(std::numbers::pi * x)) / 2; }

/// A schedule, and its factor written down once more from docs/schedules.md.
struct Case {
  ScheduleSpec spec;
  std::function<double(At)> factor;
  std::string formula;
};

ScheduleSpec spec_of(ScheduleKind kind, const std::function<void(ScheduleSpec&)>& change = {}) {
  ScheduleSpec spec;
  spec.kind = kind;
  if (change) change(spec);
  return spec;
}

double restarts(At at) {  // periods of 3, then 6, then 12 epochs
  double length = 3;
  while (at.e >= length) at.e -= length, length *= 2;
  return half_wave(1, 0.1, at.e / length);
}

Case case_of(ScheduleKind kind) {
  using enum ScheduleKind;
  switch (kind) {
    case constant: return {spec_of(kind), [](At) { return 1.0; }, "1"};
    case step:
      return {spec_of(kind, [](auto& s) { s.factor = 0.5, s.period = 3; }), [](At at) { return std::pow(0.5, std::floor(at.e / 3)); },
              "0.5^floor(e / 3)"};
    case multi_step:
      return {spec_of(kind, [](auto& s) { s.factor = 0.3, s.milestones = {4, 7}; }),
              [](At at) { return at.e >= 7 ? 0.09 : at.e >= 4 ? 0.3 : 1.0; }, "0.3^(milestones 4, 7 reached)"};
    case exponential: return {spec_of(kind, [](auto& s) { s.factor = 0.8; }), [](At at) { return std::pow(0.8, at.e); }, "0.8^e"};
    case polynomial:
      return {spec_of(kind, [](auto& s) { s.power = 2, s.floor = 0.1; }), [](At at) { return 0.1 + 0.9 * (1 - at.x) * (1 - at.x); },
              "0.1 + 0.9 (1-x)^2"};
    case inverse_time: return {spec_of(kind, [](auto& s) { s.period = 2; }), [](At at) { return 1 / (1 + at.e / 2); }, "1 / (1 + e/2)"};
    case cosine: return {spec_of(kind), [](At at) { return half_wave(1, 0, at.x); }, "(1 + cos(pi x)) / 2"};
    case cosine_restarts:
      return {spec_of(kind, [](auto& s) { s.period = 3, s.period_growth = 2, s.floor = 0.1; }), restarts,
              "a cosine in cycles of 3, 6, 12 epochs"};
    case one_cycle:
      return {spec_of(kind), [](At at) { return at.x < 0.3 ? half_wave(0.04, 1, at.x / 0.3) : half_wave(1, 0, (at.x - 0.3) / 0.7); },
              "a cosine up until x = 0.3, then down"};
    case coslog4:
      return {spec_of(kind), [](At at) { return (1 - std::cos(2 * std::numbers::pi * std::log2(1 + 15 * at.x))) / 2; },
              "(1 - cos(2 pi log2(1 + 15x))) / 2"};
    case flat_cos:
      return {spec_of(kind), [](At at) { return at.x <= 0.3 ? 1.0 : half_wave(1, 0, (at.x - 0.3) / 0.7); },
              "1 until x = 0.3, then a cosine"};
    case plateau:  // the validation loss never gets better, so every third epoch without progress halves the rate
      return {spec_of(kind, [](auto& s) { s.factor = 0.5, s.patience = 2; }),
              [](At at) { return std::pow(0.5, std::floor(std::max(0.0, std::floor(at.e) - 1) / 3)); },
              "0.5 after each 3 epochs without progress"};
  }
  return {};
}

/// The factor of step s (from 0), with the warm-up in front. Plateau counts whole epochs from the start, warm-up or not.
double wanted(const Case& c, std::uint64_t s) {
  const double warmup = c.spec.warmup, now = static_cast<double>(s), after = now - warmup;
  const double e = now / kPerEpoch;
  if (c.spec.kind == ScheduleKind::plateau) return (now < warmup ? (now + 1) / (warmup + 1) : 1) * c.factor({e, 0});
  if (now < warmup) return (now + 1) / (warmup + 1) * c.factor({0, 0});
  return c.factor({after / kPerEpoch, after / (static_cast<double>(kSteps) - warmup)});
}

/// Rows for a weight whose gradient is -1 in every step (absolute error, target out of reach), so each move of w is the rate; the
/// validation row has input 0: its loss never changes.
struct Track {
  Surface surface = steady_pulls(std::vector<float>(kPerEpoch, 1.0f));
  Track() { surface.rows.x.push_back(0), surface.rows.y.push_back(1); }
};

/// The moves of the weight in a run of the shipped trainer.
std::vector<double> moves(const Track& track, const ScheduleSpec& schedule, std::uint64_t seed) {
  training::RunSpec run;
  run.network = track.surface.network;
  run.training = training_with("sgd", kRate, seed);
  run.training.learning_rate_schedule = schedule;
  run.train = {track.surface.samples(), {0, 1, 2, 3, 4}};
  run.validation = {track.surface.samples(), {5}};
  run.epochs = kEpochs;
  run.batch = 1;
  PlanOptions options;
  options.threads = 1;
  const auto plan = engine::make_plan(run.network, run.training, options);
  training::Trainer trainer(*plan, run);
  const float start = 0;
  trainer.start(std::span(&start, 1));
  std::vector<double> found;
  float before = 0;
  training::Listener listener;
  listener.on_event = [&](const TrainEvent& event) {
    if (event.kind != TrainEvent::Kind::step) return;
    float w = 0;
    plan->store(engine::Part::parameters, std::span(&w, 1));
    found.push_back(static_cast<double>(w) - static_cast<double>(before));
    before = w;
  };
  trainer.run(listener);
  return found;
}

/// Stairs in the first plot, smooth falls in the second, waves in the third.
std::size_t plot_of(ScheduleKind kind) {
  using enum ScheduleKind;
  if (kind == constant || kind == step || kind == multi_step || kind == plateau) return 0;
  return kind == cosine_restarts || kind == one_cycle || kind == coslog4 ? 2 : 1;
}

LessonPlot empty_plot(const std::string& names) { return {names, "step", "rate", {}, false}; }

LessonOutcome run(const LessonSetting& setting) {
  const Track track;
  LessonOutcome outcome;
  LessonTable table{"rates found in the weight's moves, eta_0 = " + number(kRate),
                    {"schedule", "factor", "step 1", "halfway", "last", "largest error"}, {}};
  outcome.plots = {empty_plot("step by step"), empty_plot("smooth and falling"), empty_plot("waves"),
                   empty_plot("the same with a warm-up of 8 steps")};
  double worst = 0;
  std::size_t compared = 0, schedules = 0;
  for (const ScheduleKind kind : all<ScheduleKind>()) {
    ++schedules;
    for (const double warmup : {0.0, kWarmup}) {
      Case c = case_of(kind);
      c.spec.warmup = warmup;
      const std::vector<double> found = moves(track, c.spec, setting.seed);
      double error = found.size() == kSteps ? 0 : INFINITY;
      LessonPlot::Curve curve{std::string(name(kind)), {}, found};
      for (std::uint64_t s = 0; s < found.size(); ++s) {
        error = std::max(error, std::abs(found[s] / kRate - wanted(c, s)));
        curve.x.push_back(static_cast<double>(s + 1));
        ++compared;
      }
      worst = std::max(worst, error);
      if (warmup == 0) outcome.plots[plot_of(kind)].curves.push_back(curve);
      if (warmup == 0 && error < INFINITY) {
        table.rows.push_back({std::string(name(kind)), c.formula, number(found[0]), number(found[kSteps / 2]), number(found.back()),
                              number(error, 2)});
      }
      if (warmup > 0 && (kind == ScheduleKind::constant || kind == ScheduleKind::cosine)) outcome.plots[3].curves.push_back(curve);
    }
  }
  outcome.held = worst < 4 * kLimit;
  outcome.verdict = filled("{0} schedules, each without and with warm-up, {1} steps of the trainer: the rate found in the weight's move "
                           "differs from the formula's by at most {2} of eta (limit {3}, the weight's rounding)",
                           {number(static_cast<double>(schedules)), number(static_cast<double>(compared), 9), number(worst, 2),
                            number(4 * kLimit)});
  outcome.formula = {"eta_s = eta_0 * factor(s), s = 0, 1, ... counted from the first step",
                     filled("cosine, s = 15 of 60: {0} * (1 + cos(pi / 4)) / 2 = {1}", {number(kRate),
                                                                                        number(kRate * half_wave(1, 0, 0.25))})};
  outcome.numbers = {{"schedules", static_cast<double>(schedules)}, {"compared", static_cast<double>(compared)}, {"worst_error", worst}};
  outcome.tables = {table};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    18, LessonGroup::learning_rate,
    "Learning rate schedules change eta in the course of training.",
    "What does a learning rate schedule depend on?",
    "on how far the run has come: the step or the epoch (or, for the plateau schedule, on whether the validation loss still improves)",
    {{{"on the gradient of each weight", "that is what RMSprop and Adam look at; a schedule gives one factor for all weights"},
      {"on the layer", "every layer gets the same factor in the same step"},
      {"on nothing, it is chosen once", "a rate that is chosen once is the constant schedule, the one that does not change anything"}}},
    false, run};

}  // namespace chainrule::lesson::l18
