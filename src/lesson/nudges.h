// Moving weights against their gradient, and with it: what L4 and L5 share.
#pragma once

#include "chainrule/lesson.h"

namespace chainrule::lesson {

/// Takes the weights whose gradient is positive (or negative), moves each alone in the direction that should lower the loss, and in the other.
LessonOutcome nudge_outcome(const LessonSetting& setting, bool positive);

}  // namespace chainrule::lesson
