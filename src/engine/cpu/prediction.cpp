// Prediction: members take whole tiles of rows; two buffers per member hold a layer's input and output in turn.
#include "engine/cpu/prediction.h"

#include <algorithm>
#include <cmath>

namespace chainrule::engine::cpu {
namespace {

constexpr double kNormEpsilon = 1e-5;

struct Call {
  EngineState* state;
  const float* x;
  std::size_t rows;
  const float* parameters;
  const float* weights;  ///< as products read them
  float* outputs;
  bool skips;  ///< one row leaves out what is multiplied by 0
  std::size_t tiles_each = 0;  ///< of a member
};

float predict_scale(const DropoutSpec& dropout) {
  return static_cast<float>(math::dropout_constants(dropout.kind, dropout.rate).predict_scale);
}

/// One row alone lies plainly, panel after panel.
BatchMatrix tile_matrix(float* memory, const Columns& columns, int rows) {
  return {memory, static_cast<std::size_t>(columns.panel) * (rows == 1 ? 1 : kPredictionRows), columns};
}

std::size_t tile_size(const Columns& columns, int p, int rows) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns.width(p));
}

void read_tile(const Call& call, std::size_t first, int rows, const BatchMatrix& to) {
  const PackedNetwork& net = call.state->net;
  for (int r = 0; r < rows; ++r) {
    const float* x = call.x + (first + static_cast<std::size_t>(r)) * net.spec.inputs;
    net.kernels.place_row(x, net.inputs.count, r, to.data, to.stride);
  }
  const float scale = net.spec.input_dropout.rate > 0 ? predict_scale(net.spec.input_dropout) : 1;
  for (int p = 0; p < net.inputs.panels(); ++p) {
    const std::size_t width = static_cast<std::size_t>(net.inputs.width(p));
    for (int r = 0; r < rows && net.input_scale != kAbsent; ++r) {
      net.kernels.multiply(to.at(p, r), to.at(p, r),
                           call.parameters + net.input_scale + static_cast<std::size_t>(p * net.inputs.panel), width);
    }
    if (scale != 1) net.kernels.scale(to.panel(p), to.panel(p), scale, tile_size(net.inputs, p, rows));
  }
}

void write_tile(const Call& call, std::size_t first, int rows, const BatchMatrix& from) {
  const std::size_t outputs = call.state->net.spec.outputs();
  for (int p = 0; p < from.columns.panels(); ++p) {
    for (int r = 0; r < rows; ++r) {
      std::copy_n(from.at(p, r), from.columns.used(p),
                  call.outputs + (first + static_cast<std::size_t>(r)) * outputs +
                      static_cast<std::size_t>(p * from.columns.panel));
    }
  }
}

void normalise(const Call& call, const Layer& layer, const BatchMatrix& a, int rows) {
  const KernelTable& kernels = call.state->kernels();
  const float *scale = call.parameters + layer.norm_scale, *shift = call.parameters + layer.norm_shift;
  if (layer.norm == Norm::layer) {
    kernels.norm_rows({a.data, nullptr, a.stride, layer.out.count, scale, shift, nullptr, 0, rows});
    return;
  }
  double mean[64], rstd[64];
  for (int p = 0; p < layer.out.panels(); ++p) {
    const int first = p * layer.out.panel, width = layer.out.width(p);
    for (int i = 0; i < width; ++i) {
      mean[i] = static_cast<double>(call.parameters[layer.mean + static_cast<std::size_t>(first + i)]);
      rstd[i] =
          1 / std::sqrt(static_cast<double>(call.parameters[layer.variance + static_cast<std::size_t>(first + i)]) +
                        kNormEpsilon);
    }
    kernels.batch_normalise({a.panel(p), nullptr, mean, rstd, scale + first, shift + first, width, 0, rows});
  }
}

