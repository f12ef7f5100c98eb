// L30: on one valley momentum smooths the direction and leaves the scale, RMSprop evens the scale and leaves the direction.
#include <cmath>

#include "lesson/recorder.h"
#include "lesson/text.h"

namespace chainrule::lesson::l30 {
namespace {

constexpr double kFlat = 1, kSteep = 50;
constexpr int kSteps = 40, kFirst = 8;  ///< the scales are compared while the flat weight is still on its way

struct Character {
  double sign_changes = 0;  ///< share of steps of the steep weight against the one before
  double scale = 0;         ///< mean move of the steep weight over that of the flat one, first steps
  double downhill = 0;      ///< share of all single moves that go against the newest gradient
  LessonPlot::Curve path;
};

Character character_of(const Surface& surface, const OptimizerSpec& optimizer, const std::string& name) {
  const std::vector<Update> updates = recorded(surface, optimizer, kSteps);
  Character c;
  c.path.name = name;
  double flat = 0, steep = 0, before = 0;
  for (const Update& u : updates) {
    c.path.x.push_back(u.before[0]), c.path.y.push_back(u.before[1]);
    for (std::size_t i = 0; i < 2; ++i) c.downhill += u.step(i) * static_cast<double>(u.gradient[i]) < 0;
    c.sign_changes += u.step(1) * before < 0;
    before = u.step(1);
    if (u.t <= kFirst) flat += std::abs(u.step(0)), steep += std::abs(u.step(1));
  }
  c.sign_changes /= kSteps - 1;
  c.downhill /= 2 * kSteps;
  c.scale = steep / flat;
  return c;
}

LessonOutcome run(const LessonSetting& setting) {
  Draws draws(setting.seed, 30000);
  Valley shape{kFlat, kSteep, 0};
  for (double& start : shape.start) start = (draws.uniform() < 0.5 ? -1 : 1) * draws.between(0.8, 1.2);
  const Surface surface = valley(shape);
  const double rate = 1.9 / kSteep;
  const Character sgd = character_of(surface, optimizer_with("sgd", rate), "SGD"),
                  momentum = character_of(surface, optimizer_with("momentum:lesson", rate), "momentum"),
                  rmsprop = character_of(surface, optimizer_with("rmsprop", rate), "RMSprop");
  LessonOutcome outcome;
  LessonTable table{"one valley, one start, one rate", {"optimiser", "steep weight turns back", "steep move / flat move",
                                                        "moves against the newest g"}, {}};
  for (const Character* c : {&sgd, &momentum, &rmsprop}) table.rows.push_back({c->path.name, percent(c->sign_changes),
                                                                               number(c->scale, 3), percent(c->downhill)});
  outcome.held = sgd.sign_changes > 0.9 && momentum.sign_changes < 0.4 && momentum.downhill < 0.95 && momentum.scale > 5 && sgd.scale > 5 &&
                 rmsprop.downhill == 1 && rmsprop.scale < 2.5 && rmsprop.scale > 0.4;
  outcome.verdict = filled("the steep weight turned back in {0} of SGD's steps and {1} of momentum's; its moves were {2} times the flat "
                           "weight's under SGD, {3} under momentum, {4} under RMSprop; RMSprop went against the newest gradient in {5} of "
                           "its moves, momentum in {6}",
                           {percent(sgd.sign_changes), percent(momentum.sign_changes), number(sgd.scale, 3), number(momentum.scale, 3),
                            number(rmsprop.scale, 3),
                            percent(rmsprop.downhill), percent(momentum.downhill)});
  outcome.formula = {"momentum: step = -eta m, the sign of a mean, the size of the gradients",
                     "RMSprop: step = -eta g / sqrt(v), the sign of g, a size near eta"};
  outcome.numbers = {{"turns_sgd", sgd.sign_changes}, {"turns_momentum", momentum.sign_changes}, {"scale_sgd", sgd.scale},
                     {"scale_momentum", momentum.scale},
                     {"scale_rmsprop", rmsprop.scale}, {"downhill_momentum", momentum.downhill}, {"downhill_rmsprop", rmsprop.downhill}};
  outcome.tables = {table};
  outcome.plots = {{"ways of the three, minimum at (0, 0)", "flat weight", "steep weight", {sgd.path, momentum.path, rmsprop.path}, false}};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    30, LessonGroup::optimizers,
    "Momentum smooths the direction of the steps; RMSprop scales the rate of each weight.",
    "Which of the two can move a weight uphill for a step or two?",
    "momentum: its mean of past gradients may still point the old way when the newest gradient has turned",
    {{{"RMSprop", "its step always has the sign of the newest gradient, only the length is changed"},
      {"both", "only one of them lets old gradients into the direction"},
      {"neither", "that holds for plain descent and RMSprop; momentum runs on through a dip"}}},
    false, run};

}  // namespace chainrule::lesson::l30
