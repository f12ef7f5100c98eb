// The most blamed weights drawn as a network: one column of nodes per layer, thicker lines for more blame.
#pragma once

#include <string>

#include "chainrule/explanation.h"

namespace chainrule::report {

/// One <svg>; its colours come from the classes node, rest, raise and lower of network_svg_style(). "" when there is nothing to draw.
std::string network_svg(const Explanation& explanation);
std::string network_svg_style();

}  // namespace chainrule::report
