// Numbers as text: std::to_chars with as many digits as the resolution calls for.
#include "base/number_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace chainrule {
namespace {

constexpr int kFloatDigits = std::numeric_limits<float>::max_digits10, kMostDigits = std::numeric_limits<double>::max_digits10;

bool is_float_range(double value) noexcept {
  const double size = std::fabs(value);
  return size == 0 || (size >= static_cast<double>(std::numeric_limits<float>::min()) && size <= static_cast<double>(std::numeric_limits<float>::max()));
}

/// Significant digits down to the decimal place that is not above the resolution.
int digits_for(double value, double resolution) noexcept {
  if (value == 0) return 1;
  if (!(resolution > 0)) return kFloatDigits;
  const double places = std::floor(std::log10(std::fabs(value))) - std::floor(std::log10(resolution)) + 1;
  return static_cast<int>(std::clamp(places, 1.0, static_cast<double>(kMostDigits)));
}

}  // namespace

char* write_number_to(char* to, double value, double resolution) noexcept {
  if (!(resolution > 0) && is_float_range(value)) return std::to_chars(to, to + kLongestNumber, static_cast<float>(value)).ptr;
  const int digits = digits_for(value, resolution);
  if (digits >= kMostDigits) return std::to_chars(to, to + kLongestNumber, value).ptr;
  // Rounded to these digits, then the shortest text of that number: no trailing zeros, no exponent where none is needed.
  char* const end = std::to_chars(to, to + kLongestNumber, value, std::chars_format::scientific, digits - 1).ptr;
  double rounded = value;
  std::from_chars(to, end, rounded);
  return std::to_chars(to, to + kLongestNumber, rounded).ptr;
}

}  // namespace chainrule
