// An explanation as one self-contained page: figures and the numbers behind them.
#pragma once

#include <string>

#include "chainrule/explanation.h"

namespace chainrule::report {

std::string explanation_html(const Explanation& explanation);

}  // namespace chainrule::report
