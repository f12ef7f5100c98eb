// Center, spread and median of a column: doubles, summed in row order, with nothing but + - * / and sqrt.
#pragma once

#include <span>
#include <vector>

namespace chainrule::features {

/// scale is the standard deviation (divisor n), 0 when all values are equal or their spread is below what a double can divide by.
struct Statistics { double center = 0, scale = 0; };

/// values: finite, not empty. Never overflows, whatever their size.
Statistics statistics_of(std::span<const double> values) noexcept;

/// The middle value, or the mean of the two middle ones. Reorders `values`; not empty.
double median_of(std::vector<double>& values) noexcept;

}  // namespace chainrule::features
