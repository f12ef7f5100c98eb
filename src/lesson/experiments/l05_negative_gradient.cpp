// L5: where the gradient is negative, increasing the weight lowers the loss.
#include "lesson/nudges.h"

namespace chainrule::lesson::l05 {
namespace {

LessonOutcome run(const LessonSetting& setting) { return nudge_outcome(setting, false); }

}  // namespace

extern const LessonStatement kStatement = {
    5, LessonGroup::gradient,
    "A negative gradient means: increase this weight, and the loss goes down.",
    "A weight's gradient is -2. The weight is raised by 0.001. What happens to the loss?",
    "It falls by about 0.002",
    {{{"It rises by about 0.002", "that would be a gradient of +2: the sign says whether the loss rises or falls as the weight rises"},
      {"It falls by 2", "the gradient is the change per unit of the weight; for a step of 0.001 it is a thousandth of that"},
      {"It becomes negative", "a falling loss need not pass zero: the gradient tells of a change, not of where the loss ends up"}}},
    true, run};

}  // namespace chainrule::lesson::l05
