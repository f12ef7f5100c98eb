// Lays the network out in panels and translates between that and the named row-major layout.
#include "engine/cpu/packed_network.h"

#include <algorithm>

#include "math/activations.h"

namespace chainrule::engine::cpu {
namespace {

constexpr std::size_t kLine = 16;  // floats in a cache line: where every tensor starts

std::size_t round_up(std::size_t size) { return (size + kLine - 1) / kLine * kLine; }

/// Calls f(row-major offset, packed offset) for every element of a tensor.
template <class F>
void for_elements(const PackedTensor& place, F f) {
  const std::size_t rows = place.tensor.rows, depth = place.tensor.columns;
  for (std::size_t row = 0; row < rows; ++row) {
    const int p = static_cast<int>(row) / place.columns.panel;
    const std::size_t start = static_cast<std::size_t>(p) * static_cast<std::size_t>(place.columns.panel);
    const std::size_t width = static_cast<std::size_t>(place.columns.width(p));
    const std::size_t panel = place.packed + start * depth + (row - start);
    for (std::size_t k = 0; k < depth; ++k) f(place.tensor.info.offset + row * depth + k, panel + k * width);
  }
}

}  // namespace

PackedNetwork::PackedNetwork(const NetworkSpec& network, const TrainingSpec& training_spec, const KernelTable& table)
    : spec(network),
      training(training_spec),
      kernels(table),
      layout_(network),
      state_count_(math::state_count(training.optimizer)) {
  describe_layers();
  place_tensors();
  for (std::size_t i = 0; i < arenas_.size(); ++i) {
    const Part part = static_cast<Part>(i);
    const std::size_t state = i - static_cast<std::size_t>(Part::state0);
    if (part >= Part::state0 && part <= Part::state3 && state >= state_count_) continue;
    if (part == Part::average && !averages()) continue;
    arenas_[i] = AlignedBuffer<float>(packed_size_);
    if (part < Part::state0 || part > Part::state3) continue;
    const float start = static_cast<float>(math::state_start(training.optimizer, state));
    if (start != 0) std::fill_n(arenas_[i].data(), packed_size_, start);
  }
}

void PackedNetwork::describe_layers() {
  const auto columns = [&](std::size_t count) {
    return Columns{static_cast<int>(count), kernels.panel, kernels.lanes};
  };
  inputs = columns(spec.inputs);
  std::size_t transposed_size = 0;
  for (std::size_t l = 0; l < spec.layers.size(); ++l) {
    const LayerSpec& from = spec.layers[l];
    Layer layer;
    layer.in = columns(spec.fan_in(l));
    layer.out = columns(from.units);
    layer.activation = from.activation;
    layer.parameter =
        static_cast<float>(from.activation_parameter != 0 ? from.activation_parameter
                                                          : math::default_activation_parameter(from.activation));
    layer.norm = from.norm;
    layer.residual = from.residual;
    layer.dropout = from.dropout;
    layer.drops_weights = from.dropout.rate > 0 && from.dropout.kind == DropoutKind::dropconnect;
    layer.drops_units = from.dropout.rate > 0 && !layer.drops_weights;
    const bool last = l + 1 == spec.layers.size();
    if (!layer.drops_units && from.activation == Activation::identity) {
      layer.factor = Factor::one;
    } else if (!layer.drops_units && from.activation == Activation::relu && !from.residual && !last &&
               !spec.layers[l + 1].residual) {
      layer.factor = Factor::relu_values;
    }
    layer.transposed = transposed_size;
    transposed_size += round_up(layer.in.size() * static_cast<std::size_t>(layer.out.count));
    drops_weights = drops_weights || layer.drops_weights;
    has_batch_norm = has_batch_norm || layer.norm == Norm::batch;
    layers.push_back(layer);
  }
  transposed = AlignedBuffer<float>(transposed_size);
  if (drops_weights) masked_transposed = AlignedBuffer<float>(transposed_size);
}

std::size_t* PackedNetwork::place_of(const net::Tensor& tensor) {
  Layer& layer = layers[tensor.layer];
  switch (tensor.role) {
    case net::Role::input_scale:
      return &input_scale;
    case net::Role::weight:
      return &layer.weight;
    case net::Role::bias:
      return &layer.bias;
    case net::Role::norm_scale:
      return &layer.norm_scale;
    case net::Role::norm_shift:
      return &layer.norm_shift;
    case net::Role::prelu_slope:
      return &layer.prelu;
    case net::Role::running_mean:
      return &layer.mean;
    case net::Role::running_variance:
      break;
  }
  return &layer.variance;
}

void PackedNetwork::place_tensors() {
  for (const net::Tensor& tensor : layout_.tensors) {
    PackedTensor place{
        tensor, packed_size_, {static_cast<int>(tensor.rows), kernels.panel, kernels.lanes}, norm_places};
    *place_of(tensor) = packed_size_;
    packed_size_ += round_up(place.columns.size() * tensor.columns);
    norm_places += place.columns.size();
    tensors.push_back(place);
  }
  if (rounds()) rounded = AlignedBuffer<float>(packed_size_);
  if (rounds() && averages()) rounded_average = AlignedBuffer<float>(packed_size_);
  if (!drops_weights) return;
  masks = AlignedBuffer<float>(packed_size_);
  masked = AlignedBuffer<float>(packed_size_);
}

void PackedNetwork::load(Part part, std::span<const float> values) {
  float* to = arena(part);
  for (const PackedTensor& place : tensors) {
    for_elements(place, [&](std::size_t plain, std::size_t packed) { to[packed] = values[plain]; });
  }
  if (part != Part::parameters) return;
  finite = std::all_of(values.begin(), values.end(), [](float value) { return value * 0 == 0; });
  round_weights(0, packed_size_);
  for (const Layer& layer : layers) transpose(layer, product_weights(), transposed.data());
}

void PackedNetwork::store(Part part, std::span<float> values) const {
  const float* from = arena(part);
  for (const PackedTensor& place : tensors) {
    for_elements(place, [&](std::size_t plain, std::size_t packed) { values[plain] = from[packed]; });
  }
}

void PackedNetwork::transpose(const Layer& layer, int p, Range k, const float* weights, float* to) const {
  const int width = layer.out.width(p), panel = layer.in.panel;
  for (int begin = k.begin; begin < k.end;) {
    const int q = begin / panel, end = std::min(k.end, (q + 1) * panel), to_width = layer.in.width(q);
    kernels.transpose(
        weights + layer.weight_panel(p) + static_cast<std::size_t>(begin) * static_cast<std::size_t>(width), width,
        end - begin, layer.out.used(p),
        to + layer.transposed_panel(q) +
            static_cast<std::size_t>(p * layer.out.panel) * static_cast<std::size_t>(to_width) + (begin - q * panel),
        to_width);
    begin = end;
  }
}

void PackedNetwork::transpose(const Layer& layer, const float* weights, float* to) const {
  for (int p = 0; p < layer.out.panels(); ++p) transpose(layer, p, {0, layer.in.count}, weights, to);
}

}  // namespace chainrule::engine::cpu
