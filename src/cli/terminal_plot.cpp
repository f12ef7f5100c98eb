// Curves drawn with characters. A cell of the grid shows one curve: the one drawn last.
#include "terminal_plot.h"

#include <algorithm>
#include <cmath>

#include "layout.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kRows = 12;
constexpr const char* kMarks[] = {"●", "○", "▲", "×", "◆", "+"};
constexpr const char* kAsciiMarks[] = {"*", "o", "^", "x", "#", "+"};
constexpr std::size_t kKinds = 6, kColours = 4;

struct Range {
  double low = INFINITY, high = -INFINITY;
  void add(double value) { low = std::min(low, value), high = std::max(high, value); }
  /// 0 at low, 1 at high; the middle when there is no extent.
  double share(double value) const { return high > low ? (value - low) / (high - low) : 0.5; }
};

/// Where a value stands on the y axis: itself, or its logarithm. NaN when it cannot be shown.
double height_of(const LessonPlot& plot, double y) {
  if (!plot.logarithmic_y) return std::isfinite(y) ? y : NAN;
  return y > 0 && std::isfinite(y) ? std::log10(y) : NAN;
}

/// What is drawn where: per cell a set of braille dots, or a mark, and the curve it belongs to.
class Grid {
 public:
  Grid(std::size_t columns, bool dots) : columns_(columns), dots_(dots), cells_(columns * kRows) {}

  /// A line between two points given as shares of the width and height.
  void line(double x0, double y0, double x1, double y1, std::size_t curve) {
    const double across = std::abs(x1 - x0) * static_cast<double>(wide()), up = std::abs(y1 - y0) * static_cast<double>(high());
    const std::size_t steps = static_cast<std::size_t>(std::ceil(std::max({across, up, 1.0})));
    for (std::size_t i = 0; i <= steps; ++i) {
      const double t = static_cast<double>(i) / static_cast<double>(steps);
      point(x0 + t * (x1 - x0), y0 + t * (y1 - y0), curve);
    }
  }

  void point(double x, double y, std::size_t curve) {
    const std::size_t column = place(x, wide()), row = high() - 1 - place(y, high());
    Cell& cell = cells_[row / (dots_ ? 4 : 1) * columns_ + column / (dots_ ? 2 : 1)];
    if (cell.curve != curve) cell = {0, curve};
    cell.dots |= dots_ ? kDots[row % 4][column % 2] : 1u;
  }

  std::string row(std::size_t r, bool unicode, const Style& style) const {
    std::string text;
    for (std::size_t c = 0; c < columns_; ++c) {
      const Cell& cell = cells_[r * columns_ + c];
      text += cell.dots == 0 ? " " : painted(style, cell.curve, dots_ ? braille(cell.dots) : mark(cell.curve, unicode));
    }
    while (!text.empty() && text.back() == ' ') text.pop_back();
    return text;
  }

  static std::string mark(std::size_t curve, bool unicode) { return unicode ? kMarks[curve % kKinds] : kAsciiMarks[curve % kKinds]; }
  static std::string painted(const Style& style, std::size_t curve, const std::string& text) {
    switch (curve % kColours) {
      case 0: return style.cyan(text);
      case 1: return style.yellow(text);
      case 2: return style.green(text);
      default: return style.red(text);
    }
  }

 private:
  struct Cell { unsigned dots = 0; std::size_t curve = 0; };
  static constexpr unsigned kDots[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

  std::size_t wide() const { return columns_ * (dots_ ? 2 : 1); }
  std::size_t high() const { return kRows * (dots_ ? 4 : 1); }
  static std::size_t place(double share, std::size_t size) {
    return static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(size - 1)));
  }
  /// The character U+2800 + dots in UTF-8.
  static std::string braille(unsigned dots) {
    return {static_cast<char>(0xE2), static_cast<char>(0xA0 + (dots >> 6)), static_cast<char>(0x80 + (dots & 0x3F))};
  }

  std::size_t columns_;
  bool dots_;
  std::vector<Cell> cells_;
};

void draw(const LessonPlot& plot, const Range& xs, const Range& ys, Grid& grid) {
  for (std::size_t c = 0; c < plot.curves.size(); ++c) {
    const LessonPlot::Curve& curve = plot.curves[c];
    bool before = false;
    double x0 = 0, y0 = 0;
    for (std::size_t i = 0; i < std::min(curve.x.size(), curve.y.size()); ++i) {
      const double height = height_of(plot, curve.y[i]);
      if (std::isnan(height) || !std::isfinite(curve.x[i])) {
        before = false;
        continue;
      }
      const double x = xs.share(curve.x[i]), y = ys.share(height);
      if (before) grid.line(x0, y0, x, y, c);
      else grid.point(x, y, c);
      before = true, x0 = x, y0 = y;
    }
  }
}

