// Small networks and batches for this room's tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/counter_rng.h"
#include "engine/reference/reference_network.h"
#include "math/losses.h"
#include "net/initial_parameters.h"

namespace chainrule::reference::testing {

/// What distinguishes the layer under test.
enum class LayerKind { plain, layer_norm, batch_norm, residual, input_scale };
inline constexpr LayerKind kLayerKinds[] = {LayerKind::plain, LayerKind::layer_norm, LayerKind::batch_norm, LayerKind::residual,
                                            LayerKind::input_scale};
inline constexpr const char* kLayerKindNames[] = {"plain", "layer norm", "batch norm", "residual", "input scale"};

/// none, the five kinds of DropoutKind on the layer under test, and dropout on the inputs.
inline constexpr int kDropoutCases = 7;
inline std::string dropout_case_name(int c) {
  return c == 0 ? "none" : c == 6 ? "input" : std::string(name(static_cast<DropoutKind>(c - 1)));
}

/// A number in [-1, 1) that depends on `i` and `stream` only.
inline double number(std::uint32_t i, std::uint32_t stream) {
  return 2 * (draw({11, Purpose::subsample, stream, 0, 0}, i) * 0x1p-32) - 1;
}

inline std::size_t outputs_for(Loss loss) { return loss == Loss::gaussian_nll ? 4 : loss == Loss::cross_entropy ? 3 : 2; }

/// inputs 3 -> tanh 4 -> the layer under test, 4 -> tanh 4 -> outputs.
inline NetworkSpec sandwich(Activation activation, Loss loss, LayerKind kind, int dropout_case, double rate = 0.3) {
  NetworkSpec spec;
  spec.inputs = 3;
  spec.layers.resize(4);
  for (LayerSpec& layer : spec.layers) layer.units = 4, layer.activation = Activation::tanh;
  spec.layers[1].activation = activation;
  spec.layers[1].norm = kind == LayerKind::layer_norm ? Norm::layer : kind == LayerKind::batch_norm ? Norm::batch : Norm::none;
  spec.layers[1].residual = kind == LayerKind::residual;
  spec.input_scale = kind == LayerKind::input_scale;
  if (dropout_case >= 1 && dropout_case <= 5) spec.layers[1].dropout = {static_cast<DropoutKind>(dropout_case - 1), rate};
  if (dropout_case == 6) spec.input_dropout = {DropoutKind::inverted, rate};
  spec.layers[3].units = outputs_for(loss);
  spec.layers[3].activation = Activation::identity;
  spec.loss.kind = loss;
  return spec;
}

/// Initial parameters with every bias, shift, scale and slope moved off its start, so that no gradient is zero by accident.
template <class T>
void fill_parameters(ReferenceNetwork<T>& network, std::uint64_t seed) {
  const std::vector<float> start = net::initial_parameters(network.spec(), seed);
  for (const net::Tensor& tensor : network.layout().tensors) {
    for (std::size_t i = tensor.info.offset; i < tensor.info.offset + tensor.info.size; ++i) {
      const bool moved = tensor.info.trainable && tensor.role != net::Role::weight;
      network.parameters()[i] = static_cast<T>(start[i] + (moved ? 0.3 * number(static_cast<std::uint32_t>(i), 9) : 0));
    }
  }
  network.average() = network.average().empty() ? network.average() : network.parameters();
}

/// Rows with targets that suit the loss, and weights in [0.5, 1.5].
template <class T>
Batch<T> make_batch(const NetworkSpec& spec, std::size_t rows, std::uint32_t stream = 1) {
  Batch<T> batch;
  batch.x.reshape(rows, spec.inputs);
  for (std::size_t i = 0; i < batch.x.values.size(); ++i) {
    batch.x.values[i] = static_cast<T>(static_cast<float>(1.5 * number(static_cast<std::uint32_t>(i), stream)));
  }
  const bool labels = spec.loss.kind == Loss::cross_entropy;
  const bool bits = spec.loss.kind == Loss::binary_cross_entropy || spec.loss.kind == Loss::hinge;
  if (!labels) batch.y.reshape(rows, math::target_count(spec.loss.kind, spec.outputs()));
  for (std::size_t i = 0; i < batch.y.values.size(); ++i) {
    const double u = number(static_cast<std::uint32_t>(i), stream + 1);
    const double count = spec.loss.kind == Loss::poisson ? (u > 0 ? 2 : 1) : 2 * u;
    batch.y.values[i] = static_cast<T>(static_cast<float>(bits ? double(u > 0) : count));
  }
  for (std::size_t r = 0; r < rows; ++r) {
    if (labels) batch.labels.push_back(static_cast<std::int32_t>(r * 7 % spec.outputs()));
    batch.weights.push_back(static_cast<T>(static_cast<float>(1 + 0.5 * number(static_cast<std::uint32_t>(r), stream + 2))));
    batch.ids.push_back(static_cast<std::uint32_t>(r));
  }
  return batch;
}

}  // namespace chainrule::reference::testing
