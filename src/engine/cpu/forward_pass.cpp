// Forward, one member's rows at a time; the order of work inside a layer keeps each panel in cache until it is
// finished.
#include "engine/cpu/forward_pass.h"

#include <cmath>

#include "math/losses.h"
#include "math/norms.h"

namespace chainrule::engine::cpu {
namespace {

std::size_t row_size(const Columns& columns, int p, Range rows) {
  return static_cast<std::size_t>(rows.size()) * static_cast<std::size_t>(columns.width(p));
}

/// Item 1 for one row.
void read_row(EngineState& state, const Scratch& own, int r) {
  const PackedNetwork& net = state.net;
  const Frame& frame = state.frame;
  Workspace& work = state.work;
  const std::size_t inputs = net.spec.inputs, size = net.inputs.size(), row = static_cast<std::size_t>(r);
  const float* x = frame.samples.x + work.rows[row] * inputs;
  if (frame.input_noise || net.input_scale != kAbsent) {
    std::copy_n(x, inputs, own.row);
    x = own.row;
  }
  const auto place = [&](const float* values, const BatchMatrix& to) {
    state.kernels().place_row(values, net.inputs.count, r, to.data, to.stride);
  };
  if (frame.input_noise) {
    state.kernels().draw(state.draws(Purpose::input_noise, 0, work.ids[row]), inputs, own.words);
    state.kernels().noise(own.words, static_cast<float>(net.spec.input_noise), size, own.row);
  }
  place(x, net.input_scale != kAbsent ? work.before_scale : work.inputs);
  if (net.input_scale != kAbsent) {
    state.kernels().multiply(own.row, own.row, net.parameters() + net.input_scale, size);
    place(x, work.inputs);
  }
  if (!frame.input_dropout.masks) return;
  state.kernels().draw(state.draws(Purpose::input_dropout, 0, work.ids[row]), inputs, own.words);
  state.kernels().dropout({net.spec.input_dropout.kind, &frame.input_dropout.constants, own.words, work.inputs.data,
                           nullptr, work.input_mask.data, work.inputs.stride, net.inputs.count, r});
}

/// The dropout factor is the same number everywhere: 1 in training with rate 0, p at prediction.
void fill_rows(const BatchMatrix& matrix, Range rows, float value) {
  for (int p = 0; p < matrix.columns.panels(); ++p)
    std::fill_n(matrix.at(p, rows.begin), row_size(matrix.columns, p, rows), value);
}

void scale_rows(const KernelTable& kernels, const BatchMatrix& matrix, Range rows, float factor) {
  for (int p = 0; p < matrix.columns.panels(); ++p) {
    kernels.scale(matrix.at(p, rows.begin), matrix.at(p, rows.begin), factor, row_size(matrix.columns, p, rows));
  }
}

void read_inputs(EngineState& state, int member, Range rows) {
  const DropoutNow& now = state.frame.input_dropout;
  for (int r = rows.begin; r < rows.end; ++r) read_row(state, state.work.scratch[static_cast<std::size_t>(member)], r);
  if (state.work.input_mask.exists() && !now.masks) {
    const float factor = now.scaled ? static_cast<float>(now.constants.predict_scale) : 1.0f;
    fill_rows(state.work.input_mask, rows, factor);
    if (now.scaled) scale_rows(state.kernels(), state.work.inputs, rows, factor);
  }
}

/// Items 2 and, for plain relu layers, 4: a slice of the sum over k for one output panel.
void dense_panel(EngineState& state, std::size_t l, int p, Range k, Range rows, bool first, bool last) {
  const Layer& layer = state.net.layers[l];
  const BatchMatrix &in = state.work.operand_of(l), &out = state.work.layers[l].a;
  const bool relu = layer.factor == Factor::relu_values && layer.norm == Norm::none;
  const bool next = p + 1 < layer.out.panels() && state.net.streams(layer);
  const auto weights = [&](int panel) {
    return state.weights(l) + layer.weight_panel(panel) +
           static_cast<std::size_t>(k.begin) * static_cast<std::size_t>(layer.out.width(panel));
  };
  state.kernels().product({in.panel(k.begin / layer.in.panel), in.stride, static_cast<std::size_t>(k.size()),
                           weights(p),
                           layer.bias == kAbsent ? nullptr : state.net.parameters() + layer.bias + p * layer.out.panel,
                           out.panel(p), nullptr, layer.out.width(p), layer.out.used(p), rows.begin, rows.end,
                           relu && last ? Epilogue::relu : Epilogue::none, !first, next ? weights(p + 1) : nullptr});
}

/// Item 4 for one panel of values n.
void activate_panel(EngineState& state, std::size_t l, int p, Range rows) {
  const Layer& layer = state.net.layers[l];
  const LayerBatch& batch = state.work.layers[l];
  if (layer.factor == Factor::one || (layer.factor == Factor::relu_values && layer.norm == Norm::none)) return;
  const auto at = [&](const BatchMatrix& matrix) { return matrix.exists() ? matrix.at(p, rows.begin) : nullptr; };
  const float* slopes = layer.prelu == kAbsent ? nullptr : state.net.parameters() + layer.prelu + p * layer.out.panel;
  state.kernels().activate({layer.activation, layer.parameter, slopes, at(batch.a), at(batch.factor),
                            at(batch.negative), layer.out.width(p), row_size(layer.out, p, rows)});
}

/// Item 5.
void drop_units(EngineState& state, std::size_t l, int member, Range rows) {
  const Layer& layer = state.net.layers[l];
  const LayerBatch& batch = state.work.layers[l];
  const DropoutNow& now = state.frame.dropout[l];
  if (!now.masks) {
    const float factor = now.scaled ? static_cast<float>(now.constants.predict_scale) : 1.0f;
    if (batch.mask.exists()) fill_rows(batch.mask, rows, factor);
    if (factor == 1) return;
    scale_rows(state.kernels(), batch.a, rows, factor);
    scale_rows(state.kernels(), batch.factor, rows, factor);
    return;
  }
  const Scratch& own = state.work.scratch[static_cast<std::size_t>(member)];
  const Purpose purpose = state.frame.mode == Mode::train ? Purpose::dropout : Purpose::monte_carlo;
  for (int r = rows.begin; r < rows.end; ++r) {
    state.kernels().draw(state.draws(purpose, l, state.work.ids[static_cast<std::size_t>(r)]),
                         static_cast<std::size_t>(layer.out.count), own.words);
    state.kernels().dropout({layer.dropout.kind, &now.constants, own.words, batch.a.data, batch.factor.data,
                             batch.mask.data, batch.a.stride, layer.out.count, r});
  }
}

void move_running_statistics(EngineState& state, const Layer& layer, const LayerBatch& batch, int p,
                             const double* variance) {
  const math::RowMass& mass = state.frame.mass;
  const double share = state.frame.running_share;
  for (int u = p * layer.out.panel; u < p * layer.out.panel + layer.out.used(p); ++u) {
    float& mean = state.net.parameters()[layer.mean + static_cast<std::size_t>(u)];
    float& spread = state.net.parameters()[layer.variance + static_cast<std::size_t>(u)];
    const double biased = variance[u - p * layer.out.panel], unbiased = biased * mass.weight / mass.unbiased();
    const double old_mean = static_cast<double>(mean), old_spread = static_cast<double>(spread);
    mean = static_cast<float>(old_mean + share * (batch.mean[u] - old_mean));
    spread = static_cast<float>(old_spread + share * (unbiased - old_spread));
  }
}

/// Mean and 1 / deviation of one panel's units: the batch's own or the running ones.
void panel_statistics(EngineState& state, std::size_t l, int p) {
  const Layer& layer = state.net.layers[l];
  const LayerBatch& batch = state.work.layers[l];
  const int first = p * layer.out.panel, width = layer.out.width(p);
  double variance[64];
  if (state.frame.mode == Mode::train) {
    state.kernels().batch_statistics({batch.a.panel(p), state.frame.weights, state.frame.mass.weight,
                                      batch.mean + first, variance, width, state.frame.rows});
    if (state.frame.mass.has_variance()) move_running_statistics(state, layer, batch, p, variance);
  } else {
    for (int i = 0; i < width; ++i) {
      batch.mean[first + i] =
          static_cast<double>(state.net.parameters()[layer.mean + static_cast<std::size_t>(first + i)]);
      variance[i] = static_cast<double>(state.net.parameters()[layer.variance + static_cast<std::size_t>(first + i)]);
    }
  }
  for (int i = 0; i < width; ++i) batch.rstd[first + i] = 1 / std::sqrt(variance[i] + math::kNormEpsilon);
}

/// Item 3. Batch norm: each member computes the statistics of some panels over all rows, between two barriers.
void normalise(EngineState& state, std::size_t l, int member, Range rows) {
  const Layer& layer = state.net.layers[l];
  const LayerBatch& batch = state.work.layers[l];
  const float *scale = state.net.parameters() + layer.norm_scale, *shift = state.net.parameters() + layer.norm_shift;
  if (layer.norm == Norm::layer) {
    state.kernels().norm_rows({batch.a.data, batch.xhat.data, batch.a.stride, layer.out.count, scale, shift, batch.rstd,
                               rows.begin, rows.end});
    return;
  }
  state.team.barrier();
  const Range own = Range::share(layer.out.panels(), member, state.members());
  for (int p = own.begin; p < own.end; ++p) panel_statistics(state, l, p);
  state.team.barrier();
  for (int p = 0; p < layer.out.panels(); ++p) {
    const int first = p * layer.out.panel;
    state.kernels().batch_normalise({batch.a.panel(p), batch.xhat.panel(p), batch.mean + first, batch.rstd + first,
                                     scale + first, shift + first, layer.out.width(p), rows.begin, rows.end});
  }
}

void forward_layer(EngineState& state, std::size_t l, int member, Range rows) {
  const Layer& layer = state.net.layers[l];
  const bool norm = layer.norm != Norm::none;
  for_slices(rows, layer.in.count, [&](Range k, Range some, bool first, bool last) {
    for (int p = 0; p < layer.out.panels(); ++p) {
      dense_panel(state, l, p, k, some, first, last);
      if (last && !norm) activate_panel(state, l, p, some);
    }
  });
  if (norm) {
    normalise(state, l, member, rows);
    for (int p = 0; p < layer.out.panels(); ++p) activate_panel(state, l, p, rows);
  }
  if (layer.drops_units) drop_units(state, l, member, rows);
  for (int p = 0; layer.residual && p < layer.out.panels(); ++p) {  // item 6
    state.kernels().add(state.work.layers[l].a.at(p, rows.begin), state.work.input_of(l).at(p, rows.begin),
                        row_size(layer.out, p, rows));
  }
  if (l + 1 < state.net.layers.size()) state.round_rows(state.work.layers[l].a, state.work.layers[l].operand, rows);
}

void mask_panel(EngineState& state, std::size_t l, int p) {
  PackedNetwork& net = state.net;
  const Layer& layer = net.layers[l];
  const DropoutNow& now = state.frame.dropout[l];
  const std::size_t at = layer.weight_panel(p), depth = static_cast<std::size_t>(layer.in.count);
  const int width = layer.out.width(p);
  float* mask = net.masks.data() + at;
  if (now.masks) {
    const Purpose purpose = state.frame.mode == Mode::train ? Purpose::dropconnect : Purpose::monte_carlo;
    state.kernels().weight_mask(state.draws(purpose, l, 0), now.constants.threshold,
                                static_cast<std::size_t>(p * layer.out.panel), depth, width, mask);
  } else {
    std::fill_n(mask, depth * static_cast<std::size_t>(width), static_cast<float>(now.constants.predict_scale));
  }
  state.kernels().multiply(net.masked.data() + at, net.parameters() + at, mask,
                           depth * static_cast<std::size_t>(width));
  if (net.rounds()) state.kernels().round_bf16(net.masked.data() + at, net.masked.data() + at, depth * static_cast<std::size_t>(width));
  net.transpose(layer, p, {0, layer.in.count}, net.masked.data(), net.masked_transposed.data());
}

}  // namespace

void mask_weights(EngineState& state, int member) noexcept {
  if (!state.frame.weights_masked) return;
  for (std::size_t i = static_cast<std::size_t>(member); i < state.panels.size(); i += static_cast<std::size_t>(state.members())) {
    const WorkItem& item = state.panels[i];
    const std::size_t l = static_cast<std::size_t>(item.layer);
    if (state.masked(l)) mask_panel(state, l, item.panel);
  }
  state.team.barrier();
}

void forward_rows(EngineState& state, int member, Range rows) noexcept {
  read_inputs(state, member, rows);
  state.round_rows(state.work.inputs, state.work.inputs_operand, rows);
  for (std::size_t l = 0; l < state.net.layers.size(); ++l) forward_layer(state, l, member, rows);
}

void loss_rows(EngineState& state, int member, Range rows) noexcept {
  const LossSpec& loss = state.net.spec.loss;
  const LayerBatch& last = state.work.layers.back();
  const Samples& samples = state.frame.samples;
  const float parameter =
      static_cast<float>(loss.parameter != 0 ? loss.parameter : math::default_loss_parameter(loss.kind));
  const bool fine =
      state.kernels().loss({loss.kind, parameter, loss.label_smoothing, last.a.data, last.da.data, last.a.stride,
                            last.a.columns.count, samples.y, samples.labels, state.work.rows.data(), samples.targets,
                            state.work.row_scale.data(), !(state.frame.mass.weight > 0), state.work.row_loss.data(),
                            state.work.scratch[static_cast<std::size_t>(member)].loss, rows.begin, rows.end});
  if (!fine) state.flags[static_cast<std::size_t>(member)].loss_fine = false;
}

namespace {

/// The loss of `count` runs of rows, added in a binary tree.
double sum_runs(const EngineState& state, std::uint64_t first, std::uint64_t count) {
  if (count > 1) {
    const double left = sum_runs(state, first, count / 2);
    return left + sum_runs(state, first + count / 2, count / 2);
  }
  const std::uint64_t rows = static_cast<std::uint64_t>(state.frame.rows), shards = state.net.training.shards;
  double sum = 0;
  for (std::size_t r = rows * first / shards; r < rows * (first + 1) / shards; ++r) {
    const double weight = state.frame.weights == nullptr ? 1.0 : static_cast<double>(state.frame.weights[r]);
    sum += weight * static_cast<double>(state.work.row_loss[r]);
  }
  return sum;
}

}  // namespace

double batch_loss(const EngineState& state) noexcept {
  const double sum = sum_runs(state, 0, state.net.training.shards);
  return state.frame.mass.weight > 0 ? sum / static_cast<double>(state.frame.rows) : 0;
}

}  // namespace chainrule::engine::cpu
