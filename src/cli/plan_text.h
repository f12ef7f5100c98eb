// What an engine says of itself, as text.
#pragma once

#include <string>

#include "chainrule/network.h"

namespace chainrule::cli {

/// "cpu avx2, 2 threads"
std::string engine_text(const PlanReport& plan);
/// The same, and what few runs have: an engine that refused, stored gradients, bf16 operands.
std::string plan_text(const PlanReport& plan);

}  // namespace chainrule::cli
