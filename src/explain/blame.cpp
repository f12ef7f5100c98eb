// Ranks gradients, then nudges what is ranked and runs the network again.
#include "explain/blame.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace chainrule::explain {
namespace {

/// Size of a nudge relative to max(1, |weight|): small enough for first order, large enough to be seen.
constexpr double kNudge = 1e-4;
constexpr double kLargestNudge = 0.1;

/// Parameters that are blamed together.
struct Group { std::string name; std::vector<std::size_t> members; };

double squared(double x) { return x * x; }

double squares_of(const std::vector<double>& gradients, const std::vector<std::size_t>& members) {
  double sum = 0;
  for (const std::size_t at : members) sum += squared(gradients[at]);
  return sum;
}

std::vector<std::size_t> trainable(const net::ParameterLayout& layout) {
  std::vector<std::size_t> members;
  for (const net::Tensor& tensor : layout.tensors) {
    for (std::size_t i = 0; tensor.info.trainable && i < tensor.info.size; ++i) members.push_back(tensor.info.offset + i);
  }
  return members;
}

/// The `top` indices with the largest scores; equal ones by position.
std::vector<std::size_t> ranked(const std::vector<double>& scores, std::size_t top) {
  std::vector<std::size_t> order(scores.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  top = std::min(top, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(top), order.end(), [&](std::size_t a, std::size_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  });
  order.resize(top);
  return order;
}

/// Everything of `group` moves by -length along its gradient.
double measured_group(LossSurface& surface, double loss, const Group& group, double norm, double length) {
  std::vector<double>& w = surface.parameters();
  std::vector<double> kept;
  for (const std::size_t at : group.members) {
    kept.push_back(w[at]);
    w[at] -= length * surface.gradients()[at] / norm;
  }
  const double change = surface.loss() - loss;
  for (std::size_t i = 0; i < kept.size(); ++i) w[group.members[i]] = kept[i];
  return change;
}

Blame blame_groups(LossSurface& surface, double loss, const std::vector<Group>& groups, std::size_t top) {
  std::vector<double> squares;
  double total = 0;
  for (const Group& group : groups) total += squares.emplace_back(squares_of(surface.gradients(), group.members));
  Blame blame{{}, std::sqrt(total)};
  for (const std::size_t i : ranked(squares, top)) {
    const double norm = std::sqrt(squares[i]);
    BlameEntry entry{groups[i].name, 0, norm, "", -kNudge * norm, 0, total > 0 ? squares[i] / total : 0};
    if (norm > 0) entry.measured = measured_group(surface, loss, groups[i], norm, kNudge);
    blame.entries.push_back(std::move(entry));
  }
  return blame;
}

/// Trainable parameters by the unit they belong to; the factors on the inputs, one per input, are units of "input".
std::vector<Group> groups_by_unit(const net::ParameterLayout& layout) {
  std::map<std::pair<std::size_t, std::size_t>, Group> groups;
  for (const net::Tensor& tensor : layout.tensors) {
    if (!tensor.info.trainable) continue;
    const bool input = tensor.role == net::Role::input_scale;
    for (std::size_t o = 0; o < tensor.rows; ++o) {
      Group& group = groups[{input ? 0 : tensor.layer + 1, o}];
      group.name = (input ? "input" : "layers." + std::to_string(tensor.layer)) + ".unit[" + std::to_string(o) + "]";
      for (std::size_t k = 0; k < tensor.columns; ++k) group.members.push_back(tensor.info.offset + o * tensor.columns + k);
    }
  }
  std::vector<Group> list;
  for (auto& [place, group] : groups) list.push_back(std::move(group));
  return list;
}

std::vector<Group> groups_by_layer(const net::ParameterLayout& layout) {
  std::vector<Group> groups;
  for (const net::Tensor& tensor : layout.tensors) {
    if (!tensor.info.trainable) continue;
    const std::string name = tensor.role == net::Role::input_scale ? "input" : "layers." + std::to_string(tensor.layer);
    if (groups.empty() || groups.back().name != name) groups.push_back({name, {}});
    for (std::size_t i = 0; i < tensor.info.size; ++i) groups.back().members.push_back(tensor.info.offset + i);
  }
  return groups;
}

/// dL/dx of all rows, [rows, inputs], and the loss.
struct InputGradients { reference::Matrix<double> dx; double loss = 0; };

InputGradients input_gradients(LossSurface& surface) {
  InputGradients result;
  const std::size_t inputs = surface.network().spec().inputs;
  result.dx.reshape(surface.rows(), inputs);
  result.loss = surface.backward(
      [&](const LossSurface::Batch& batch, std::size_t first, double share) {
        const auto& dx = surface.network().input().dx;
        for (std::size_t i = 0; i < batch.rows() * inputs; ++i) result.dx.values[first * inputs + i] = share * dx.values[i];
      },
      true);
  return result;
}

/// A column with one input is raised or lowered; levels of a category have no such direction.
std::string column_direction(const reference::Matrix<double>& dx, const InputGroup& column) {
  if (column.count != 1) return "";
  double sum = 0;
  for (std::size_t r = 0; r < dx.rows; ++r) sum += dx(r, column.first);
  return sum > 0 ? "lower" : sum < 0 ? "raise" : "";
}

double measured_column(LossSurface& surface, const InputGradients& g, const InputGroup& column, double norm, double length) {
  surface.adjust = [&](LossSurface::Batch& batch, std::size_t first) {
    for (std::size_t r = 0; r < batch.rows(); ++r) {
      for (std::size_t k = column.first; k < column.first + column.count; ++k) batch.x(r, k) -= length * g.dx(first + r, k) / norm;
    }
  };
  const double change = surface.loss() - g.loss;
  surface.adjust = {};
  return change;
}

}  // namespace

double measured_change(LossSurface& surface, double loss, std::size_t at, double nudge) {
  double& weight = surface.parameters()[at];
  const double kept = weight;
  weight = kept + nudge;
  const double change = surface.loss() - loss;
  weight = kept;
  return change;
}

std::vector<std::size_t> largest_gradients(const net::ParameterLayout& layout, const std::vector<double>& gradients, std::size_t top,
                                           bool weights_only) {
  std::vector<std::size_t> members;
  std::vector<double> sizes;
  for (const std::size_t at : trainable(layout)) {
    if (weights_only && place_at(layout, at).tensor->role != net::Role::weight) continue;
    members.push_back(at);
    sizes.push_back(std::abs(gradients[at]));
  }
  std::vector<std::size_t> order = ranked(sizes, top);
  for (std::size_t& i : order) i = members[i];
  return order;
}

Blame blame_weights(LossSurface& surface, double loss, std::size_t top) {
  const net::ParameterLayout& layout = surface.network().layout();
  const std::vector<double>& g = surface.gradients();
  const double total = squares_of(g, trainable(layout));
  Blame blame{{}, std::sqrt(total)};
  for (const std::size_t at : largest_gradients(layout, g, top)) {
    const double value = surface.parameters()[at], size = kNudge * std::max(1.0, std::abs(value));
    const double nudge = g[at] > 0 ? -size : size;
    blame.entries.push_back({weight_name(layout, at), value, g[at], g[at] > 0 ? "lower" : "raise", g[at] * nudge,
                             measured_change(surface, loss, at, nudge), total > 0 ? squared(g[at]) / total : 0});
  }
  return blame;
}

Blame blame_units(LossSurface& surface, double loss, std::size_t top) {
  return blame_groups(surface, loss, groups_by_unit(surface.network().layout()), top);
}

Blame blame_layers(LossSurface& surface, double loss, std::size_t top) {
  return blame_groups(surface, loss, groups_by_layer(surface.network().layout()), top);
}

Blame blame_columns(LossSurface& surface, const std::vector<InputGroup>& columns, std::size_t top) {
  const InputGradients g = input_gradients(surface);
  std::vector<double> squares;
  double total = 0;
  for (const InputGroup& column : columns) {
    double sum = 0;
    for (std::size_t r = 0; r < g.dx.rows; ++r) {
      for (std::size_t k = column.first; k < column.first + column.count; ++k) sum += squared(g.dx(r, k));
    }
    total += squares.emplace_back(sum);
  }
  // Every row's value moves by about kNudge, however many rows there are.
  const double length = kNudge * std::sqrt(static_cast<double>(surface.rows()));
  Blame blame{{}, std::sqrt(total)};
  for (const std::size_t i : ranked(squares, top)) {
    const double norm = std::sqrt(squares[i]);
    BlameEntry entry{columns[i].name, 0, norm, column_direction(g.dx, columns[i]), -length * norm, 0, total > 0 ? squares[i] / total : 0};
    if (norm > 0) entry.measured = measured_column(surface, g, columns[i], norm, length);
    blame.entries.push_back(std::move(entry));
  }
  return blame;
}

std::vector<NudgePoint> nudge_ladder(LossSurface& surface, double loss, std::size_t at, double gradient, std::size_t count) {
  std::vector<NudgePoint> ladder;
  double size = (gradient > 0 ? -kLargestNudge : kLargestNudge) * std::max(1.0, std::abs(surface.parameters()[at]));
  for (std::size_t i = 0; i < count; ++i, size /= 2) {
    ladder.push_back({size, gradient * size, measured_change(surface, loss, at, size)});
  }
  return ladder;
}

}  // namespace chainrule::explain
