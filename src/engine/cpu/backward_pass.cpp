// Backward, one member's rows at a time; where a layer allows it the factor is applied inside the product that makes
// da.
#include "engine/cpu/backward_pass.h"

namespace chainrule::engine::cpu {
namespace {

std::size_t row_size(const Columns& columns, int p, Range rows) {
  return static_cast<std::size_t>(rows.size()) * static_cast<std::size_t>(columns.width(p));
}

/// The product that makes a layer's da can make dn at once, unless da is needed for itself.
bool factor_in_product(const EngineState& state, std::size_t l) {
  const LayerBatch& batch = state.work.layers[l];
  const bool above_adds = l + 1 < state.net.layers.size() && state.net.layers[l + 1].residual;
  return batch.da.data == batch.dn.data && !above_adds;
}

/// Item 8 for one panel: dn = da * f, and da * m for prelu.
void apply_factor(EngineState& state, std::size_t l, int p, Range rows) {
  const Layer& layer = state.net.layers[l];
  const LayerBatch& batch = state.work.layers[l];
  const std::size_t size = row_size(layer.out, p, rows);
  const float* da = batch.da.at(p, rows.begin);
  float* dn = batch.dn.at(p, rows.begin);
  if (batch.mask.exists())
    state.kernels().multiply(batch.da_mask.at(p, rows.begin), da, batch.mask.at(p, rows.begin), size);
  if (layer.factor == Factor::stored) {
    state.kernels().multiply(dn, da, batch.factor.at(p, rows.begin), size);
  } else if (dn != da) {
    std::copy_n(da, size, dn);  // Factor::one: relu_values layers always have it in the product
  }
}

/// Item 9.
void norm_backward(EngineState& state, std::size_t l, int member, Range rows) {
  const Layer& layer = state.net.layers[l];
  const LayerBatch& batch = state.work.layers[l];
  const float* scale = state.net.parameters() + layer.norm_scale;
  if (layer.norm == Norm::layer) {
    state.kernels().norm_rows_backward({batch.dn.data, batch.xhat.data, batch.dz.data, batch.dz.stride, layer.out.count,
                                        scale, batch.rstd, rows.begin, rows.end});
    return;
  }
  const auto arguments = [&](int p, int begin, int end) {
    const int first = p * layer.out.panel;
    return BatchNormBackward{batch.dn.panel(p),
                             batch.xhat.panel(p),
                             state.frame.weights,
                             batch.dz.panel(p),
                             scale + first,
                             batch.rstd + first,
                             batch.c1 + first,
                             batch.c2 + first,
                             state.frame.mass.weight,
                             layer.out.width(p),
                             begin,
                             end,
                             !state.frame.moving_statistics};
  };
  if (state.frame.moving_statistics) {
    state.team.barrier();
    const Range own = Range::share(layer.out.panels(), member, state.members());
    for (int p = own.begin; p < own.end; ++p) state.kernels().batch_sums(arguments(p, 0, state.frame.rows));
    state.team.barrier();
  }
  for (int p = 0; p < layer.out.panels(); ++p) state.kernels().batch_backward(arguments(p, rows.begin, rows.end));
}

/// Item 11 for one input panel: a slice of the sum over o; at its end plus da for a residual.
void input_gradient(EngineState& state, std::size_t l, int q, Range o, Range rows, bool first, bool last) {
  const Layer& layer = state.net.layers[l];
  const LayerBatch& batch = state.work.layers[l];
  const BatchMatrix& to = l == 0 ? state.work.d_inputs : state.work.layers[l - 1].da;
  Epilogue epilogue = Epilogue::none;
  const float* other = nullptr;
  const bool fused = l > 0 && factor_in_product(state, l - 1);
  if (last && fused && state.net.layers[l - 1].factor != Factor::one) {
    const LayerBatch& below = state.work.layers[l - 1];
    const bool relu = state.net.layers[l - 1].factor == Factor::relu_values;
    epilogue = relu ? Epilogue::relu_factor : Epilogue::factor;
    other = relu ? below.a.panel(q) : below.factor.panel(q);
  }
  const auto weights = [&](int panel) {
    return state.transposed(l) + layer.transposed_panel(panel) +
           static_cast<std::size_t>(o.begin) * static_cast<std::size_t>(layer.in.width(panel));
  };
  const bool next = q + 1 < layer.in.panels() && state.net.streams(layer);
  state.kernels().product({batch.dz_operand.panel(o.begin / layer.out.panel), batch.dz_operand.stride,
                           static_cast<std::size_t>(o.size()), weights(q), nullptr, to.panel(q), other,
                           layer.in.width(q), layer.in.used(q), rows.begin, rows.end, epilogue, !first, next ? weights(q + 1) : nullptr});
  if (!last) return;
  if (layer.residual)
    state.kernels().add(to.at(q, rows.begin), batch.da.at(q, rows.begin), row_size(layer.in, q, rows));
  if (l > 0 && !fused) apply_factor(state, l - 1, q, rows);
}

}  // namespace

void backward_rows(EngineState& state, int member, Range rows, bool to_inputs) noexcept {
  const std::size_t count = state.net.layers.size();
  for (int p = 0; p < state.net.layers.back().out.panels(); ++p) apply_factor(state, count - 1, p, rows);
  for (std::size_t l = count; l-- > 0;) {
    if (state.net.layers[l].norm != Norm::none) norm_backward(state, l, member, rows);
    state.round_rows(state.work.layers[l].dz, state.work.layers[l].dz_operand, rows);
    if (l == 0 && !to_inputs) break;
    for_slices(rows, state.net.layers[l].out.count, [&](Range o, Range some, bool first, bool last) {
      for (int q = 0; q < state.net.layers[l].in.panels(); ++q) input_gradient(state, l, q, o, some, first, last);
    });
  }
  const Workspace& work = state.work;
  if (!to_inputs || !work.input_mask.exists()) return;
  for (int p = 0; p < work.inputs.columns.panels(); ++p) {
    float* d = work.d_inputs.at(p, rows.begin);
    state.kernels().multiply(d, d, work.input_mask.at(p, rows.begin), row_size(work.inputs.columns, p, rows));
  }
}

}  // namespace chainrule::engine::cpu
