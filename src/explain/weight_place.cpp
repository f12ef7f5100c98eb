// Names of weights, and the chain rule for one of them and one row.
#include "explain/weight_place.h"

#include <algorithm>
#include <charconv>

#include "chainrule/error.h"

namespace chainrule::explain {
namespace {

std::string shape_text(const net::Tensor& tensor) {
  if (tensor.role != net::Role::weight) return "[0.." + std::to_string(tensor.info.size - 1) + "]";
  return "[0.." + std::to_string(tensor.rows - 1) + ",0.." + std::to_string(tensor.columns - 1) + "]";
}

[[noreturn]] void unknown_tensor(const net::ParameterLayout& layout, std::string_view tensor) {
  std::vector<std::string_view> names;
  for (const net::Tensor& t : layout.tensors) names.push_back(t.info.name);
  const std::string nearest = nearest_name(tensor, names);
  throw Error("E0111", "--weight", "the network has no weights \"" + std::string(tensor.substr(0, 60)) + "\"",
              nearest.empty() ? "weights are named like layers.0.weight[3,17]; `chainrule inspect` lists the layers"
                              : "did you mean \"" + nearest + "\"?");
}

[[noreturn]] void bad_index(const net::Tensor& tensor, std::string_view name) {
  throw Error("E0111", "--weight", "there is no weight \"" + std::string(name.substr(0, 80)) + "\"",
              "the weights of " + tensor.info.name + " are " + tensor.info.name + shape_text(tensor));
}

/// The whole numbers of "[3,17]"; empty when it is something else.
std::vector<std::size_t> read_index(std::string_view text) {
  std::vector<std::size_t> numbers;
  if (text.size() < 3 || text.front() != '[' || text.back() != ']') return numbers;
  const char *at = text.data() + 1, *end = text.data() + text.size() - 1;
  while (at < end) {
    while (at < end && *at == ' ') ++at;
    std::size_t number = 0;
    const auto [stop, status] = std::from_chars(at, end, number);
    if (status != std::errc() || (stop != end && *stop != ',')) return {};
    numbers.push_back(number);
    at = stop == end ? end : stop + 1;
  }
  return numbers;
}

std::string index_text(std::size_t l, std::size_t o) { return "(" + std::to_string(l) + ")[" + std::to_string(o) + "]"; }

const reference::Matrix<double>& input_of(Network& network, std::size_t l) {
  return l == 0 ? network.input().a : network.layers()[l - 1].a;
}

/// dL/dz of the unit, taken further apart where the row's own unit decides it.
std::vector<ChainFactor> factors_to_z(Network& network, std::size_t l, std::size_t o, std::size_t r) {
  const auto& t = network.layers()[l];
  const LayerSpec& layer = network.spec().layers[l];
  const std::string here = index_text(l, o);
  if (layer.norm == Norm::layer) return {{"dL/dz" + here + " through layer norm", t.dz(r, o)}};
  if (layer.norm == Norm::batch && t.batch_statistics) return {{"dL/dz" + here + " through batch norm", t.dz(r, o)}};
  std::vector<ChainFactor> factors = {{"dL/da" + here, t.da(r, o)},
                                      {"da/dn" + here + " = " + std::string(name(layer.activation)) + "'", t.factor(r, o)}};
  if (layer.norm == Norm::batch) {
    const std::size_t scale = network.layout().find(net::Role::norm_scale, l)->info.offset;
    factors.push_back({"dn/dz" + here + " = scale / deviation", network.parameters()[scale + o] * t.rstd[o]});
  }
  return factors;
}

std::vector<ChainFactor> weight_factors(Network& network, const WeightPlace& p, std::size_t r) {
  const std::size_t l = p.tensor->layer;
  const auto& t = network.layers()[l];
  std::vector<ChainFactor> factors = factors_to_z(network, l, p.unit, r);
  const std::string source = l == 0 ? "x[" + std::to_string(p.input) + "]" : "a" + index_text(l - 1, p.input);
  factors.push_back({"dz" + index_text(l, p.unit) + "/dW = " + source, input_of(network, l)(r, p.input)});
  if (t.weight_mask.rows > 0) factors.push_back({"DropConnect's scale", t.weight_mask(p.unit, p.input)});
  return factors;
}

}  // namespace

WeightPlace place_at(const net::ParameterLayout& layout, std::size_t at) {
  const auto found = std::find_if(layout.tensors.begin(), layout.tensors.end(),
                                  [at](const net::Tensor& tensor) { return at < tensor.info.offset + tensor.info.size; });
  const std::size_t i = at - found->info.offset;
  if (found->role != net::Role::weight) return {&*found, at, i, 0};
  return {&*found, at, i / found->columns, i % found->columns};
}

std::string weight_name(const net::ParameterLayout& layout, std::size_t at) {
  const WeightPlace p = place_at(layout, at);
  const std::string second = p.tensor->role == net::Role::weight ? "," + std::to_string(p.input) : "";
  return p.tensor->info.name + "[" + std::to_string(p.unit) + second + "]";
}

WeightPlace find_weight(const net::ParameterLayout& layout, std::string_view name) {
  const std::size_t bracket = std::min(name.find('['), name.size());
  const auto tensor = std::find_if(layout.tensors.begin(), layout.tensors.end(),
                                   [&](const net::Tensor& t) { return t.info.name == name.substr(0, bracket); });
  if (tensor == layout.tensors.end()) unknown_tensor(layout, name.substr(0, bracket));
  if (!tensor->info.trainable) {
    throw Error("E0111", "--weight", tensor->info.name + " are running statistics, which no gradient moves",
                "name a weight, bias, scale or shift");
  }
  const std::vector<std::size_t> index = read_index(name.substr(bracket));
  const bool matrix = tensor->role == net::Role::weight;
  if (index.size() != (matrix ? 2u : 1u) || index[0] >= (matrix ? tensor->rows : tensor->info.size)) bad_index(*tensor, name);
  if (matrix && index[1] >= tensor->columns) bad_index(*tensor, name);
  return place_at(layout, tensor->info.offset + (matrix ? index[0] * tensor->columns + index[1] : index[0]));
}

std::vector<ChainFactor> gradient_factors(Network& network, const WeightPlace& p, std::size_t r) {
  const std::size_t l = p.tensor->layer, o = p.unit;
  const auto& t = network.layers()[l];
  const std::string here = index_text(l, o);
  const auto slope = [&] { return ChainFactor{"da/dn" + here + " = " + std::string(name(network.spec().layers[l].activation)) + "'", t.factor(r, o)}; };
  switch (p.tensor->role) {
    case net::Role::weight: return weight_factors(network, p, r);
    case net::Role::bias: {
      std::vector<ChainFactor> factors = factors_to_z(network, l, o, r);
      factors.push_back({"dz" + here + "/db", 1});
      return factors;
    }
    case net::Role::norm_scale: return {{"dL/da" + here, t.da(r, o)}, slope(), {"dn/dscale = normalised z" + here, t.xhat(r, o)}};
    case net::Role::norm_shift: return {{"dL/da" + here, t.da(r, o)}, slope(), {"dn/dshift", 1}};
    case net::Role::prelu_slope:
      return {{"dL/da" + here, t.da(r, o)}, {"dropout's factor", t.mask(r, o)}, {"da/dslope = min(n" + here + ", 0)", std::min(t.n(r, o), 0.0)}};
    case net::Role::input_scale:
      return {{"dL/dx scaled[" + std::to_string(o) + "]", network.input().da(r, o)}, {"dropout's factor", network.input().mask(r, o)},
              {"x[" + std::to_string(o) + "]", network.input().before_scale(r, o)}};
    default: return {};
  }
}

double row_gradient(Network& network, const WeightPlace& p, std::size_t r) {
  const std::size_t l = p.tensor->layer, o = p.unit;
  const auto& t = network.layers()[l];
  switch (p.tensor->role) {
    case net::Role::weight: {
      const double product = t.dz(r, o) * input_of(network, l)(r, p.input);
      return t.weight_mask.rows > 0 ? product * t.weight_mask(o, p.input) : product;
    }
    case net::Role::bias: return t.dz(r, o);
    case net::Role::norm_scale: return t.dn(r, o) * t.xhat(r, o);
    case net::Role::norm_shift: return t.dn(r, o);
    case net::Role::prelu_slope: return t.da(r, o) * t.mask(r, o) * std::min(t.n(r, o), 0.0);
    case net::Role::input_scale: return network.input().da(r, o) * network.input().mask(r, o) * network.input().before_scale(r, o);
    default: return 0;
  }
}

}  // namespace chainrule::explain
