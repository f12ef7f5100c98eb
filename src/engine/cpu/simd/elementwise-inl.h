// Kernels that treat every element alike: activations, optimisers, clipping, sums down the rows.
#pragma once

#include "engine/cpu/simd/kernel_table.h"
#include "engine/cpu/simd/panels-inl.h"
#include "math/activations.h"
#include "math/optimizers.h"
#include "math/penalties.h"

namespace chainrule::engine::cpu {
namespace {

void place_row(const float* values, int columns, int row, float* to, std::size_t stride) {
  int j = 0;
  for (; j + kPanel <= columns; j += kPanel) {
    float* out = to + static_cast<std::size_t>(j / kPanel) * stride + static_cast<std::size_t>(row) * kPanel;
    for (int v = 0; v < kPanel; v += kLanes) store(load(values + j + v), out + v);
  }
  if (j == columns) return;
  float* out = to + element(row, j, columns, stride);
  for (int i = 0; i < panel_width(j, columns); ++i) out[i] = j + i < columns ? values[j + i] : 0.0f;
}

void multiply(float* out, const float* a, const float* b, std::size_t size) {
  for (std::size_t i = 0; i < size; i += kLanes) store(load(a + i) * load(b + i), out + i);
}
void scale(float* out, const float* a, float factor, std::size_t size) {
  const Lanes f = Lanes::broadcast(factor);
  for (std::size_t i = 0; i < size; i += kLanes) store(load(a + i) * f, out + i);
}
void add(float* out, const float* a, std::size_t size) {
  for (std::size_t i = 0; i < size; i += kLanes) store(load(out + i) + load(a + i), out + i);
}
void average(float* average, const float* w, float gain, std::size_t size) {
  const Lanes g = Lanes::broadcast(gain);
  for (std::size_t i = 0; i < size; i += kLanes)
    store(math::average_element(load(average + i), load(w + i), g), average + i);
}

/// kVectors chains side by side: one addition takes about four cycles.
template <int kVectors>
HWY_INLINE void column_chains(const ColumnChain& chain, int column) {
  Lanes sums[kVectors];
  for (int v = 0; v < kVectors; ++v) sums[v] = Lanes::broadcast(0.0f);
  const std::size_t width = static_cast<std::size_t>(chain.width);
  std::size_t at = static_cast<std::size_t>(chain.row_begin) * width + static_cast<std::size_t>(column);
  for (int r = chain.row_begin; r < chain.row_end; ++r, at += width) {
    for (int v = 0; v < kVectors; ++v) {
      const Lanes a = load(chain.a + at + static_cast<std::size_t>(v * kLanes));
      sums[v] =
          chain.b == nullptr ? sums[v] + a : fma(a, load(chain.b + at + static_cast<std::size_t>(v * kLanes)), sums[v]);
    }
  }
  for (int v = 0; v < kVectors; ++v) store(sums[v], chain.out + column + v * kLanes);
}

void column_chain(const ColumnChain& chain) {
  int column = 0;
  for (; column + kPanel <= chain.width; column += kPanel) column_chains<kPanelVectors>(chain, column);
  for (; column < chain.width; column += kLanes) column_chains<1>(chain, column);
}

template <Activation A>
HWY_INLINE void activate_all(const ActivationRows& shared) {
  const ActivationRows rows = shared;  // a copy that no store of floats can reach
  const Lanes zero = Lanes::broadcast(0.0f);
  Lanes parameter = Lanes::broadcast(rows.parameter);
  int column = 0;
  for (std::size_t i = 0; i < rows.size; i += kLanes) {
    const Lanes n = load(rows.value + i);
    if constexpr (A == Activation::prelu) {
      parameter = load(rows.parameters + column);
      column = column + kLanes == rows.width ? 0 : column + kLanes;
      if (rows.negative != nullptr) store(min(n, zero), rows.negative + i);
    }
    const math::ValueSlope<Lanes> result = math::activate<A>(n, parameter);
    store(result.value, rows.value + i);
    if (rows.slope != nullptr) store(result.slope, rows.slope + i);
  }
}

void activate(const ActivationRows& rows) {
  math::with_activation(rows.kind, [&](auto kind) { activate_all<kind()>(rows); });
}

/// Penalties and clipping of one vector of gradients.
struct Preparation {
  bool l2_on, l1_on, clip_on, scale_on;
  Lanes l2, l1, clip, factor;

