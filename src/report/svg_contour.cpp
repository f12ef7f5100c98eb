// Marching squares: each cell contributes segments between its edges, and segments that share an edge are joined.
#include "report/svg_contour.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace chainrule::report {
namespace {

constexpr std::size_t kLevels = 12;

/// The crossings of one level, keyed by grid edge: 2 * node for the edge to the right of a node, 2 * node + 1 for the one upwards.
class Tracer {
 public:
  Tracer(const Field& field, double level) : field_(field), level_(level) {
    for (std::size_t row = 0; row + 1 < field.rows; ++row) {
      for (std::size_t column = 0; column + 1 < field.columns; ++column) add_cell(row * field.columns + column);
    }
  }

  std::vector<ContourLine> lines() {
    std::vector<ContourLine> result;
    // Open lines start at an edge with one neighbour; what remains are rings.
    for (const std::size_t wanted : {1u, 2u}) {
      for (auto& [edge, next] : neighbours_) {
        while (next.size() == wanted) result.push_back(walk(edge));
      }
    }
    return result;
  }

 private:
  bool above(std::size_t node) const { return field_.values[node] > level_; }

  void add_cell(std::size_t node) {
    const std::size_t up = node + field_.columns;
    for (const std::size_t corner : {node, node + 1, up, up + 1}) {
      if (!std::isfinite(field_.values[corner])) return;
    }
    const std::size_t bottom = 2 * node, top = 2 * up, left = 2 * node + 1, right = 2 * (node + 1) + 1;
    std::vector<std::size_t> crossed;
    // In the order around the cell, so that neighbours in the list may be joined.
    if (above(node) != above(node + 1)) crossed.push_back(bottom);
    if (above(node + 1) != above(up + 1)) crossed.push_back(right);
    if (above(up) != above(up + 1)) crossed.push_back(top);
    if (above(node) != above(up)) crossed.push_back(left);
    if (crossed.size() == 2) join(crossed[0], crossed[1]);
    if (crossed.size() == 4) join_saddle(node, crossed);
  }

  // Two lines through one cell: the mean of the corners says which corners belong together.
  void join_saddle(std::size_t node, const std::vector<std::size_t>& crossed) {
    const std::size_t up = node + field_.columns;
    const double mean = (field_.values[node] + field_.values[node + 1] + field_.values[up] + field_.values[up + 1]) / 4;
    const bool around_first = (mean > level_) != above(node);  // a line cuts the lower left corner off
    join(crossed[0], crossed[around_first ? 3 : 1]);
    join(crossed[2], crossed[around_first ? 1 : 3]);
  }

  void join(std::size_t a, std::size_t b) {
    neighbours_[a].push_back(b);
    neighbours_[b].push_back(a);
  }

  ContourLine walk(std::size_t edge) {
    ContourLine line = {point(edge)};
    while (!neighbours_[edge].empty()) {
      const std::size_t next = neighbours_[edge].back();
      neighbours_[edge].pop_back();
      auto& back = neighbours_[next];
      back.erase(std::find(back.begin(), back.end(), edge));
      line.push_back(point(next));
      edge = next;
    }
    return line;
  }

  std::pair<double, double> point(std::size_t edge) const {
    const std::size_t node = edge / 2, other = edge % 2 == 0 ? node + 1 : node + field_.columns;
    const double share = (level_ - field_.values[node]) / (field_.values[other] - field_.values[node]);
    const double column = static_cast<double>(node % field_.columns) + (edge % 2 == 0 ? share : 0);
    const double row = static_cast<double>(node / field_.columns) + (edge % 2 == 0 ? 0 : share);
    return {field_.x_low + (field_.x_high - field_.x_low) * column / static_cast<double>(field_.columns - 1),
            field_.y_low + (field_.y_high - field_.y_low) * row / static_cast<double>(field_.rows - 1)};
  }

  const Field& field_;
  double level_;
  std::map<std::size_t, std::vector<std::size_t>> neighbours_;
};

}  // namespace

std::vector<ContourLine> contour_lines(const Field& field, double level) { return Tracer(field, level).lines(); }

std::vector<double> contour_levels(const Field& field) {
  if (!field.levels.empty()) return field.levels;
  std::vector<double> values;
  std::copy_if(field.values.begin(), field.values.end(), std::back_inserter(values), [](double v) { return std::isfinite(v); });
  std::sort(values.begin(), values.end());
  std::vector<double> levels;
  for (std::size_t i = 0; i < kLevels && !values.empty(); ++i) {
    levels.push_back(values[(2 * i + 1) * (values.size() - 1) / (2 * kLevels)]);
  }
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  return levels;
}

}  // namespace chainrule::report
