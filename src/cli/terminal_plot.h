// Curves drawn with characters: braille dots or marks, axes, and a legend.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "chainrule/lesson.h"
#include "console.h"

namespace chainrule::cli {

/// The plot with its title as lines of at most `width` columns. Curves differ by colour; without colour, when there are several, by mark.
/// Values that are not finite (or not positive on a logarithmic axis) are left out.
std::vector<std::string> plot_lines(const LessonPlot& plot, std::size_t width, bool unicode, const Style& style);

}  // namespace chainrule::cli
