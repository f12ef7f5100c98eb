// The experiments found in experiments/lNN_<subject>.cpp, as one table.
#pragma once

#include "chainrule/lesson.h"

namespace chainrule::lesson {

inline constexpr int kStatements = 47;

}  // namespace chainrule::lesson
