// Units that are alike, dead or saturated, and layers that the error does not reach.
#include "explain/unit_health.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "explain/finding_kinds.h"
#include "net/parameter_layout.h"

namespace chainrule::explain {
namespace {

using reference::LayerTrace;
using reference::Matrix;

constexpr double kPassBudget = 6e8;                        // multiply-adds of the pass over the rows
constexpr double kDeadSlope = 1e-3;                    // a gelu far to the left is as dead as a relu
constexpr double kFlat = 0.01, kMostRows = 0.95;       // of the largest slope; of the rows
constexpr double kDeadWarning = 0.5, kSaturatedWarning = 0.5, kSaturatedLimit = 0.75, kTwinLimit = 0.5;
constexpr double kFlowLimit = 1e-4;
constexpr std::size_t kNarrow = 4;                     // in layers below this one dead unit is a large share already

/// The largest slope of an activation with two ends; 0 for the others.
double largest_bounded_slope(Activation kind) {
  switch (kind) {
    case Activation::tanh:
    case Activation::hard_tanh:
    case Activation::softsign: return 1;
    case Activation::sigmoid: return 0.25;
    case Activation::hard_sigmoid: return 1.0 / 6;
    default: return 0;
  }
}

bool can_die(Activation kind) {
  return largest_bounded_slope(kind) == 0 && kind != Activation::identity && kind != Activation::leaky_relu && kind != Activation::prelu;
}

std::string layer_words(std::size_t count, std::size_t units, std::size_t layer) {
  return std::to_string(count) + " of " + std::to_string(units) + " units of layer " + std::to_string(layer);
}

/// The layer with the largest share of some kind of unit.
struct Worst {
  double share = 0;
  std::size_t count = 0, units = 0, layer = 0;
  std::string places;  ///< every layer that has any

  void look(std::size_t found, std::size_t of, std::size_t in_layer) {
    if (found == 0) return;
    places += (places.empty() ? "" : "; ") + layer_words(found, of, in_layer);
    const double this_share = static_cast<double>(found) / static_cast<double>(of);
    if (this_share <= share) return;
    share = this_share, count = found, units = of, layer = in_layer;
  }
};

// ---- alike ----

std::size_t count_twins(const Matrix<float>& incoming) {
  std::vector<std::size_t> order(incoming.rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto row = [&](std::size_t u) { return std::span(incoming.values).subspan(u * incoming.columns, incoming.columns); };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::lexicographical_compare(row(a).begin(), row(a).end(), row(b).begin(), row(b).end());
  });
  const auto equal = [&](std::size_t a, std::size_t b) { return std::equal(row(a).begin(), row(a).end(), row(b).begin()); };
  std::size_t twins = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    twins += (i > 0 && equal(order[i], order[i - 1])) || (i + 1 < order.size() && equal(order[i], order[i + 1]));
  }
  return twins;
}

/// [units, inputs + 1]: weights and bias of every unit.
Matrix<float> incoming_weights(const net::ParameterLayout& layout, std::span<const float> parameters, std::size_t layer) {
  const net::Tensor* weight = layout.find(net::Role::weight, layer);
  const net::Tensor* bias = layout.find(net::Role::bias, layer);
  Matrix<float> incoming;
  incoming.reshape(weight->rows, weight->columns + 1);
  for (std::size_t u = 0; u < weight->rows; ++u) {
    std::copy_n(parameters.begin() + static_cast<std::ptrdiff_t>(weight->info.offset + u * weight->columns), weight->columns, &incoming(u, 0));
    incoming(u, weight->columns) = bias != nullptr ? parameters[bias->info.offset + u] : 0.0f;
  }
  return incoming;
}

CheckItem symmetric_item(const NetworkSpec& spec, std::span<const float> parameters) {
  const net::ParameterLayout layout(spec);
  Worst worst;
  for (std::size_t l = 0; l + 1 < spec.layers.size(); ++l) {
    if (spec.layers[l].units > 1) worst.look(count_twins(incoming_weights(layout, parameters, l)), spec.layers[l].units, l);
  }
  const Verdict verdict = worst.share > kTwinLimit ? Verdict::failed : worst.count > 0 ? Verdict::warning : Verdict::passed;
  return finding("symmetric_units", verdict, worst.share, verdict == Verdict::failed ? kTwinLimit : 0,
                 worst.places.empty() ? "no two units of a layer are alike" : worst.places + " have a twin");
}

// ---- dead, saturated ----

std::size_t count_dead(const LayerTrace<float>& layer) {
  std::size_t dead = 0;
  for (std::size_t u = 0; u < layer.slope.columns; ++u) {
    double most = 0;
    for (std::size_t r = 0; r < layer.slope.rows; ++r) most = std::max(most, std::abs(static_cast<double>(layer.slope(r, u))));
    dead += most < kDeadSlope;
  }
  return dead;
}