/// The curves' signs and names, on as many lines as they need.
std::vector<std::string> legend(const LessonPlot& plot, bool dots, bool unicode, const Style& style, std::size_t width) {
  std::vector<std::string> lines = {""};
  for (std::size_t c = 0; c < plot.curves.size(); ++c) {
    const std::string sign = dots ? "⠒⠒" : Grid::mark(c, unicode);
    const std::string item = Grid::painted(style, c, sign) + " " + printable(plot.curves[c].name);
    if (!lines.back().empty() && shown_width(lines.back()) + 3 + shown_width(item) > width) lines.emplace_back();
    lines.back() += (lines.back().empty() ? "" : "   ") + item;
  }
  return lines;
}

std::string right_aligned(const std::string& text, std::size_t width) {
  const std::size_t shown = shown_width(text);
  return std::string(width > shown ? width - shown : 0, ' ') + text;
}

/// Labels at the top, the middle and the bottom of the y axis.
std::vector<std::string> y_labels(const LessonPlot& plot, const Range& ys) {
  std::vector<std::string> labels(kRows);
  for (const std::size_t r : {std::size_t{0}, kRows / 2, kRows - 1}) {
    const double share = 1 - static_cast<double>(r) / static_cast<double>(kRows - 1);
    const double height = ys.low + share * (ys.high - ys.low);
    labels[r] = number_text(plot.logarithmic_y ? std::pow(10.0, height) : height, 3);
  }
  return labels;
}

std::string x_axis(const LessonPlot& plot, const Range& xs, std::size_t columns) {
  const std::string low = number_text(xs.low, 4), high = number_text(xs.high, 4), name = printable(plot.x_label);
  const std::size_t used = shown_width(low) + shown_width(high) + shown_width(name);
  if (used + 2 > columns) return low + " " + name;
  const std::size_t left = (columns - used) / 2;
  return low + std::string(left, ' ') + name + std::string(columns - used - left, ' ') + high;
}

}  // namespace

std::vector<std::string> plot_lines(const LessonPlot& plot, std::size_t width, bool unicode, const Style& style) {
  Range xs, ys;
  for (const LessonPlot::Curve& curve : plot.curves) {
    for (std::size_t i = 0; i < std::min(curve.x.size(), curve.y.size()); ++i) {
      const double height = height_of(plot, curve.y[i]);
      if (std::isnan(height) || !std::isfinite(curve.x[i])) continue;
      xs.add(curve.x[i]);
      ys.add(height);
    }
  }
  std::vector<std::string> lines;
  for (const std::string& line : wrapped(printable(plot.title), width)) lines.push_back(style.bold(line));
  if (!(xs.low <= xs.high)) return lines;
  const std::vector<std::string> labels = y_labels(plot, ys);
  std::size_t margin = 0;
  for (const std::string& label : labels) margin = std::max(margin, shown_width(label));
  const bool dots = unicode && (plot.curves.size() == 1 || (style.colour && plot.curves.size() <= kColours));
  const std::size_t columns = std::clamp<std::size_t>(width > margin + 4 ? width - margin - 4 : 10, 10, 100);
  Grid grid(columns, dots);
  draw(plot, xs, ys, grid);
  if (plot.curves.size() > 1) {
    for (std::string& line : legend(plot, dots, unicode, style, width)) lines.push_back(std::move(line));
  }
  if (!plot.y_label.empty()) lines.push_back(style.dim(printable(plot.y_label) + (plot.logarithmic_y ? " (logarithmic)" : "")));
  for (std::size_t r = 0; r < kRows; ++r) {
    lines.push_back(style.dim(right_aligned(labels[r], margin) + (unicode ? " │" : " |")) + grid.row(r, unicode, style));
  }
  std::string axis;
  for (std::size_t c = 0; c < columns; ++c) axis += unicode ? "─" : "-";
  lines.push_back(style.dim(std::string(margin + 1, ' ') + (unicode ? "└" : "+") + axis));
  lines.push_back(style.dim(std::string(margin + 2, ' ') + x_axis(plot, xs, columns)));
  return lines;
}

}  // namespace chainrule::cli