void activate_panel(const Call& call, const Layer& layer, const BatchMatrix& in, const BatchMatrix& out, int p,
                    int rows) {
  const KernelTable& kernels = call.state->kernels();
  const std::size_t size = tile_size(layer.out, p, rows);
  if (layer.activation != Activation::identity && (layer.activation != Activation::relu || layer.norm != Norm::none)) {
    const float* slopes = layer.prelu == kAbsent ? nullptr : call.parameters + layer.prelu + p * layer.out.panel;
    kernels.activate(
        {layer.activation, layer.parameter, slopes, out.panel(p), nullptr, nullptr, layer.out.width(p), size});
  }
  const float scale = layer.drops_units ? predict_scale(layer.dropout) : 1;
  if (scale != 1) kernels.scale(out.panel(p), out.panel(p), scale, size);
  if (layer.residual) kernels.add(out.panel(p), in.panel(p), size);
}

/// Item 2 for one panel of a tile.
void dense_panel(const Call& call, const Layer& layer, const float* weights, const BatchMatrix& in,
                 const BatchMatrix& out, int p, int rows, Epilogue epilogue) {
  const float* start = layer.bias == kAbsent ? nullptr : call.parameters + layer.bias + p * layer.out.panel;
  const float* next = p + 1 < layer.out.panels() && PackedNetwork::streams(layer) ? weights + layer.weight_panel(p + 1) : nullptr;
  call.state->kernels().product({in.data, in.stride, static_cast<std::size_t>(layer.in.count),
                                 weights + layer.weight_panel(p), start, out.panel(p), nullptr, layer.out.width(p), 0,
                                 rows, epilogue, false, next});
}

/// Item 2 for one row, all columns side by side: the few sums of one panel would wait for each other. `list` as in
/// RowProduct.
void dense_row(const Call& call, const Layer& layer, const float* weights, const BatchMatrix& in,
               const BatchMatrix& out, Epilogue epilogue, std::uint32_t* list) {
  const float* start = layer.bias == kAbsent ? nullptr : call.parameters + layer.bias;
  call.state->kernels().row_product({in.data, static_cast<std::size_t>(layer.in.count), weights + layer.weight, start,
                                     out.data, layer.out.count, epilogue == Epilogue::relu, list});
}

/// A tile as the product reads it.
BatchMatrix operand_of(const Call& call, const BatchMatrix& in, float* rounded, int rows) {
  if (!call.state->net.rounds()) return in;
  const BatchMatrix operand = tile_matrix(rounded, in.columns, rows);
  call.state->round_rows(in, operand, {0, rows});
  return operand;
}

void predict_layer(const Call& call, const Layer& layer, const BatchMatrix& in, const BatchMatrix& out, int rows, float* rounded,
                   std::uint32_t* list) {
  const float* weights = layer.drops_weights ? call.state->net.masked.data() : call.weights;
  const bool norm = layer.norm != Norm::none;
  const Epilogue epilogue = layer.activation == Activation::relu && !norm ? Epilogue::relu : Epilogue::none;
  const BatchMatrix operand = operand_of(call, in, rounded, rows);
  const bool by_row = rows == 1 && !call.state->net.rounds();
  if (by_row) dense_row(call, layer, weights, in, out, epilogue, list);
  for (int p = 0; p < layer.out.panels(); ++p) {
    if (!by_row) dense_panel(call, layer, weights, operand, out, p, rows, epilogue);
    if (!norm) activate_panel(call, layer, in, out, p, rows);
  }
  if (!norm) return;
  normalise(call, layer, out, rows);
  for (int p = 0; p < layer.out.panels(); ++p) activate_panel(call, layer, in, out, p, rows);
}

void predict_tile(const Call& call, int member, std::size_t first, int rows, bool skips) {
  const Scratch& own = call.state->work.scratch[static_cast<std::size_t>(member)];
  BatchMatrix in = tile_matrix(own.prediction[0], call.state->net.inputs, rows);
  read_tile(call, first, rows, in);
  int turn = 1;
  for (const Layer& layer : call.state->net.layers) {
    const BatchMatrix out = tile_matrix(own.prediction[turn], layer.out, rows);
    predict_layer(call, layer, in, out, rows, own.rounded, skips ? own.words : nullptr);
    in = out;
    turn = 1 - turn;
  }
  write_tile(call, first, rows, in);
}

