// Rates that a user's own network can take, in place of those of the built-in ones.
#pragma once

#include "chainrule/lesson.h"

namespace chainrule::lesson {

/// `wanted` on the built-in subject, whose rates are known to work. On the user's own the smaller of it and a quarter of SGD's stability
/// limit, 2 over the largest curvature of the loss at the start: steps see batches, which are steeper than all rows together.
double stable_rate(const LessonSetting& setting, const LessonSubject& subject, double wanted);

}  // namespace chainrule::lesson
