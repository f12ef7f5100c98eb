// Forward and backward in fp64; then blame, one weight's chain of factors, its nudges, and the rows that pull it.
#include "explain/explain.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <sstream>

#include "explain/layer_summary.h"

namespace chainrule::explain {
namespace {

constexpr std::size_t kChainRows = 5;     ///< rows whose chains are shown
constexpr std::size_t kNudges = 8;        ///< from 0.1 down to 0.1 / 2^7
constexpr std::size_t kMostEdges = 60;

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

std::string numbers_text(const std::vector<double>& values, std::size_t count) {
  std::ostringstream out;
  for (std::size_t i = 0; i < std::min(count, values.size()); ++i) out << (i == 0 ? "" : ", ") << values[i];
  return out.str();
}

std::string prediction_text(const NetworkSpec& spec, const std::vector<double>& outputs, std::size_t targets) {
  if (spec.loss.kind != Loss::cross_entropy) return numbers_text(outputs, targets);
  return std::to_string(std::max_element(outputs.begin(), outputs.end()) - outputs.begin());
}

void add_edges(LossSurface& surface, Explanation& result) {
  const net::ParameterLayout& layout = surface.network().layout();
  for (const std::size_t at : largest_gradients(layout, surface.gradients(), kMostEdges, true)) {
    const WeightPlace p = place_at(layout, at);
    result.edges.push_back({p.tensor->layer, p.input, p.unit, surface.parameters()[at], surface.gradients()[at]});
  }
}

/// The parts of one weight's gradient, row by row.
struct RowParts {
  std::vector<double> gradients;              ///< of each row's own part of the loss
  std::vector<double> losses;                 ///< of each row
  std::vector<std::pair<double, RowChain>> chains;  ///< |product| and the chain, largest first, at most kChainRows
};

void offer_chain(RowParts& parts, Network& network, const WeightPlace& place, std::size_t r, std::size_t row, double share) {
  const double size = std::abs(share * row_gradient(network, place, r));
  std::vector<std::pair<double, RowChain>>& chains = parts.chains;
  if (chains.size() == kChainRows && !(size > chains.back().first)) return;
  RowChain chain{row, 0, gradient_factors(network, place, r), share};
  chain.factors.front().value *= share;
  chain.product = 1;
  for (const ChainFactor& factor : chain.factors) chain.product *= factor.value;
  const auto behind = std::find_if(chains.begin(), chains.end(), [size](const auto& other) { return size > other.first; });
  chains.insert(behind, {size, std::move(chain)});
  if (chains.size() > kChainRows) chains.pop_back();
}

RowParts row_parts(LossSurface& surface, const WeightPlace& place, std::span<const std::uint32_t> rows) {
  RowParts parts;
  surface.backward([&](const LossSurface::Batch& batch, std::size_t first, double share) {
    for (std::size_t r = 0; r < batch.rows(); ++r) {
      parts.gradients.push_back(share * row_gradient(surface.network(), place, r));
      parts.losses.push_back(surface.network().row_losses()[r]);
      offer_chain(parts, surface.network(), place, r, rows[first + r], share);
    }
  });
  return parts;
}

void set_chain(RowParts& parts, Explanation& result) {
  double shown = 0;
  for (auto& [size, chain] : parts.chains) {
    shown += chain.product;
    result.row_chains.push_back(std::move(chain));
  }
  result.other_rows = parts.gradients.size() <= kChainRows ? 0 : result.chain_gradient - shown;
  result.chain = result.row_chains.front().factors;
  result.chain_product = result.row_chains.front().product;
}

/// The strongest `top` rows whose gradient has this sign; sign 1 wants the weight lower.
std::vector<RowPull> strongest(const RowParts& parts, std::span<const std::uint32_t> rows, double sign, std::size_t top) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (sign * parts.gradients[i] > 0) order.push_back(i);
  }
  top = std::min(top, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(top), order.end(), [&](std::size_t a, std::size_t b) {
    const double x = sign * parts.gradients[a], y = sign * parts.gradients[b];
    return x != y ? x > y : a < b;
  });
  std::vector<RowPull> pulls;
  for (std::size_t i = 0; i < top; ++i) pulls.push_back({rows[order[i]], 0, parts.gradients[order[i]], parts.losses[order[i]], ""});
  return pulls;
}

