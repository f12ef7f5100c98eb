// From values to pixels: the range of an axis, its ticks and their texts.
#pragma once

#include <string>
#include <vector>

#include "report/svg_plot.h"

namespace chainrule::report {

/// Collects the values an axis must show.
class Range {
 public:
  explicit Range(bool logarithmic) : logarithmic_(logarithmic) {}
  void add(double value);
  double low() const { return low_; }
  double high() const { return high_; }

 private:
  bool logarithmic_;
  double low_ = std::numeric_limits<double>::infinity(), high_ = -std::numeric_limits<double>::infinity();
};

struct Tick { double value; std::string text; };

/// A checked axis: low < high, ticks inside.
class Scale {
 public:
  /// pixel_low and pixel_high: where low and high lie (pixel_low > pixel_high for an upright axis).
  Scale(const Axis& axis, const Range& range, double pixel_low, double pixel_high, std::size_t wanted_ticks);

  double pixel(double value) const;
  bool shows(double value) const;
  double low() const { return low_; }
  const std::vector<Tick>& ticks() const { return ticks_; }

 private:
  void set_linear(const Axis& axis, std::size_t wanted);
  void set_logarithmic(const Axis& axis);

  bool logarithmic_;
  double low_, high_, pixel_low_, pixel_high_;
  std::vector<Tick> ticks_;
};

/// Pixel coordinates and other small numbers: at most two decimals, no trailing zeros.
std::string pixel_text(double value);

}  // namespace chainrule::report
