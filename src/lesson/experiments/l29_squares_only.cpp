// L29: RMSprop keeps squared gradients only: on a mirrored problem its memory is the same, momentum's turns its sign.
#include <cmath>

#include "lesson/recorder.h"
#include "lesson/run.h"
#include "lesson/text.h"

namespace chainrule::lesson::l29 {
namespace {

constexpr int kSteps = 25;

OptimizerSpec rmsprop() { return optimizer_with("rmsprop", 0.01); }
OptimizerSpec momentum() { return optimizer_with("momentum:lesson", 0.01); }

/// The same rows, with targets, and so all gradients, of the other sign.
Surface mirrored(Surface surface) {
  for (float& y : surface.rows.y) y = -y;
  return surface;
}

struct Mirror {
  std::size_t gradients_turned = 0, states_turned = 0, states_equal = 0, values = 0;
};

Mirror compare(const std::vector<Update>& here, const std::vector<Update>& there) {
  Mirror mirror;
  for (std::size_t t = 0; t < here.size(); ++t) {
    for (std::size_t i = 0; i < here[t].gradient.size(); ++i) {
      mirror.gradients_turned += here[t].gradient[i] == -there[t].gradient[i];
      mirror.states_turned += here[t].state[0][i] == -there[t].state[0][i];
      mirror.states_equal += here[t].state[0][i] == there[t].state[0][i];
      ++mirror.values;
    }
  }
  return mirror;
}

std::string states_of(const OptimizerSpec& spec) {
  std::string names;
  for (std::size_t s = 0; s < math::state_count(spec); ++s) names += (s ? ", " : "") + std::string(math::state_name(spec, s));
  return names.empty() ? "nothing" : names;
}

LessonTable kept() {
  LessonTable table{"what each keeps per weight", {"optimiser", "kept", "is the running mean of"}, {}};
  table.rows = {{"sgd", states_of(default_optimizer("sgd")), "-"},
                {"momentum", states_of(default_optimizer("momentum")), "gradients"},
                {"rmsprop", states_of(default_optimizer("rmsprop")), "squared gradients"},
                {"adam", states_of(default_optimizer("adam")), "both"}};
  return table;
}

LessonTable side_by_side(const Surface& surface, const std::vector<Update>& m, const std::vector<Update>& m_mirror,
                         const std::vector<Update>& v,
                         const std::vector<Update>& v_mirror) {
  LessonTable table{"memory after " + number(kSteps) + " steps", {"weight", "m", "m, mirrored", "v", "v, mirrored"}, {}};
  const net::ParameterLayout layout(surface.network);
  for (std::size_t i = 0; i < surface.start.size(); ++i) {
    table.rows.push_back({parameter_name(layout, i), number(m.back().state[0][i], 6), number(m_mirror.back().state[0][i], 6),
                          number(v.back().state[0][i], 6),
                          number(v_mirror.back().state[0][i], 6)});
  }
  return table;
}

LessonOutcome run(const LessonSetting& setting) {
  const double deviations[] = {1, 0.5, 2, 0.2};
  const Surface surface = noisy_regression(deviations, 0.3, 64, Draws(setting.seed, 29000)), mirror = mirrored(surface);
  const auto m = recorded(surface, momentum(), kSteps, 8, setting.seed), m_mirror = recorded(mirror, momentum(), kSteps, 8, setting.seed);
  const auto v = recorded(surface, rmsprop(), kSteps, 8, setting.seed), v_mirror = recorded(mirror, rmsprop(), kSteps, 8, setting.seed);
  const Mirror of_m = compare(m, m_mirror), of_v = compare(v, v_mirror);
  const bool one_each = states_of(rmsprop()) == "v" && states_of(momentum()) == "m";
  LessonOutcome outcome;
  outcome.held = one_each && of_m.gradients_turned == of_m.values && of_v.gradients_turned == of_v.values &&
                 of_m.states_turned == of_m.values && of_m.states_equal == 0 && of_v.states_equal == of_v.values && of_v.states_turned == 0;
  outcome.verdict = filled("RMSprop keeps {0} per weight, momentum {1}; with all {2} gradients turned round, RMSprop's memory was the "
                           "same to the last bit in {3} of {2} values, momentum's turned round with them in {4}",
                           {states_of(rmsprop()), states_of(momentum()), number(static_cast<double>(of_v.values)),
                            number(static_cast<double>(of_v.states_equal)),
                            number(static_cast<double>(of_m.states_turned))});
  outcome.formula = {"v <- b2 v + (1 - b2) (-g)^2 = b2 v + (1 - b2) g^2", "m <- b1 m + (1 - b1) (-g): every term turns its sign"};
  outcome.numbers = {{"values", static_cast<double>(of_v.values)}, {"rmsprop_equal", static_cast<double>(of_v.states_equal)},
                     {"momentum_turned", static_cast<double>(of_m.states_turned)}};
  outcome.tables = {kept(), side_by_side(surface, m, m_mirror, v, v_mirror)};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    29, LessonGroup::optimizers,
    "RMSprop remembers squared gradients only; the gradients themselves, with their signs, it does not keep.",
    "From RMSprop's memory v of a weight alone, what can be told about its past gradients?",
    "how large they were of late, but not which way they pointed",
    {{{"which way they pointed", "a square has lost the sign; momentum's m is where direction is kept"},
      {"nothing at all", "their recent size is there: the root of v"},
      {"every single one of them", "all are blended into one number per weight; the last weighs most"}}},
    false, run};

}  // namespace chainrule::lesson::l29
