// One training step of one row, and products of one row: everything in the first-level cache, units across lanes.
#pragma once

#include <type_traits>

#include "engine/cpu/simd/elementwise-inl.h"
#include "engine/cpu/simd/loss-inl.h"
#include "engine/cpu/simd/transpose-inl.h"

namespace chainrule::engine::cpu {
namespace {

/// Calls f(panels, vectors, first column, first panel) for groups of at most kMost full panels, then for the narrower
/// last one; the first two are constants.
template <int kMost, class F>
HWY_INLINE void for_panel_groups(int columns, F f) {
  using Full = std::integral_constant<int, kPanelVectors>;
  const int full = padded(columns) / kPanel, rest = padded(columns) % kPanel / kLanes;
  int p = 0;
  for (; p + kMost <= full; p += kMost) f(std::integral_constant<int, kMost>(), Full(), p * kPanel, p);
  if constexpr (kMost > 2) {
    for (; p + 2 <= full; p += 2) f(std::integral_constant<int, 2>(), Full(), p * kPanel, p);
  }
  for (; p < full; ++p) f(std::integral_constant<int, 1>(), Full(), p * kPanel, p);
  if (rest == 1) f(std::integral_constant<int, 1>(), std::integral_constant<int, 1>(), p * kPanel, p);
  if constexpr (kPanelVectors > 2) {
    if (rest == 2) f(std::integral_constant<int, 1>(), std::integral_constant<int, 2>(), p * kPanel, p);
    if (rest == 3) f(std::integral_constant<int, 1>(), std::integral_constant<int, 3>(), p * kPanel, p);
  }
}

constexpr int kForwardPanels = 8 / kPanelVectors;  // eight sums at once hide the latency of the additions
constexpr int kUpdatePanels = 4 / kPanelVectors;   // here registers hold as many inputs besides

/// Items 2 and 11 for one row: every column's sum over k ascending.
void row_product(const RowProduct& row) {
  const FloatTag tag;
  for_panel_groups<kForwardPanels>(row.columns, [&](auto panels, auto vectors, int column, int p) {
    constexpr int kPanels = panels(), kVectors = vectors(), kWidth = kVectors * kLanes;
    const std::size_t stride = row.depth * kPanel;
    const float* w = row.w + static_cast<std::size_t>(p) * stride;
    Vector c[kPanels][kVectors];
    CHAINRULE_UNROLL for (int i = 0; i < kPanels; ++i) {
      CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) c[i][v] =
          row.start == nullptr ? hn::Zero(tag) : hn::Load(tag, row.start + column + i * kWidth + v * kLanes);
    }
    for (std::size_t k = 0; k < row.depth; ++k, w += kWidth) {
      const Vector x = hn::Set(tag, row.a[k]);
      CHAINRULE_UNROLL for (int i = 0; i < kPanels; ++i) {
        const float* of_panel = w + static_cast<std::size_t>(i) * stride;
        CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) c[i][v] =
            hn::MulAdd(x, hn::Load(tag, of_panel + v * kLanes), c[i][v]);
      }
    }
    const Lanes zero = Lanes::broadcast(0.0f);
    CHAINRULE_UNROLL for (int i = 0; i < kPanels; ++i) {
      CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
        const Lanes z{c[i][v]};
        store(row.relu ? math::activate<Activation::relu>(z, zero).value : z, row.out + column + i * kWidth + v * kLanes);
      }
    }
  });
}

/// w + rate * (d * x), rounded as items 10 and 15 say for plain gradient descent; `rate` is negative.
HWY_INLINE Vector descend(Vector w, Vector d, Vector x, Vector rate) {
  return hn::MulAdd(rate, hn::MulAdd(d, x, hn::Zero(FloatTag())), w);
}

/// Items 11 and 15 in one pass: the gradient at a layer's inputs, and the step of its transposed weights.
void descend_transposed(const OnlineLayer& layer, const float* inputs, float rate, float* out) {
  const FloatTag tag;
  const Vector down = hn::Set(tag, rate);
  for_panel_groups<kUpdatePanels>(layer.inputs, [&](auto panels, auto vectors, int column, int p) {
    constexpr int kPanels = panels(), kVectors = vectors(), kWidth = kVectors * kLanes;
    const std::size_t stride = static_cast<std::size_t>(layer.outputs) * kPanel;
    float* w = layer.transposed + static_cast<std::size_t>(p) * stride;
    Vector c[kPanels][kVectors], x[kPanels][kVectors];
    CHAINRULE_UNROLL for (int i = 0; i < kPanels; ++i) {
      CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
        c[i][v] = hn::Zero(tag);
        x[i][v] = hn::Load(tag, inputs + column + i * kWidth + v * kLanes);
      }
    }
    for (int o = 0; o < layer.outputs; ++o, w += kWidth) {
      const Vector d = hn::Set(tag, layer.d[o]);
      CHAINRULE_UNROLL for (int i = 0; i < kPanels; ++i) {
        float* of_panel = w + static_cast<std::size_t>(i) * stride;
        CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
          const Vector old = hn::Load(tag, of_panel + v * kLanes);
          c[i][v] = hn::MulAdd(d, old, c[i][v]);
          hn::Store(descend(old, d, x[i][v], down), tag, of_panel + v * kLanes);
        }
      }
    }
    CHAINRULE_UNROLL for (int i = 0; i < kPanels; ++i) {
      CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) hn::Store(c[i][v], tag, out + column + i * kWidth + v * kLanes);
    }
  });
}

