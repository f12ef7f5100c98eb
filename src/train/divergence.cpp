// Where a training run went wrong.
#include "train/divergence.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "engine/reference/reference_network.h"

namespace chainrule::training {
namespace {

using reference::Batch;
using reference::Matrix;
using reference::ReferenceNetwork;

struct Found {
  std::size_t row = 0, column = 0;
  double value = 0;
};

// The first non-finite value in row-major order.
bool find_not_finite(const Matrix<float>& values, Found& found) {
  for (std::size_t r = 0; r < values.rows; ++r) {
    for (std::size_t c = 0; c < values.columns; ++c) {
      if (std::isfinite(values(r, c))) continue;
      found = {r, c, values(r, c)};
      return true;
    }
  }
  return false;
}

// The row of the batch with the largest gradient at the layer's z; NaN counts as largest.
std::size_t loudest_row(const Matrix<float>& dz) {
  std::size_t loudest = 0;
  double most = -1;
  for (std::size_t r = 0; r < dz.rows; ++r) {
    for (std::size_t c = 0; c < dz.columns; ++c) {
      const double size = std::isnan(dz(r, c)) ? HUGE_VAL : std::fabs(static_cast<double>(dz(r, c)));
      if (size > most) {
        most = size;
        loudest = r;
      }
    }
  }
  return loudest;
}

bool trace_forward(const ReferenceNetwork<float>& network, const Batch<float>& batch, Divergence& divergence) {
  Found found;
  if (find_not_finite(batch.x, found)) {
    divergence.place = Divergence::Place::input;
    divergence.input = found.column;
    divergence.row = found.row;
    divergence.value = found.value;
    return true;
  }
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const auto& layer = network.layers()[l];
    if (!find_not_finite(layer.z, found) && !find_not_finite(layer.n, found) && !find_not_finite(layer.a, found))
      continue;
    divergence.place = Divergence::Place::layer;
    divergence.layer = l;
    divergence.unit = found.column;
    divergence.row = found.row;
    divergence.value = found.value;
    return true;
  }
  return false;
}

std::size_t largest_output(const Matrix<float>& a, std::size_t row) {
  std::size_t largest = 0;
  for (std::size_t o = 1; o < a.columns; ++o) {
    if (std::fabs(a(row, o)) > std::fabs(a(row, largest))) largest = o;
  }
  return largest;
}

bool trace_loss(const ReferenceNetwork<float>& network, Divergence& divergence) {
  const std::vector<float>& losses = network.row_losses();
  for (std::size_t r = 0; r < losses.size(); ++r) {
    if (std::isfinite(losses[r])) continue;
    divergence.place = Divergence::Place::loss;
    divergence.row = r;
    divergence.value = losses[r];
    divergence.layer = network.layers().size() - 1;
    divergence.unit = largest_output(network.layers().back().a, r);
    divergence.output = network.layers().back().a(r, divergence.unit);
    return true;
  }
  return false;
}

// Backward goes from the last layer to the first, so that is the order of the search.
bool trace_gradient(ReferenceNetwork<float>& network, Divergence& divergence) {
  network.backward();
  Found found;
  for (std::size_t l = network.layers().size(); l-- > 0;) {
    const auto& layer = network.layers()[l];
    if (!find_not_finite(layer.da, found) && !find_not_finite(layer.dz, found)) continue;
    divergence.place = Divergence::Place::gradient;
    divergence.layer = l;
    divergence.unit = found.column;
    divergence.row = found.row;
    divergence.value = found.value;
    return true;
  }
  const std::vector<float>& gradients = network.gradients();
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    if (std::isfinite(gradients[i])) continue;
    divergence.place = Divergence::Place::gradient;
    divergence.value = gradients[i];
    name_parameter(network.spec(), i, divergence);
    divergence.row = loudest_row(network.layers()[divergence.layer].dz);
    return true;
  }
  return false;
}

std::string value_text(double value) {
  return std::isnan(value) ? "not a number" : value > 0 ? "infinite" : "minus infinity";
}

std::string unit_text(const Divergence& d) {
  return (d.unit == Divergence::kNone ? "" : "unit " + std::to_string(d.unit) + " of ") + "layer " +
         std::to_string(d.layer);
}

}  // namespace

Divergence trace_divergence(const NetworkSpec& spec, const TrainingSpec& training, std::span<const float> parameters,
                            const Samples& samples, std::span<const std::uint32_t> rows,
                            const engine::StepControl& control) {
  ReferenceNetwork<float> network(spec, training, rows.size());
  std::copy(parameters.begin(), parameters.end(), network.parameters().begin());
  Batch<float> batch;
  reference::gather(samples, rows, batch);
  Divergence divergence;
  divergence.step = control.step;
  network.forward(batch, engine::Mode::train, control);
  bool found = trace_forward(network, batch, divergence);
  if (!found) divergence.loss = network.loss(batch);
  found = found || trace_loss(network, divergence) || trace_gradient(network, divergence);
  if (!found) {
    divergence.place = Divergence::Place::update;
    divergence.row = loudest_row(network.layers().back().dz);
  }
  if (divergence.row != Divergence::kNone) divergence.row = rows[divergence.row];
  return divergence;
}

void name_parameter(const NetworkSpec& network, std::size_t i, Divergence& divergence) {
  const net::ParameterLayout layout(network);
  for (const net::Tensor& tensor : layout.tensors) {
    if (i < tensor.info.offset || i >= tensor.info.offset + tensor.info.size) continue;
    const std::size_t row = (i - tensor.info.offset) / tensor.columns,
                      column = (i - tensor.info.offset) % tensor.columns;
    divergence.layer = tensor.layer;
    divergence.unit = row;
    divergence.tensor = tensor.info.name + "[" + std::to_string(row) +
                        (tensor.role == net::Role::weight ? "," + std::to_string(column) : std::string()) + "]";
    return;
  }
}

std::string describe(const Divergence& d, const std::string& row_name, const std::string& input_name) {
  const std::string step = "step " + std::to_string(d.step) + " (epoch " + std::to_string(d.epoch) + "): ";
  const std::string row = row_name.empty() ? std::string() : " for " + row_name;
  switch (d.place) {
    case Divergence::Place::input:
      return step + "the input itself is " + value_text(d.value) + row + ", input column \"" + input_name + "\"";
    case Divergence::Place::layer:
      return step + "the output of " + unit_text(d) + " became " + value_text(d.value) + row;
    case Divergence::Place::loss: {
      std::ostringstream output;
      output << d.output;
      return step + "the loss became " + value_text(d.value) + row + ", where " + unit_text(d) + " gave " +
             output.str();
    }
    case Divergence::Place::gradient:
      return step + "the gradient at " + (d.tensor.empty() ? unit_text(d) : d.tensor) + " became " +
             value_text(d.value) + row;
    case Divergence::Place::update:
      break;
  }
  return step + "the update made " + (d.tensor.empty() ? "a weight" : d.tensor) + " " + value_text(d.value) +
         "; the largest error came" + (row.empty() ? " from the batch" : " from" + row.substr(4));
}

}  // namespace chainrule::training