Pulls pulls_of(const RowParts& parts, std::span<const std::uint32_t> rows, const std::string& weight, std::size_t top) {
  Pulls pulls;
  pulls.weight = weight;
  for (const double g : parts.gradients) {
    pulls.net += g;
    (g > 0 ? pulls.lowering : g < 0 ? pulls.raising : pulls.indifferent) += 1;
    (g > 0 ? pulls.lower_sum : pulls.raise_sum) += std::abs(g);
  }
  const double all = pulls.raise_sum + pulls.lower_sum;
  pulls.agreement = all > 0 ? std::abs(pulls.net) / all : 0;
  pulls.raise = strongest(parts, rows, -1, top);
  pulls.lower = strongest(parts, rows, 1, top);
  return pulls;
}

Blame blame_by(LossSurface& surface, const RowsInQuestion& subject, const ExplainRequest& request, double loss) {
  switch (request.by) {
    case BlameBy::unit: return blame_units(surface, loss, request.top);
    case BlameBy::layer: return blame_layers(surface, loss, request.top);
    case BlameBy::column: break;
    case BlameBy::weight: return blame_weights(surface, loss, request.top);
  }
  std::vector<InputGroup> columns = subject.columns;
  for (std::size_t k = 0; subject.columns.empty() && k < subject.network.inputs; ++k) columns.push_back({"x[" + std::to_string(k) + "]", k, 1});
  return blame_columns(surface, columns, request.top);
}

void take_apart(LossSurface& surface, const RowsInQuestion& subject, const ExplainRequest& request, Explanation& result) {
  const net::ParameterLayout& layout = surface.network().layout();
  const std::size_t at = request.weight.empty() ? largest_gradients(layout, surface.gradients(), 1, true).front()
                                                : find_weight(layout, request.weight).at;
  result.chain_weight = weight_name(layout, at);
  result.chain_gradient = surface.gradients()[at];
  RowParts parts = row_parts(surface, place_at(layout, at), subject.rows);
  set_chain(parts, result);
  result.nudges = nudge_ladder(surface, result.loss, at, result.chain_gradient, kNudges);
  if (request.pulls) result.pulls = pulls_of(parts, subject.rows, result.chain_weight, request.top);
}

}  // namespace

Explanation explain_samples(const RowsInQuestion& subject, const ExplainRequest& request) {
  LossSurface surface(subject.network, {}, subject.parameters, subject.samples, subject.rows);
  Explanation result;
  LayerSummaries summaries(subject.network);
  result.loss = surface.backward([&](const LossSurface::Batch&, std::size_t, double share) { summaries.add(surface.network(), share); });
  result.summary = std::move(summaries).finish();
  result.row = subject.rows.front();
  result.rows = subject.rows.size();
  result.rows_of = subject.samples.rows;
  result.by = request.by;
  if (subject.rows.size() == 1) {
    const Network& network = surface.network();
    result.layers = layer_traces(network);
    result.prediction = prediction_text(subject.network, network.layers().back().a.values, network.targets().columns);
    result.truth = subject.samples.labels != nullptr ? std::to_string(subject.samples.labels[result.row])
                                                     : numbers_text(network.targets().values, network.targets().columns);
  }
  add_edges(surface, result);
  take_apart(surface, subject, request, result);
  Blame blame = blame_by(surface, subject, request, result.loss);
  result.blame = std::move(blame.entries);
  result.gradient_norm = blame.norm;
  return result;
}

Explanation explain_sample(const NetworkSpec& network, std::span<const float> parameters, const Samples& samples, std::size_t row,
                           std::size_t top) {
  Samples unweighted = samples;
  unweighted.weights = nullptr;
  const std::uint32_t index = static_cast<std::uint32_t>(row);
  ExplainRequest request;
  request.top = top;
  return explain_samples({network, parameters, unweighted, {&index, 1}, {}}, request);
}

}  // namespace chainrule::explain
