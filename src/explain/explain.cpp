// One row forward and backward in fp64; then blame (every gradient ranked, the top ones nudged and re-run) and one weight's chain.
#include "explain/explain.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <sstream>

#include "engine/reference/reference_network.h"

namespace chainrule::explain {
namespace {

using reference::Batch;
using reference::Mode;
using Network = reference::ReferenceNetwork<double>;

/// Relative size of the nudge that measures a weight's blame: small enough for first order, large enough to be seen.
constexpr double kNudge = 1e-4;

double loss_of(Network& network, const Batch<double>& batch) {
  network.forward(batch, Mode::predict, {});
  return network.loss(batch);
}

double length(const std::vector<double>& values) {
  return std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
}

std::vector<LayerTrace> layer_traces(const Network& network) {
  std::vector<LayerTrace> traces;
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const auto& t = network.layers()[l];
    traces.push_back({"layers." + std::to_string(l), std::string(name(network.spec().layers[l].activation)), t.z.values, t.a.values,
                      t.dz.values, t.da.values, length(t.da.values), length(t.dz.values)});
  }
  return traces;
}

/// "layers.1.weight[3,17]" for matrices, "layers.1.bias[3]" for vectors.
std::string element_name(const net::Tensor& tensor, std::size_t at) {
  const std::size_t i = at - tensor.info.offset;
  if (tensor.role != net::Role::weight) return tensor.info.name + "[" + std::to_string(i) + "]";
  return tensor.info.name + "[" + std::to_string(i / tensor.columns) + "," + std::to_string(i % tensor.columns) + "]";
}

const net::Tensor& tensor_at(const net::ParameterLayout& layout, std::size_t at) {
  return *std::find_if(layout.tensors.begin(), layout.tensors.end(),
                       [at](const net::Tensor& tensor) { return at < tensor.info.offset + tensor.info.size; });
}

/// Indices of the `top` trainable parameters with the largest gradients; equal ones by position.
std::vector<std::size_t> most_blamed(Network& network, std::size_t top) {
  std::vector<std::size_t> order;
  for (const net::Tensor& tensor : network.layout().tensors) {
    for (std::size_t i = 0; tensor.info.trainable && i < tensor.info.size; ++i) order.push_back(tensor.info.offset + i);
  }
  const std::vector<double>& g = network.gradients();
  top = std::min(top, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(top), order.end(), [&](std::size_t a, std::size_t b) {
    return std::abs(g[a]) != std::abs(g[b]) ? std::abs(g[a]) > std::abs(g[b]) : a < b;
  });
  order.resize(top);
  return order;
}

/// Nudges one weight in the direction that should lower the loss, and measures what happens.
BlameEntry blame_entry(Network& network, const Batch<double>& batch, double loss, double gradient, std::size_t at) {
  double& weight = network.parameters()[at];
  const double value = weight, size = kNudge * std::max(1.0, std::abs(value));
  const double nudge = gradient > 0 ? -size : size;
  weight = value + nudge;
  const double measured = loss_of(network, batch) - loss;
  weight = value;
  return {element_name(tensor_at(network.layout(), at), at), value, gradient, gradient > 0 ? "lower" : "raise", gradient * nudge,
          measured};
}

std::size_t most_blamed_weight(Network& network) {
  std::size_t best = 0;
  double largest = -1;
  for (const net::Tensor& tensor : network.layout().tensors) {
    if (tensor.role != net::Role::weight) continue;
    for (std::size_t i = tensor.info.offset; i < tensor.info.offset + tensor.info.size; ++i) {
      if (!(std::abs(network.gradients()[i]) > largest)) continue;
      largest = std::abs(network.gradients()[i]);
      best = i;
    }
  }
  return best;
}

/// dL/da * da/dn * dn/dz * dz/dW for one weight W[o,k]. Layer norm mixes the units of a row, so there dL/dz is one factor.
void take_apart(Network& network, Explanation& result) {
  const std::size_t at = most_blamed_weight(network);
  const net::Tensor& tensor = tensor_at(network.layout(), at);
  const std::size_t l = tensor.layer, o = (at - tensor.info.offset) / tensor.columns, k = (at - tensor.info.offset) % tensor.columns;
  const auto& t = network.layers()[l];
  const LayerSpec& layer = network.spec().layers[l];
  const std::string here = "(" + std::to_string(l) + ")[" + std::to_string(o) + "]";
  const auto add = [&](const std::string& name, double value) { result.chain.push_back({name, value}); };
  if (layer.norm == Norm::layer) {
    add("dL/dz" + here + " through layer norm", t.dz(0, o));
  } else {
    add("dL/da" + here, t.da(0, o));
    add("da/dn" + here + " = " + std::string(name(layer.activation)) + "'", t.factor(0, o));
    if (layer.norm == Norm::batch) {
      const std::size_t scale = network.layout().find(net::Role::norm_scale, l)->info.offset;
      add("dn/dz" + here + " = scale / deviation", network.parameters()[scale + o] * t.rstd[o]);
    }
  }
  const double a_in = l == 0 ? network.input().a(0, k) : network.layers()[l - 1].a(0, k);
  const std::string source = l == 0 ? "x[" : "a(" + std::to_string(l - 1) + ")[";
  add("dz" + here + "/dW = " + source + std::to_string(k) + "]", a_in);
  if (t.weight_mask.rows > 0) add("DropConnect's scale", t.weight_mask(o, k));
  result.chain_weight = element_name(tensor, at);
  result.chain_gradient = network.gradients()[at];
  result.chain_product = 1;
  for (const ChainFactor& factor : result.chain) result.chain_product *= factor.value;
}

std::string numbers_text(const std::vector<double>& values, std::size_t count) {
  std::ostringstream out;
  for (std::size_t i = 0; i < std::min(count, values.size()); ++i) out << (i == 0 ? "" : ", ") << values[i];
  return out.str();
}

std::string prediction_text(const NetworkSpec& spec, const std::vector<double>& outputs, std::size_t targets) {
  if (spec.loss.kind != Loss::cross_entropy) return numbers_text(outputs, targets);
  return std::to_string(std::max_element(outputs.begin(), outputs.end()) - outputs.begin());
}

}  // namespace

Explanation explain_sample(const NetworkSpec& network_spec, std::span<const float> parameters, const Samples& samples, std::size_t row,
                           std::size_t top) {
  Network network(network_spec, {}, 1);
  network.parameters().assign(parameters.begin(), parameters.end());
  const std::uint32_t index = static_cast<std::uint32_t>(row);
  Batch<double> batch;
  reference::gather(samples, std::span(&index, 1), batch);
  batch.weights[0] = 1;

  Explanation result;
  result.row = row;
  result.loss = loss_of(network, batch);
  network.backward();
  result.prediction = prediction_text(network_spec, network.layers().back().a.values, network.targets().columns);
  result.truth = batch.labels.empty() ? numbers_text(batch.y.values, batch.y.columns) : std::to_string(batch.labels[0]);
  result.layers = layer_traces(network);
  take_apart(network, result);
  for (const std::size_t at : most_blamed(network, top)) {
    result.blame.push_back(blame_entry(network, batch, result.loss, network.gradients()[at], at));
  }
  return result;
}

}  // namespace chainrule::explain
