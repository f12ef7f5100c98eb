// Axes of a plot.
#include "report/svg_scale.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace chainrule::report {
namespace {

std::string tick_text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.6g", value == 0 ? 0.0 : value);
  return buffer;
}

/// The smallest of 1, 2, 5 times a power of ten that is at least `step`.
double round_step(double step) {
  const double power = std::pow(10, std::floor(std::log10(step)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= step * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

}  // namespace

void Range::add(double value) {
  if (!std::isfinite(value) || (logarithmic_ && value <= 0)) return;
  low_ = std::min(low_, value);
  high_ = std::max(high_, value);
}

Scale::Scale(const Axis& axis, const Range& range, double pixel_low, double pixel_high, std::size_t wanted_ticks)
    : logarithmic_(axis.logarithmic), low_(std::isfinite(axis.low) ? axis.low : range.low()),
      high_(std::isfinite(axis.high) ? axis.high : range.high()), pixel_low_(pixel_low), pixel_high_(pixel_high) {
  const bool unusable = !std::isfinite(low_) || !std::isfinite(high_) || (logarithmic_ && (low_ <= 0 || high_ <= 0));
  if (unusable) low_ = logarithmic_ ? 1 : 0, high_ = logarithmic_ ? 10 : 1;
  if (!(high_ - low_ > 1e-12 * std::max(std::abs(low_), std::abs(high_)))) {
    const double room = low_ == 0 ? 1 : 0.5 * std::abs(low_);
    low_ = logarithmic_ ? low_ / 2 : low_ - room;
    high_ = logarithmic_ ? high_ * 2 : high_ + room;
  }
  if (logarithmic_) set_logarithmic(axis);
  else set_linear(axis, std::max<std::size_t>(2, wanted_ticks));
}

void Scale::set_linear(const Axis& axis, std::size_t wanted) {
  const double step = round_step((high_ - low_) / static_cast<double>(wanted));
  if (!std::isfinite(axis.low)) low_ = std::floor(low_ / step + 1e-9) * step;
  if (!std::isfinite(axis.high)) high_ = std::ceil(high_ / step - 1e-9) * step;
  for (double k = std::ceil(low_ / step - 1e-9); k * step <= high_ + 1e-9 * step; k += 1) {
    ticks_.push_back({k * step, tick_text(k * step)});
  }
}

// Powers of ten; with 2 and 5 between them when there are few, and fewer when there are many.
void Scale::set_logarithmic(const Axis& axis) {
  const bool wide = std::log10(high_ / low_) > 1.5;
  if (wide && !std::isfinite(axis.low)) low_ = std::pow(10, std::floor(std::log10(low_) + 1e-9));
  if (wide && !std::isfinite(axis.high)) high_ = std::pow(10, std::ceil(std::log10(high_) - 1e-9));
  const int first = static_cast<int>(std::floor(std::log10(low_) + 1e-9)), last = static_cast<int>(std::ceil(std::log10(high_)));
  const int stride = std::max(1, (last - first + 7) / 8);
  const bool few = last - first <= 2;
  for (int exponent = first; exponent <= last; exponent += stride) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double value = factor * std::pow(10, exponent);
      if ((factor == 1 || few) && value >= low_ * (1 - 1e-9) && value <= high_ * (1 + 1e-9)) ticks_.push_back({value, tick_text(value)});
    }
  }
}

double Scale::pixel(double value) const {
  const double share = logarithmic_ ? std::log(value / low_) / std::log(high_ / low_) : (value - low_) / (high_ - low_);
  return pixel_low_ + share * (pixel_high_ - pixel_low_);
}

bool Scale::shows(double value) const { return std::isfinite(value) && (!logarithmic_ || value > 0); }

std::string pixel_text(double value) {
  char buffer[32];
  // A path far outside the plot is clipped anyway; viewers dislike huge coordinates.
  std::snprintf(buffer, sizeof buffer, "%.2f", std::clamp(value, -1e5, 1e5));
  std::string text = buffer;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

}  // namespace chainrule::report