  explicit HWY_INLINE Preparation(const UpdateRule& rule)
      : l2_on(rule.l2 != 0),
        l1_on(rule.l1 != 0),
        clip_on(rule.clip_value != 0),
        scale_on(rule.scaled),
        l2(math::constant<Lanes>(rule.l2)),
        l1(math::constant<Lanes>(rule.l1)),
        clip(math::constant<Lanes>(rule.clip_value)),
        factor(Lanes::broadcast(rule.scale)) {}
  HWY_INLINE bool nothing() const { return !(l2_on || l1_on || clip_on || scale_on); }
  HWY_INLINE Lanes penalised(Lanes g, const float* w) const {
    if (l2_on) g = math::add_l2(g, load(w), l2);
    if (l1_on) g = math::add_l1(g, load(w), l1);
    if (clip_on) g = math::clip_by_value(g, clip);
    return g;
  }
  HWY_INLINE Lanes operator()(Lanes g, const float* w) const {
    g = penalised(g, w);
    return scale_on ? g * factor : g;
  }
};

constexpr int states_of(const math::UpdateShape& shape) {
  switch (shape.kind) {
    case Optimizer::sgd:
      return shape.momentum ? 1 : 0;
    case Optimizer::rmsprop:
      return 1 + (shape.centered ? 1 : 0) + (shape.momentum ? 1 : 0);
    case Optimizer::adagrad:
    case Optimizer::lion:
      return 1;
    case Optimizer::adam:
      return shape.amsgrad ? 3 : 2;
    default:
      return 2;
  }
}

/// Updates the block; returns whether all new weights are finite, padding included.
template <math::UpdateShape S, bool kPrepare>
HWY_INLINE bool update_all(const UpdateRule& rule, UpdateBlock block) {
  constexpr int kStates = states_of(S);
  const math::UpdateLanes<Lanes> values = math::update_lanes<Lanes>(*rule.constants, rule.decays);
  const Preparation prepare(rule);
  const Lanes zero = Lanes::broadcast(0.0f);
  Lanes check = zero;  // becomes NaN with the first weight that is not finite
  for (std::size_t i = 0; i < block.size; i += kLanes) {
    Lanes g = load(block.g + i), w = load(block.w + i);
    if constexpr (kPrepare) g = prepare(g, block.w + i);
    Lanes s[4] = {zero, zero, zero, zero};
    for (int k = 0; k < kStates; ++k) s[k] = load(block.state[k] + i);
    math::update_element<S>(g, w, s[0], s[1], s[2], s[3], values);
    for (int k = 0; k < kStates; ++k) store(s[k], block.state[k] + i);
    store(w, block.w + i);
    check = fma(w, zero, check);
  }
  return !any(!equal(check, zero));
}

/// How many vectors have a denormal in one of the states.
std::uint32_t slowed_by_denormals(const UpdateBlock& block, int states) {
  const Lanes zero = Lanes::broadcast(0.0f), least_normal = Lanes::broadcast(0x1p-126f);
  std::uint32_t slowed = 0;
  for (std::size_t i = 0; i < block.size; i += kLanes) {
    LaneMask found = less(zero, zero);
    for (int k = 0; k < states; ++k) {
      const Lanes s = abs(load(block.state[k] + i));
      found = found | (less(zero, s) & less(s, least_normal));
    }
    if (any(found)) ++slowed;
  }
  return slowed;
}

template <math::UpdateShape S>
constexpr math::UpdateShape fading() {
  math::UpdateShape shape = S;
  shape.fades = true;
  return shape;
}

/// Sets the padding of every row to 0 and looks at the real weights alone.
HWY_INLINE bool neutralise(const UpdateBlock& block) {
  bool fine = true;
  for (std::size_t row = 0; row < block.size; row += static_cast<std::size_t>(block.width)) {
    for (int j = 0; j < block.width; ++j) {
      float& w = block.w[row + static_cast<std::size_t>(j)];
      if (j >= block.columns) w = 0;
      fine = fine && w * 0 == 0;
    }
  }
  return fine;
}

UpdateResult update(const UpdateRule& rule, const UpdateBlock& block) {
  const bool prepare = !Preparation(rule).nothing();
  UpdateResult result = math::with_update(rule.shape, [&](auto shape) {
    constexpr math::UpdateShape kShape = decltype(shape)::value;
    if constexpr (math::can_fade(kShape.kind)) {
      constexpr math::UpdateShape kFading = fading<kShape>();
      const std::uint32_t slowed = rule.looks ? slowed_by_denormals(block, states_of(kShape)) : 0;
      if (rule.fades) return UpdateResult{prepare ? update_all<kFading, true>(rule, block) : update_all<kFading, false>(rule, block), slowed};
      return UpdateResult{prepare ? update_all<kShape, true>(rule, block) : update_all<kShape, false>(rule, block), slowed};
    }
    return UpdateResult{prepare ? update_all<kShape, true>(rule, block) : update_all<kShape, false>(rule, block), 0};
  });
  if (block.columns < block.width && !result.fine) result.fine = neutralise(block);
  return result;
}

/// Squares of one panel's columns, kVectors vectors side by side: as many double chains wait for each other's latency.
template <int kVectors>
HWY_INLINE void square_columns(const Preparation& prepare, const float* g, const float* w, std::size_t rows, double* norm2) {
  const hn::Repartition<double, FloatTag> doubles;
  using Doubles = hn::Vec<decltype(doubles)>;
  Doubles low[kVectors], high[kVectors];
  for (int v = 0; v < kVectors; ++v) low[v] = high[v] = hn::Zero(doubles);
  for (std::size_t row = 0; row < rows; ++row) {
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
      const std::size_t at = (row * kVectors + static_cast<std::size_t>(v)) * kLanes;
      const Vector x = prepare.penalised(load(g + at), w == nullptr ? nullptr : w + at).v;
      const Doubles first = hn::PromoteTo(doubles, hn::LowerHalf(x));
      const Doubles second = hn::PromoteTo(doubles, hn::UpperHalf(hn::Half<FloatTag>(), x));
      low[v] = hn::MulAdd(first, first, low[v]);
      high[v] = hn::MulAdd(second, second, high[v]);
    }
  }
  CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
    hn::StoreU(low[v], doubles, norm2 + v * kLanes);
    hn::StoreU(high[v], doubles, norm2 + v * kLanes + kLanes / 2);
  }
}

void square_chain(const UpdateRule& rule, const float* g, const float* w, std::size_t rows, int width, double* norm2) {
  const Preparation prepare(rule);
  switch (width / kLanes) {
    case 1: return square_columns<1>(prepare, g, w, rows, norm2);
    case 2: return square_columns<2>(prepare, g, w, rows, norm2);
    case 3: return square_columns<3>(prepare, g, w, rows, norm2);
    default: return square_columns<4>(prepare, g, w, rows, norm2);
  }
}

}  // namespace
}  // namespace chainrule::engine::cpu
