// Writes DOT by hand: names are quoted, so no column name can break out of its label.
#include "report/explain_dot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "base/shown_text.h"

namespace chainrule::report {
namespace {

/// A DOT string; backslashes and quotes are escaped, line breaks become blanks.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : printable(text, "\n")) {
    if (c == '"' || c == '\\') result += '\\';
    result += c == '\n' ? ' ' : c;
  }
  return result + "\"";
}

std::string fixed(const char* format, double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, value);
  return buffer;
}

/// Column 0 holds the inputs, column l + 1 the units of layer l.
std::string node(std::size_t column, std::size_t unit) { return "n" + std::to_string(column) + "_" + std::to_string(unit); }

std::string label(const Explanation& e, std::size_t column, std::size_t unit) {
  if (column > 0) return "layers." + std::to_string(column - 1) + "[" + std::to_string(unit) + "]";
  return unit < e.input_names.size() ? e.input_names[unit] : "x[" + std::to_string(unit) + "]";
}

std::string column_text(const Explanation& e, std::size_t column, const std::set<std::size_t>& shown) {
  const std::size_t size = column == 0 ? e.input_names.size() : e.summary[column - 1].units;
  const std::string title = column == 0 ? "inputs" : e.summary[column - 1].name + " " + e.summary[column - 1].activation;
  std::string text = "  subgraph cluster_" + std::to_string(column) + " {\n    label=" + quoted(title) + ";\n    color=\"#9aa4ae\";\n";
  for (const std::size_t unit : shown) text += "    " + node(column, unit) + " [label=" + quoted(label(e, column, unit)) + "];\n";
  if (size > shown.size()) {
    const std::string rest = std::to_string(size - shown.size()) + (shown.empty() ? "" : " more");
    text += "    rest" + std::to_string(column) + " [label=" + quoted(rest) + ", style=dashed];\n";
  }
  return text + "  }\n";
}

std::string edge_text(const BlameEdge& edge, double largest) {
  const double share = largest > 0 ? std::abs(edge.gradient) / largest : 0;
  const bool lower = edge.gradient > 0;
  return "  " + node(edge.layer, edge.from) + " -> " + node(edge.layer + 1, edge.to) + " [penwidth=" + fixed("%.2f", 0.4 + 5 * share) +
         ", color=" + (lower ? "\"#c2410c\"" : "\"#1d6fd1\"") + ", tooltip=" +
         quoted("layers." + std::to_string(edge.layer) + ".weight[" + std::to_string(edge.to) + "," + std::to_string(edge.from) + "] = " +
                fixed("%.6g", edge.value) + ", gradient " + fixed("%.6g", edge.gradient) + (lower ? ": lower it" : ": raise it")) +
         "];\n";
}

}  // namespace

std::string explanation_dot(const Explanation& e) {
  std::vector<std::set<std::size_t>> shown(e.summary.size() + 1);
  double largest = 0;
  for (const BlameEdge& edge : e.edges) {
    if (edge.gradient == 0) continue;
    shown[edge.layer].insert(edge.from);
    shown[edge.layer + 1].insert(edge.to);
    largest = std::max(largest, std::abs(edge.gradient));
  }
  std::string text = "digraph blame {\n  rankdir=LR;\n  label=" +
                     quoted("Blame for the loss of " + e.rows_text + ": orange weights should fall, blue ones rise") +
                     ";\n  bgcolor=\"transparent\";\n  node [shape=box, style=rounded, fontname=\"sans-serif\", fontsize=10];\n";
  for (std::size_t column = 0; column < shown.size(); ++column) text += column_text(e, column, shown[column]);
  for (const BlameEdge& edge : e.edges) {
    if (edge.gradient != 0) text += edge_text(edge, largest);
  }
  return text + "}\n";
}

}  // namespace chainrule::report
