// Lays out the nodes that the strongest edges touch, and draws the edges between them.
#include "report/network_svg.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "report/svg_plot.h"

namespace chainrule::report {
namespace {

constexpr std::size_t kMostEdges = 40;
constexpr double kColumnWidth = 190, kRowHeight = 24, kTop = 34, kRadius = 5;

std::string four_digits(double value) {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.4g", value);
  return buffer;
}

std::string pixels(double value) {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.1f", value);
  return buffer;
}

class Drawing {
 public:
  explicit Drawing(const Explanation& e) : e_(e), nodes_(e.summary.size() + 1) {
    for (const BlameEdge& edge : e.edges) {
      if (edge.gradient == 0 || edges_.size() == kMostEdges) continue;
      edges_.push_back(edge);
      nodes_[edge.layer][edge.from] = nodes_[edge.layer + 1][edge.to] = 0;
      largest_ = std::max(largest_, std::abs(edge.gradient));
    }
    for (const auto& column : nodes_) most_ = std::max(most_, column.size());
    for (auto& column : nodes_) {
      double y = kTop + 0.5 * kRowHeight * static_cast<double>(most_ - column.size() + 1);
      for (auto& [unit, place] : column) place = y, y += kRowHeight;
    }
  }

  std::string text() const {
    if (edges_.empty()) return "";
    const double width = kColumnWidth * static_cast<double>(nodes_.size()), height = kTop + kRowHeight * (static_cast<double>(most_) + 1.4);
    std::string svg = "<svg class=\"network\" role=\"img\" viewBox=\"0 0 " + pixels(width) + " " + pixels(height) + "\" width=\"" + pixels(width) +
                      "\" height=\"" + pixels(height) + "\"><title>Weights most to blame</title>\n";
    for (auto edge = edges_.rbegin(); edge != edges_.rend(); ++edge) svg += line(*edge);
    for (std::size_t column = 0; column < nodes_.size(); ++column) svg += column_of_nodes(column, height);
    return svg + "</svg>";
  }

 private:
  static double x_of(std::size_t column) { return kColumnWidth * (static_cast<double>(column) + 0.5); }

  std::string line(const BlameEdge& edge) const {
    const double share = std::abs(edge.gradient) / largest_;
    const double x1 = x_of(edge.layer) + kRadius, x2 = x_of(edge.layer + 1) - kRadius, middle = 0.5 * (x1 + x2);
    const double y1 = nodes_[edge.layer].at(edge.from), y2 = nodes_[edge.layer + 1].at(edge.to);
    const bool lower = edge.gradient > 0;
    return "<path class=\"" + std::string(lower ? "lower" : "raise") + "\" stroke-width=\"" + pixels(0.5 + 5.5 * share) + "\" d=\"M" + pixels(x1) +
           " " + pixels(y1) + "C" + pixels(middle) + " " + pixels(y1) + " " + pixels(middle) + " " + pixels(y2) + " " + pixels(x2) + " " +
           pixels(y2) + "\"><title>layers." + std::to_string(edge.layer) + ".weight[" + std::to_string(edge.to) + "," + std::to_string(edge.from) +
           "] = " + four_digits(edge.value) + ", gradient " + four_digits(edge.gradient) + "</title></path>\n";
  }

  std::string label(std::size_t column, std::size_t unit) const {
    if (column == 0 && unit < e_.input_names.size()) return e_.input_names[unit];
    return std::to_string(unit);
  }

  /// At most `most` code points, so that a long column name does not run into the lines.
  static std::string shortened(const std::string& text, std::size_t most) {
    std::size_t shown = 0, at = 0;
    for (; at < text.size(); ++at) {
      const bool starts = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
      if (starts && ++shown > most) return text.substr(0, at) + "...";
    }
    return text;
  }

  std::string column_of_nodes(std::size_t column, double height) const {
    const double x = x_of(column);
    const LayerSummary* layer = column == 0 ? nullptr : &e_.summary[column - 1];
    const std::string title = layer == nullptr ? "inputs" : layer->name + " " + layer->activation;
    std::string svg = text_at(x, 16, "head", title);
    for (const auto& [unit, y] : nodes_[column]) {
      svg += "<circle class=\"node\" cx=\"" + pixels(x) + "\" cy=\"" + pixels(y) + "\" r=\"" + pixels(kRadius) + "\"/>";
      svg += text_at(x, y - 8, "name", shortened(label(column, unit), 22));
    }
    const std::size_t size = layer == nullptr ? e_.input_names.size() : layer->units, shown = nodes_[column].size();
    if (size > shown) svg += text_at(x, height - 8, "rest", std::to_string(size - shown) + (shown == 0 ? "" : " more"));
    return svg + "\n";
  }

  static std::string text_at(double x, double y, const char* kind, const std::string& text) {
    return "<text class=\"" + std::string(kind) + "\" x=\"" + pixels(x) + "\" y=\"" + pixels(y) + "\">" + xml_text(text) + "</text>";
  }

  const Explanation& e_;
  std::vector<BlameEdge> edges_;
  std::vector<std::map<std::size_t, double>> nodes_;  ///< per column: unit -> y
  double largest_ = 0;
  std::size_t most_ = 0;
};

}  // namespace

std::string network_svg(const Explanation& explanation) { return Drawing(explanation).text(); }

std::string network_svg_style() {
  return ".network path{fill:none;stroke-opacity:.75}.network .raise{stroke:var(--accent)}.network .lower{stroke:#d9622b}"
         ".network .node{fill:var(--paper);stroke:var(--soft);stroke-width:1.5}.network text{text-anchor:middle;fill:var(--ink);font-size:11px}"
         ".network .name{paint-order:stroke;stroke:var(--paper);stroke-width:3px}.network .head{font-weight:600;font-size:12px}"
         ".network .rest{fill:var(--soft)}";
}

}  // namespace chainrule::report
