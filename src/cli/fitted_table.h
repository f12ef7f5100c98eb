// Tables that fit the terminal: wide ones fold their headings, then their texts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "console.h"

namespace chainrule::cli {

/// Columns of numbers are right-aligned. Rows have as many cells as the header. Nothing is cut off.
void print_fitted_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows, Console& console,
                        std::string_view indent = "  ");

}  // namespace chainrule::cli
