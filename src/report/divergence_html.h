// divergence.html: where a run broke, how it came to that, and what would have prevented it.
#pragma once

#include <string>

#include "chainrule/divergence.h"

namespace chainrule::report {

std::string divergence_html(const DivergenceReport& report);

}  // namespace chainrule::report
