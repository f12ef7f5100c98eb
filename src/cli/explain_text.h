// An explanation as text for the terminal.
#pragma once

#include "chainrule/explanation.h"
#include "console.h"

namespace chainrule::cli {

void print_explanation(const Explanation& explanation, Console& console);

}  // namespace chainrule::cli