/// A term left out may only change the sign of a zero, so an output of exactly 0 is computed again with all terms.
void predict_row(const Call& call, int member, std::size_t row) {
  const std::size_t count = call.state->net.spec.outputs();
  predict_tile(call, member, row, 1, call.skips);
  const float* outputs = call.outputs + row * count;
  if (call.skips && std::find(outputs, outputs + count, 0.0f) != outputs + count) predict_tile(call, member, row, 1, false);
}

/// One of `tiles` runs of rows of nearly equal size.
void predict_part(const Call& call, int member, std::size_t tile, std::size_t tiles) {
  const std::size_t first = call.rows * tile / tiles;
  const int rows = static_cast<int>(call.rows * (tile + 1) / tiles - first);
  if (rows > 0) rows == 1 ? predict_row(call, member, first) : predict_tile(call, member, first, rows, false);
}

/// As many tiles for each member; who is done first takes those of others.
void predict_by_team(Call& call) {
  EngineState& state = *call.state;
  const std::size_t team = static_cast<std::size_t>(state.team.size()), most = team * kPredictionRows;
  call.tiles_each = (call.rows + most - 1) / most;
  for (int member = 0; member < state.team.size(); ++member) state.prediction_work.fill(member, static_cast<int>(call.tiles_each));
  state.team.run(
      [](void* context, int member) {
        const Call& shared = *static_cast<const Call*>(context);
        shared.state->prediction_work.take(member, [&](int owner, int i) {
          const std::size_t tile = static_cast<std::size_t>(owner) * shared.tiles_each + static_cast<std::size_t>(i);
          predict_part(shared, member, tile, static_cast<std::size_t>(shared.state->team.size()) * shared.tiles_each);
        });
      },
      &call);
}

/// Zeros among the inputs may be left out where weights are finite; a relu at the output would make every such row be
/// computed twice.
bool may_skip(const PackedNetwork& net, bool average) {
  return net.finite && !average && net.layers.back().activation != Activation::relu;
}

/// DropConnect predicts with W * p.
void scale_weights(EngineState& state, const float* parameters) {
  for (const Layer& layer : state.net.layers) {
    if (!layer.drops_weights) continue;
    state.kernels().scale(state.net.masked.data() + layer.weight, parameters + layer.weight,
                          predict_scale(layer.dropout), layer.out.size() * static_cast<std::size_t>(layer.in.count));
    if (!state.net.rounds()) continue;
    float* masked = state.net.masked.data() + layer.weight;
    state.kernels().round_bf16(masked, masked, layer.out.size() * static_cast<std::size_t>(layer.in.count));
  }
}

/// bf16: rounds the running mean of the weights where it has changed.
const float* rounded_average(EngineState& state) {
  for (const Layer& layer : state.net.layers) {
    if (!state.average_changed) break;
    state.kernels().round_bf16(state.net.rounded_average.data() + layer.weight, state.net.arena(Part::average) + layer.weight,
                               layer.out.size() * static_cast<std::size_t>(layer.in.count));
  }
  state.average_changed = false;
  return state.net.rounded_average.data();
}

}  // namespace

void predict(EngineState& state, const float* x, std::size_t rows, bool average, float* outputs) noexcept {
  average = average && state.net.averages();
  Call call{&state, x, rows, state.net.parameters(), state.net.product_weights(), outputs, !state.net.rounds() && may_skip(state.net, average)};
  if (average) {
    call.parameters = state.net.arena(Part::average);
    call.weights = state.net.rounds() ? rounded_average(state) : call.parameters;
  }
  if (state.net.drops_weights) scale_weights(state, call.parameters);
  if (rows <= kPredictionRows / 2) {
    predict_part(call, 0, 0, 1);
  } else {
    predict_by_team(call);
  }
}

}  // namespace chainrule::engine::cpu