/// `check` keeps 0 as long as all numbers it has seen are finite.
HWY_INLINE void look_at(Vector w, Vector& check) { check = hn::Or(check, hn::Sub(w, w)); }

HWY_INLINE void descend_bias(const OnlineLayer& layer, float rate, Vector& check) {
  const FloatTag tag;
  for (int j = 0; layer.bias != nullptr && j < layer.outputs; j += kLanes) {
    const Vector g = hn::Add(hn::Zero(tag), hn::Load(tag, layer.d + j));
    const Vector b = hn::MulAdd(hn::Set(tag, rate), g, hn::Load(tag, layer.bias + j));
    hn::Store(b, tag, layer.bias + j);
    look_at(b, check);
  }
}

/// Of a single unit's weights every vector is padding but for one lane: they are taken from the transposed copy.
HWY_INLINE void copy_single_unit(const OnlineLayer& layer, Vector& check) {
  for (int k = 0; k < layer.inputs; k += kLanes) look_at(hn::Load(FloatTag(), layer.transposed + k), check);
  for (int k = 0; k < layer.inputs; ++k) layer.weights[k * kLanes] = layer.transposed[k];
}

/// Item 15 for a layer's weights.
HWY_INLINE void descend_weights(const OnlineLayer& layer, const float* inputs, float rate, Vector& check) {
  const FloatTag tag;
  const Vector down = hn::Set(tag, rate);
  for_panel_groups<kUpdatePanels>(layer.outputs, [&](auto panels, auto vectors, int column, int p) {
    constexpr int kPanels = panels(), kVectors = vectors(), kWidth = kVectors * kLanes;
    const std::size_t stride = static_cast<std::size_t>(layer.inputs) * kPanel;
    float* w = layer.weights + static_cast<std::size_t>(p) * stride;
    Vector d[kPanels][kVectors];
    CHAINRULE_UNROLL for (int i = 0; i < kPanels; ++i) {
      CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
        d[i][v] = hn::Load(tag, layer.d + column + i * kWidth + v * kLanes);
      }
    }
    for (int k = 0; k < layer.inputs; ++k, w += kWidth) {
      const Vector x = hn::Set(tag, inputs[k]);
      CHAINRULE_UNROLL for (int i = 0; i < kPanels; ++i) {
        float* of_panel = w + static_cast<std::size_t>(i) * stride;
        CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
          const Vector updated = descend(hn::Load(tag, of_panel + v * kLanes), d[i][v], x, down);
          hn::Store(updated, tag, of_panel + v * kLanes);
          look_at(updated, check);
        }
      }
    }
  });
}

/// Any optimiser: the gradient of one block of weights, the update, the transposed copy, block by block.
HWY_INLINE bool update_weights(const OnlineStep& step, const OnlineLayer& layer, const float* inputs) {
  const FloatTag tag;
  bool fine = true;
  for (int column = 0, p = 0; column < padded(layer.outputs); column += kPanel, ++p) {
    const int width = panel_width(column, layer.outputs), used = layer.outputs - column;
    for (int k = 0; k < layer.inputs; k += kPanel) {  // a block lies within one panel of the transposed weights
      const int depth = layer.inputs - k < kPanel ? layer.inputs - k : kPanel;
      const std::size_t size = static_cast<std::size_t>(depth) * static_cast<std::size_t>(width);
      for (int i = 0; i < depth; ++i) {
        const Vector x = hn::Set(tag, inputs[k + i]);
        for (int j = 0; j < width; j += kLanes)
          hn::Store(hn::MulAdd(hn::Load(tag, layer.d + column + j), x, hn::Zero(tag)), tag, step.block + i * width + j);
      }
      const std::size_t at = static_cast<std::size_t>(column) * static_cast<std::size_t>(layer.inputs) +
                             static_cast<std::size_t>(k) * static_cast<std::size_t>(width);
      UpdateBlock block{step.block, layer.weights + at, {}, size, width, used < width ? used : width};
      for (int s = 0; s < step.states; ++s) block.state[s] = layer.weight_state[s] + at;
      fine = update(*step.weight_rule, block) && fine;
      if (layer.transposed == nullptr) continue;
      const int to_width = panel_width(k, layer.inputs);
      transpose(block.w, width, depth, block.columns,
                layer.transposed + static_cast<std::size_t>(k) * static_cast<std::size_t>(layer.outputs) +
                    static_cast<std::size_t>(column) * static_cast<std::size_t>(to_width),
                to_width);
    }
  }
  if (layer.bias == nullptr) return fine;
  const int width = padded(layer.outputs);
  for (int j = 0; j < width; j += kLanes) store(Lanes::broadcast(0.0f) + load(layer.d + j), step.bias_gradient + j);
  UpdateBlock block{step.bias_gradient, layer.bias, {}, static_cast<std::size_t>(width), width, layer.outputs};
  for (int s = 0; s < step.states; ++s) block.state[s] = layer.bias_state[s];
  return update(*step.bias_rule, block) && fine;
}

