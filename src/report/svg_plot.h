// Plots as SVG text: curves, paths over contour lines, bars with error bars; one file that reads well on light and dark paper.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace chainrule::report {

constexpr double kFromData = std::numeric_limits<double>::quiet_NaN();

/// One axis. low or high that are not given are taken from the data; the ends are rounded to ticks unless both are given.
struct Axis {
  std::string label;
  bool logarithmic = false;  ///< values <= 0 are left out
  double low = kFromData, high = kFromData;
};

/// A curve or path; x and y are equally long. A value that is not finite breaks the line.
struct Curve {
  std::string name;              ///< in the legend; "" keeps it out
  std::vector<double> x, y;
  std::vector<double> low, high; ///< empty, or an interval around every y
  bool whiskers = false;         ///< the interval as error bars instead of a band
  bool dashed = false, dots = false, ends = false;  ///< ends: a ring where the path starts, a dot where it ends
  int colour = -1;               ///< 0..7 of the palette; -1: the curve's number
};

/// A function on a grid, drawn as contour lines: values[row * columns + column], row 0 at y_low.
struct Field {
  std::size_t columns = 0, rows = 0;
  double x_low = 0, x_high = 1, y_low = 0, y_high = 1;
  std::vector<double> values;
  std::vector<double> levels;    ///< where to draw lines; empty: 12 between the quantiles of the values
};

/// One horizontal bar; low and high are its error bar when they are finite.
struct Bar {
  std::string name;
  double value = 0, low = kFromData, high = kFromData;
  int colour = 0;
  std::string note;              ///< small text behind the bar
};

/// A point worth a mark: a cross with a word beside it.
struct Mark { double x = 0, y = 0; std::string text; };

/// One plot. With bars, the bars are all there is besides the reference line and x is the axis of their values.
struct Plot {
  std::string title, subtitle;   ///< subtitle: one or two sentences, broken into lines
  Axis x, y;
  std::vector<Curve> curves;
  Field field;
  std::vector<Mark> marks;
  std::vector<Bar> bars;
  double reference = kFromData;  ///< a dashed line across: at this x with bars, else at this y
};

constexpr double kPlotWidth = 640, kPlotHeight = 420;

/// The plot as one <svg> element, `height` counts for plots without bars (bars take what they need). with_style = false leaves the
/// style sheet out, for a page that has svg_style() in its head.
std::string svg_plot(const Plot& plot, double width = kPlotWidth, double height = kPlotHeight, bool with_style = true);

/// Several plots side by side, `columns` in a row, as one file.
std::string svg_figure(const std::vector<Plot>& plots, std::size_t columns, double width = kPlotWidth, double height = kPlotHeight);

/// The CSS behind class "plot": colours of paper, ink, grid and curves; dark where the reader prefers dark, or inside [data-theme=dark].
std::string_view svg_style() noexcept;

/// Text with the five special characters of XML replaced and control characters dropped.
std::string xml_text(std::string_view text);

}  // namespace chainrule::report
