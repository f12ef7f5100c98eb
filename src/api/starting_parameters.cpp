// Drawing the weights, then the pass over the first rows that data-dependent layers ask for.
#include "api/starting_parameters.h"

#include <algorithm>
#include <cmath>

#include "data/batch_order.h"
#include "engine/reference/reference_network.h"
#include "net/initial_parameters.h"

namespace chainrule::api {
namespace {

using Network = reference::ReferenceNetwork<double>;
using Rows = std::vector<std::uint32_t>;

constexpr std::size_t kMostProbeRows = 256;

bool is_fitted(const LayerSpec& layer) { return layer.initializer == Initializer::data_dependent; }

Rows first_rows(const training::DataPart& train, std::uint64_t seed) {
  Rows order(train.size()), rows;
  data::batch_order(seed, 0, order);
  for (std::size_t i = 0; i < order.size() && rows.size() < kMostProbeRows; ++i) {
    if (train.weight(order[i]) > 0) rows.push_back(train.rows[order[i]]);
  }
  return rows;
}

struct Moments {
  double mean = 0, deviation = 0;
};

Moments moments_of(const reference::Matrix<double>& z, std::size_t unit) {
  Moments moments;
  const double rows = static_cast<double>(z.rows);
  for (std::size_t r = 0; r < z.rows; ++r) moments.mean += z(r, unit);
  moments.mean /= rows;
  double squares = 0;
  for (std::size_t r = 0; r < z.rows; ++r) squares += (z(r, unit) - moments.mean) * (z(r, unit) - moments.mean);
  moments.deviation = std::sqrt(squares / rows);
  return moments;
}

// Rounds to float what the run will hold, so that the next layer sees the same.
double as_stored(double value) { return static_cast<double>(static_cast<float>(value)); }

void fit_unit(Network& network, std::size_t l, std::size_t unit, const Moments& z) {
  const double scale = z.deviation > 0 ? 1 / z.deviation : 1;
  for (const net::Tensor& tensor : network.layout().tensors) {
    if (tensor.layer != l) continue;
    double* values = network.parameters().data() + tensor.info.offset;
    if (tensor.role == net::Role::weight) {
      double* row = values + unit * tensor.columns;
      for (std::size_t k = 0; k < tensor.columns; ++k) row[k] = as_stored(row[k] * scale);
    } else if (tensor.role == net::Role::bias) {
      values[unit] = as_stored(-z.mean * scale);
    }
  }
}

void fit_layers(Network& network, const reference::Batch<double>& batch) {
  const std::vector<LayerSpec>& layers = network.spec().layers;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    if (!is_fitted(layers[l])) continue;
    network.forward(batch, engine::Mode::predict, {});
    for (std::size_t unit = 0; unit < layers[l].units; ++unit) {
      fit_unit(network, l, unit, moments_of(network.layers()[l].z, unit));
    }
  }
}

}  // namespace

std::vector<float> starting_parameters(const NetworkChoice& choice, const training::DataPart& train) {
  std::vector<float> start = net::initial_parameters(choice.network, choice.training.seed);
  const std::vector<LayerSpec>& layers = choice.network.layers;
  if (std::none_of(layers.begin(), layers.end(), is_fitted)) return start;
  const Rows rows = first_rows(train, choice.training.seed);
  if (rows.empty()) return start;
  reference::Batch<double> batch;
  reference::gather(train.samples, rows, batch);
  Network network(choice.network, choice.training, rows.size());
  network.parameters().assign(start.begin(), start.end());
  fit_layers(network, batch);
  std::transform(network.parameters().begin(), network.parameters().end(), start.begin(),
                 [](double value) { return static_cast<float>(value); });
  return start;
}

}  // namespace chainrule::api