std::size_t count_saturated(const LayerTrace<float>& layer, double largest_slope) {
  std::size_t saturated = 0;
  for (std::size_t u = 0; u < layer.slope.columns; ++u) {
    std::size_t flat = 0;
    for (std::size_t r = 0; r < layer.slope.rows; ++r) flat += static_cast<double>(layer.slope(r, u)) < kFlat * largest_slope;
    saturated += static_cast<double>(flat) >= kMostRows * static_cast<double>(layer.slope.rows);
  }
  return saturated;
}

CheckItem dead_item(const reference::ReferenceNetwork<float>& network) {
  Worst worst;
  const NetworkSpec& spec = network.spec();
  bool whole = false;
  for (std::size_t l = 0; l < spec.layers.size(); ++l) {
    if (!can_die(spec.layers[l].activation)) continue;
    const std::size_t dead = count_dead(network.layers()[l]), units = spec.layers[l].units;
    whole = whole || dead == units;
    if (dead == units || units >= kNarrow) worst.look(dead, units, l);
  }
  const Verdict verdict = whole ? Verdict::failed : worst.share > kDeadWarning ? Verdict::warning : Verdict::passed;
  const std::string rows = std::to_string(network.layers().front().slope.rows) + " rows";
  return finding("dead_units", verdict, worst.share, verdict == Verdict::failed ? 1 : kDeadWarning,
                 worst.places.empty() ? "every unit moves on some of " + rows : worst.places + " never active on " + rows);
}

CheckItem saturated_item(const reference::ReferenceNetwork<float>& network) {
  Worst worst;
  const NetworkSpec& spec = network.spec();
  for (std::size_t l = 0; l + 1 < spec.layers.size(); ++l) {
    const double slope = largest_bounded_slope(spec.layers[l].activation);
    if (slope > 0) worst.look(count_saturated(network.layers()[l], slope), spec.layers[l].units, l);
  }
  const Verdict verdict = worst.share >= kSaturatedLimit     ? Verdict::failed
                          : worst.share > kSaturatedWarning ? Verdict::warning
                                                            : Verdict::passed;
  return finding("saturated_units", verdict, worst.share, verdict == Verdict::failed ? kSaturatedLimit : kSaturatedWarning,
                 worst.places.empty() ? "no unit is at an end of its range on nearly all rows" : worst.places + " are stuck at an end");
}

// ---- the error's way back ----

double root_mean_square(const Matrix<float>& m) {
  double sum = 0;
  for (const float v : m.values) sum += static_cast<double>(v) * static_cast<double>(v);
  return m.values.empty() ? 0 : std::sqrt(sum / static_cast<double>(m.values.size()));
}

CheckItem flow_item(reference::ReferenceNetwork<float>& network, const reference::Batch<float>& batch) {
  network.loss(batch);
  network.backward();
  const double at_output = root_mean_square(network.layers().back().dz);
  double smallest = 1, largest = 1;
  std::size_t where = network.layers().size() - 1;
  for (std::size_t l = 0; l + 1 < network.layers().size() && at_output > 0; ++l) {
    const double ratio = root_mean_square(network.layers()[l].dz) / at_output;
    if (ratio < smallest) smallest = ratio, where = l;
    largest = std::max(largest, ratio);
  }
  const bool vanishes = smallest < kFlowLimit, explodes = largest > 1 / kFlowLimit;
  std::string detail = "dL/dz is " + number_words(smallest) + " of the output's in layer " + std::to_string(where);
  if (explodes) detail = "dL/dz grows to " + number_words(largest) + " times the output's";
  return finding("gradient_flow", vanishes || explodes ? Verdict::warning : Verdict::passed, explodes ? largest : smallest,
                 explodes ? 1 / kFlowLimit : kFlowLimit, detail, !explodes);
}

}  // namespace

std::vector<CheckItem> check_units(const Subject& subject, std::span<const float> parameters) {
  const net::ParameterLayout layout(subject.network);
  const auto rows = rows_to_look_at(subject, static_cast<std::size_t>(std::clamp(kPassBudget / (3.0 * static_cast<double>(layout.size)), 32.0, 512.0)));
  reference::Batch<float> batch;
  reference::gather(subject.samples, rows, batch);
  reference::ReferenceNetwork<float> network(without_regularisation(subject.network), subject.training, rows.size());
  std::copy(parameters.begin(), parameters.end(), network.parameters().begin());
  network.forward(batch, engine::Mode::train, {});
  std::vector<CheckItem> items = {symmetric_item(subject.network, parameters), dead_item(network), saturated_item(network)};
  items.push_back(flow_item(network, batch));
  return items;
}

}  // namespace chainrule::explain
