// What predicting does with a tile: inputs in, products, norms, activations, outputs out.
#include "engine/cpu/prediction_tile.h"

#include <algorithm>
#include <cmath>

#include "math/norms.h"

namespace chainrule::engine::cpu {
namespace {

std::size_t tile_size(const Columns& columns, int p, int rows) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns.width(p));
}

void normalise_rows(const PredictionCall& call, const Layer& layer, const BatchMatrix& a, int rows) {
  const float *scale = call.parameters + layer.norm_scale, *shift = call.parameters + layer.norm_shift;
  call.state->kernels().norm_rows({a.data, nullptr, a.stride, layer.out.count, scale, shift, nullptr, 0, rows});
}

/// Batch norm with the running mean and variance.
void normalise_panel(const PredictionCall& call, const Layer& layer, const BatchMatrix& a, int p, int rows) {
  const std::size_t first = static_cast<std::size_t>(p * layer.out.panel);
  const int width = layer.out.width(p);
  const float *scale = call.parameters + layer.norm_scale + first, *shift = call.parameters + layer.norm_shift + first;
  const float *mean_of = call.parameters + layer.mean + first, *variance_of = call.parameters + layer.variance + first;
  double mean[64], rstd[64];
  for (int i = 0; i < width; ++i) {
    mean[i] = static_cast<double>(mean_of[i]);
    rstd[i] = 1 / std::sqrt(static_cast<double>(variance_of[i]) + math::kNormEpsilon);
  }
  call.state->kernels().batch_normalise({a.panel(p), nullptr, mean, rstd, scale, shift, width, 0, rows});
}

void activate_panel(const PredictionCall& call, const Layer& layer, const BatchMatrix& in, const BatchMatrix& out, int p,
                    int rows) {
  const KernelTable& kernels = call.state->kernels();
  const std::size_t size = tile_size(layer.out, p, rows);
  if (layer.activation != Activation::identity && (layer.activation != Activation::relu || layer.norm != Norm::none)) {
    const float* slopes = layer.prelu == kAbsent ? nullptr : call.parameters + layer.prelu + p * layer.out.panel;
    kernels.activate(
        {layer.activation, layer.parameter, slopes, out.panel(p), nullptr, nullptr, layer.out.width(p), size});
  }
  const float scale = layer.drops_units ? predict_scale(*call.state, layer.dropout) : 1;
  if (scale != 1) kernels.scale(out.panel(p), out.panel(p), scale, size);
  if (layer.residual) kernels.add(out.panel(p), in.panel(p), size);
}

/// Item 2 for one panel of a tile.
void dense_panel(const PredictionCall& call, const Layer& layer, const float* weights, const BatchMatrix& in,
                 const BatchMatrix& out, int p, int rows, Epilogue epilogue) {
  const float* start = layer.bias == kAbsent ? nullptr : call.parameters + layer.bias + p * layer.out.panel;
  const float* next = p + 1 < layer.out.panels() && PackedNetwork::streams(layer) ? weights + layer.weight_panel(p + 1) : nullptr;
  call.state->kernels().product({in.data, in.stride, static_cast<std::size_t>(layer.in.count),
                                 weights + layer.weight_panel(p), start, out.panel(p), nullptr, layer.out.width(p), layer.out.used(p), 0,
                                 rows, epilogue, false, next});
}

/// Item 2 for one row, all those columns side by side: the few sums of one panel would wait for each other. `list` as in
/// RowProduct.
void dense_row(const PredictionCall& call, const Layer& layer, const float* weights, const BatchMatrix& in,
               const BatchMatrix& out, Range panels, Epilogue epilogue, std::uint32_t* list) {
  const int first = panels.begin * layer.out.panel, end = std::min(panels.end * layer.out.panel, layer.out.count);
  const float* start = layer.bias == kAbsent ? nullptr : call.parameters + layer.bias + first;
  const bool all = panels.size() == layer.out.panels();  // pieces of rows are no better than panels
  const float* whole = all ? call.state->row_weights.of(layer) : nullptr;
  call.state->kernels().row_product({in.data, static_cast<std::size_t>(layer.in.count), weights + layer.weight_panel(panels.begin), whole, start,
                                     out.panel(panels.begin), end - first, epilogue == Epilogue::relu, list});
}

