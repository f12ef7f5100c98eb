// L4: where the gradient is positive, decreasing the weight lowers the loss.
#include "lesson/nudges.h"

namespace chainrule::lesson::l04 {
namespace {

LessonOutcome run(const LessonSetting& setting) { return nudge_outcome(setting, true); }

}  // namespace

extern const LessonStatement kStatement = {
    4, LessonGroup::gradient,
    "A positive gradient means: decrease this weight, and the loss goes down.",
    "A weight is -0.8 and its gradient is +0.5. Which way should it go?",
    "Down, further into the negative: the loss rises with the weight, so it falls when the weight falls",
    {{{"Up, towards zero", "whether the weight itself is positive or negative plays no part; the sign of the gradient alone gives the direction"},
      {"Up, because the gradient is positive", "the gradient points where the loss grows; one has to go against it"},
      {"It should stay: a negative weight cannot have a positive gradient", "a weight's sign and its gradient's sign are independent of each other"}}},
    true, run};

}  // namespace chainrule::lesson::l04
