// Units that are alike, dead or saturated, and layers that the error does not reach.
#pragma once

#include "explain/checks.h"

namespace chainrule::explain {

/// "symmetric_units", "dead_units", "saturated_units", "gradient_flow" at these parameters (in layout order), on up to 512 training rows.
/// Shares are those of the worst layer; failed when a whole layer is dead, three quarters of one are saturated, or half of one are twins.
std::vector<CheckItem> check_units(const Subject& subject, std::span<const float> parameters);

}  // namespace chainrule::explain