/// A tile as the product reads it.
BatchMatrix operand_of(const PredictionCall& call, const BatchMatrix& in, float* rounded, int rows) {
  if (!call.state->net.rounds()) return in;
  const BatchMatrix operand = tile_matrix(rounded, in.columns, rows);
  call.state->round_rows(in, operand, {0, rows});
  return operand;
}

}  // namespace

float predict_scale(const EngineState& state, const DropoutSpec& dropout) {
  return static_cast<float>(math::dropout_constants(dropout.kind, dropout.rate * state.dropout_factor).predict_scale);
}

BatchMatrix tile_matrix(float* memory, const Columns& columns, int rows) {
  return {memory, static_cast<std::size_t>(columns.panel) * (rows == 1 ? 1 : kPredictionRows), columns};
}

void read_tile(const PredictionCall& call, std::size_t first, int rows, const BatchMatrix& to) {
  const PackedNetwork& net = call.state->net;
  for (int r = 0; r < rows; ++r) {
    const float* x = call.x + (first + static_cast<std::size_t>(r)) * net.spec.inputs;
    net.kernels.place_row(x, net.inputs.count, r, to.data, to.stride);
  }
  const float scale = net.spec.input_dropout.rate > 0 ? predict_scale(*call.state, net.spec.input_dropout) : 1;
  for (int p = 0; p < net.inputs.panels(); ++p) {
    const std::size_t width = static_cast<std::size_t>(net.inputs.width(p));
    for (int r = 0; r < rows && net.input_scale != kAbsent; ++r) {
      net.kernels.multiply(to.at(p, r), to.at(p, r),
                           call.parameters + net.input_scale + static_cast<std::size_t>(p * net.inputs.panel), width);
    }
    if (scale != 1) net.kernels.scale(to.panel(p), to.panel(p), scale, tile_size(net.inputs, p, rows));
  }
}

void write_tile(const PredictionCall& call, std::size_t first, int rows, const BatchMatrix& from) {
  const std::size_t outputs = call.state->net.spec.outputs();
  for (int p = 0; p < from.columns.panels(); ++p) {
    for (int r = 0; r < rows; ++r) {
      std::copy_n(from.at(p, r), from.columns.used(p),
                  call.outputs + (first + static_cast<std::size_t>(r)) * outputs +
                      static_cast<std::size_t>(p * from.columns.panel));
    }
  }
}

void predict_layer(const PredictionCall& call, const Layer& layer, const BatchMatrix& in, const BatchMatrix& out, Range panels, int rows,
                   const Scratch& own, bool skips) {
  const float* weights = layer.drops_weights ? call.state->net.masked.data() : call.weights;
  const Epilogue epilogue = layer.activation == Activation::relu && layer.norm == Norm::none ? Epilogue::relu : Epilogue::none;
  const BatchMatrix operand = operand_of(call, in, own.rounded, rows);
  const bool by_row = rows == 1 && !call.state->net.rounds();
  if (by_row) dense_row(call, layer, weights, in, out, panels, epilogue, skips ? own.words : nullptr);
  for (int p = panels.begin; p < panels.end; ++p) {
    if (!by_row) dense_panel(call, layer, weights, operand, out, p, rows, epilogue);
    if (layer.norm == Norm::batch) normalise_panel(call, layer, out, p, rows);
    if (layer.norm != Norm::layer) activate_panel(call, layer, in, out, p, rows);
  }
  if (layer.norm != Norm::layer) return;
  normalise_rows(call, layer, out, rows);
  for (int p = panels.begin; p < panels.end; ++p) activate_panel(call, layer, in, out, p, rows);
}

}  // namespace chainrule::engine::cpu