/// Padding of a layer's values and gradients is 0 whatever the activation makes of it.
HWY_INLINE void clear_padding(float* values, int columns) {
  for (int j = columns; j < padded(columns); ++j) values[j] = 0;
}

HWY_INLINE void online_forward(const OnlineStep& step) {
  const float* a = step.x;
  for (int l = 0; l < step.count; ++l) {
    const OnlineLayer& layer = step.layers[l];
    const bool relu = layer.activation == Activation::relu;
    row_product({a, static_cast<std::size_t>(layer.inputs), layer.weights, layer.bias, layer.a, layer.outputs, relu});
    if (!relu && layer.activation != Activation::identity) {
      activate({layer.activation, layer.parameter, nullptr, layer.a, layer.slope, nullptr, padded(layer.outputs),
                static_cast<std::size_t>(padded(layer.outputs))});
      clear_padding(layer.a, layer.outputs);
    }
    a = layer.a;
  }
}

/// Item 8: from da to dz.
HWY_INLINE void apply_slope(const OnlineLayer& layer) {
  if (layer.activation == Activation::identity) return;
  const bool relu = layer.activation == Activation::relu;
  const Lanes zero = Lanes::broadcast(0.0f);
  for (int j = 0; j < layer.outputs; j += kLanes) {
    const Lanes slope = relu ? math::activate<Activation::relu>(load(layer.a + j), zero).slope : load(layer.slope + j);
    store(load(layer.d + j) * slope, layer.d + j);
  }
}

/// Item 7 for squared error, the loss that regression online uses; other losses take the general kernel.
HWY_INLINE bool online_squared_error(const LossRows& loss) {
  const Lanes zero = Lanes::broadcast(0.0f), factor = Lanes::broadcast(loss.row_scale[0]);
  const float* y = loss.y + loss.rows[0] * loss.targets;
  Lanes check = zero;
  float sum = 0;
  for (int o = 0; o < loss.columns; o += kLanes) {
    alignas(64) float target[kLanes] = {}, value[kLanes];
    for (int i = 0; i < kLanes && o + i < loss.columns; ++i) target[i] = y[o + i];
    const auto term = math::loss_term<Loss::squared_error>(load(loss.outputs + o), load(target), zero);
    store(term.value, value);
    const Lanes g = select(first_lanes(loss.columns - o), term.slope * factor, zero);
    store(g, loss.gradient + o);
    check = fma(g, zero, check);
    for (int i = 0; i < kLanes && o + i < loss.columns; ++i) sum = sum + value[i];
  }
  const float result = sum / static_cast<float>(loss.columns);
  loss.row_loss[0] = result;
  return !any(!equal(fma(Lanes::broadcast(result), zero, check), zero));
}

/// Items 1 to 15 of one row. `descends`: plain gradient descent on parameters known to be finite.
OnlineResult online_step(const OnlineStep& step) {
  online_forward(step);
  const LossRows& rows = *step.loss;
  const bool plain_targets = rows.kind == Loss::squared_error && rows.labels == nullptr && rows.y != nullptr &&
                             rows.targets >= static_cast<std::size_t>(rows.columns);
  if (!(plain_targets ? online_squared_error(rows) : loss(rows))) return {false, false};
  Vector check = hn::Zero(FloatTag());
  bool fine = true;
  for (int l = step.count - 1; l >= 0; --l) {
    const OnlineLayer& layer = step.layers[l];
    const float* inputs = l == 0 ? step.x : step.layers[l - 1].a;
    apply_slope(layer);
    if (!step.descends) {
      if (l > 0) {
        row_product({layer.d, static_cast<std::size_t>(layer.outputs), layer.transposed, nullptr,
                     step.layers[l - 1].d, layer.inputs, false});
      }
      fine = update_weights(step, layer, inputs) && fine;
      continue;
    }
    if (l > 0) descend_transposed(layer, inputs, step.rate, step.layers[l - 1].d);
    if (l > 0 && layer.outputs == 1) {
      copy_single_unit(layer, check);
    } else {
      descend_weights(layer, inputs, step.rate, check);
    }
    descend_bias(layer, step.rate, check);
  }
  return {true, fine && !any(!equal(Lanes{check}, Lanes::broadcast(0.0f)))};
}

}  // namespace
}  // namespace chainrule::engine::cpu
