// Two passes over the values, in units of a power of two so that squares of very large or small values stay in range.
#include "features/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace chainrule::features {
namespace {

/// 1 for everyday values, else a power of two near `largest`: dividing by it is exact.
double unit_for(double largest) noexcept {
  if (largest == 0 || (largest > 1e-100 && largest < 1e100)) return 1;
  double unit = 1;
  while (largest / unit >= 2) unit *= 2;
  while (largest / unit < 1) unit /= 2;
  return unit;
}

}  // namespace

Statistics statistics_of(std::span<const double> values) noexcept {
  double smallest = values[0], largest = values[0];
  for (const double value : values) {
    smallest = std::min(smallest, value);
    largest = std::max(largest, value);
  }
  if (smallest == largest) return {smallest, 0};
  const double unit = unit_for(std::max(std::abs(smallest), std::abs(largest)));
  const auto count = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += value / unit;
  const double mean = sum / count;
  double squares = 0;
  for (const double value : values) {
    const double difference = value / unit - mean;
    squares += difference * difference;
  }
  const double scale = std::sqrt(squares / count) * unit;
  return {mean * unit, std::isfinite(scale) && scale >= std::numeric_limits<double>::min() ? scale : 0};
}

double median_of(std::vector<double>& values) noexcept {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  const double below = *std::max_element(values.begin(), middle);
  return below / 2 + *middle / 2;  // halves first: the sum could overflow
}

}  // namespace chainrule::features
