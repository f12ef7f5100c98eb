// L22: in a zig-zag valley momentum turns less often at the same rate, so it bears a larger one and needs far fewer steps.
#include <cmath>
#include <numbers>

#include "lesson/recorder.h"
#include "lesson/text.h"

namespace chainrule::lesson::l22 {
namespace {

constexpr double kFlat = 1, kSteep = 200, kTarget = 1e-4;
constexpr int kMost = 2000, kLooked = 60;

OptimizerSpec optimizer_of(bool momentum, double rate) {
  OptimizerSpec spec = optimizer_with(momentum ? "momentum:lesson" : "sgd", rate);
  if (momentum) spec.momentum = 0.9;
  return spec;
}

/// Steps until kTarget of the loss is left; kMost when it never was.
int steps_needed(Descent& descent, double start) {
  for (int t = 0; t < kMost; ++t) {
    const double loss = descent.step();
    if (!(loss < 1e6 * start)) return kMost;
    if (loss < kTarget * start) return t;
  }
  return kMost;
}

struct Best { double rate = 0; int steps = kMost; };

Best tuned(const Surface& surface, bool momentum) {
  Best best;
  for (int k = -4; k <= 20; ++k) {  // eta * curvature from 0.5 to 32
    const double rate = std::exp2(k / 4.0) / kSteep;
    Descent descent(surface, optimizer_of(momentum, rate));
    const int steps = steps_needed(descent, descent.loss());
    if (steps < best.steps) best = {rate, steps};
  }
  return best;
}

struct Turns {
  double share = 0;   ///< of steps that go against the one before, across the valley
  double cosine = 0;  ///< mean, between a step and the next
  LessonPlot::Curve path;
};

Turns turns_of(const Valley& shape, const Surface& surface, const OptimizerSpec& optimizer, const std::string& name) {
  const std::vector<Update> updates = recorded(surface, optimizer, kLooked);
  Turns turns;
  turns.path.name = name;
  double against = 0, cosines = 0;
  for (std::size_t t = 0; t < updates.size(); ++t) {
    const Update& u = updates[t];
    turns.path.x.push_back(along(shape, u.before));
    turns.path.y.push_back(across(shape, u.before));
    if (t == 0) continue;
    const Update& last = updates[t - 1];
    against += (across(shape, u.after) - across(shape, u.before)) * (across(shape, last.after) - across(shape, last.before)) < 0;
    const double dot = u.step(0) * last.step(0) + u.step(1) * last.step(1);
    cosines += dot / (std::hypot(u.step(0), u.step(1)) * std::hypot(last.step(0), last.step(1)));
  }
  turns.share = against / (kLooked - 1);
  turns.cosine = cosines / (kLooked - 1);
  return turns;
}

LessonOutcome run(const LessonSetting& setting) {
  Draws draws(setting.seed, 22000);
  Valley shape{kFlat, kSteep, draws.between(0, 2 * std::numbers::pi)};
  const double c = std::cos(shape.angle), s = std::sin(shape.angle);
  shape.start[0] = c - 0.1 * s, shape.start[1] = s + 0.1 * c;
  const Surface surface = valley(shape);
  const Best plain = tuned(surface, false), heavy = tuned(surface, true);
  const Turns plain_turns = turns_of(shape, surface, optimizer_of(false, plain.rate), "SGD"),
              same_turns = turns_of(shape, surface, optimizer_of(true, plain.rate), "momentum, same rate"),
              heavy_turns = turns_of(shape, surface, optimizer_of(true, heavy.rate), "momentum, its best rate");
  LessonOutcome outcome;
  LessonTable table{"curvature 200 across, 1 along; best of 25 rates each",
                    {"optimiser", "eta", "steps to 1e-4 of the loss", "turns back", "cosine of successive steps"}, {}};
  table.rows = {{"SGD", number(plain.rate), number(plain.steps), percent(plain_turns.share), number(plain_turns.cosine, 2)},
                {"momentum, same rate", number(plain.rate), "", percent(same_turns.share), number(same_turns.cosine, 2)},
                {"momentum, its best", number(heavy.rate), number(heavy.steps), percent(heavy_turns.share), number(heavy_turns.cosine, 2)}};
  outcome.held = plain.steps < kMost && 2 * heavy.steps < plain.steps && plain_turns.share > 0.6 && same_turns.share < 0.3 &&
                 same_turns.cosine > plain_turns.cosine;
  outcome.verdict = filled("each at its best rate, SGD needed {0} steps and momentum {1}; at the same rate SGD turned back across the "
                           "valley in {2} of its steps, momentum in {3}",
                           {number(plain.steps), number(heavy.steps), percent(plain_turns.share), percent(same_turns.share)});
  outcome.formula = {"m <- b1 m + (1 - b1) g;  W <- W - eta m", "across: +g, -g, +g cancel in m; along: g, g, g add up"};
  outcome.numbers = {{"steps_sgd", static_cast<double>(plain.steps)}, {"steps_momentum", static_cast<double>(heavy.steps)},
                     {"rate_sgd", plain.rate},
                     {"rate_momentum", heavy.rate}, {"turns_sgd", plain_turns.share}, {"turns_momentum", same_turns.share}};
  outcome.tables = {table};
  outcome.plots = {{"ways through the valley", "along", "across", {plain_turns.path, same_turns.path, heavy_turns.path}, false}};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    22, LessonGroup::optimizers,
    "Momentum speeds descent up and smooths its way.",
    "In a long narrow valley, why is momentum faster than plain descent?",
    "the swings across cancel in its memory, so a rate can be used that plain descent could not bear, and along the floor the steps agree",
    {{{"it uses a better gradient", "it gets the same gradients; only what it makes of them differs"},
      {"it looks at the curvature", "nothing but a mean of past gradients is kept; no second derivative enters"},
      {"it skips every second step", "every step is taken; they merely stop undoing one another"}}},
    false, run};

}  // namespace chainrule::lesson::l22
