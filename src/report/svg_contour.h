// Contour lines of a function on a grid (marching squares), joined into long lines.
#pragma once

#include <utility>
#include <vector>

#include "report/svg_plot.h"

namespace chainrule::report {

using ContourLine = std::vector<std::pair<double, double>>;  // x, y in the field's unit; closed when first == last

/// The lines where the field crosses `level`. Cells with a value that is not finite have none.
std::vector<ContourLine> contour_lines(const Field& field, double level);

/// The field's own levels, or 12 at evenly spaced quantiles of its finite values.
std::vector<double> contour_levels(const Field& field);

}  // namespace chainrule::report
