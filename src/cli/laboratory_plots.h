// The SVG files of `race` and `dropout`.
#pragma once

#include <string>
#include <vector>

#include "chainrule/laboratory.h"

namespace chainrule::cli {

/// Each race as a row of plots: surfaces show the paths over contour lines and the heights, data shows the curves; both the rates tried.
std::string races_svg(const std::vector<Race>& races);
std::string dropout_svg(const DropoutComparison& comparison);

}  // namespace chainrule::cli
