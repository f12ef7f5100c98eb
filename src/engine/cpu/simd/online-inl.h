// One training step of one row: everything in the first-level cache, units across lanes.
#pragma once

#include "engine/cpu/simd/elementwise-inl.h"
#include "engine/cpu/simd/loss-inl.h"
#include "engine/cpu/simd/row-inl.h"
#include "engine/cpu/simd/transpose-inl.h"

namespace chainrule::engine::cpu {
namespace {

/// w + rate * (d * x), rounded as items 10 and 15 say for plain gradient descent; `rate` is negative.
HWY_INLINE Vector descend(Vector w, Vector d, Vector x, Vector rate) {
  return hn::MulAdd(rate, hn::MulAdd(d, x, hn::Zero(FloatTag())), w);
}

/// Numbers that were added up: a sum that is finite says that all of them were.
HWY_INLINE bool sum_is_finite(Vector sum) { return !any(!finite(Lanes{sum})); }

/// Items 11, 15 and 8 in one pass: the gradient at the layer below, added to `seen`, and the step of the transposed weights.
HWY_INLINE void descend_transposed(const OnlineLayer& layer, const OnlineLayer& below, float rate, Vector& seen) {
  const FloatTag tag;
  const Vector down = hn::Set(tag, rate);
  float* const weights = layer.transposed;
  const float *const d = layer.d, *const a = below.a, *const slope = below.slope;
  float* const out = below.d;
  const std::uint64_t* const active = layer.active;
  const int outputs = layer.outputs;
  const Activation activation = below.activation;
  for_panel_groups<kUpdatePanels>(layer.inputs, [&](auto panels, auto vectors, int column, int p) {
    constexpr int kPanels = panels(), kVectors = vectors();
    constexpr std::size_t kWidth = kVectors * kLanes;
    static_assert(kPanels == 1);
    float* w = weights + static_cast<std::size_t>(p) * static_cast<std::size_t>(outputs) * kPanel;
    Vector c[kVectors], x[kVectors];
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
      c[v] = hn::Zero(tag);
      x[v] = hn::Load(tag, a + column + v * kLanes);
    }
    for_each_bit(active, outputs, [&](std::size_t o) {
      const Vector factor = hn::Set(tag, d[o]);
      float* row = row_of(w, o, kWidth);
      CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
        const Vector old = hn::Load(tag, row + v * kLanes);
        c[v] = hn::MulAdd(factor, old, c[v]);
        hn::Store(descend(old, factor, x[v], down), tag, row + v * kLanes);
      }
    });
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
      const int at = column + v * kLanes;
      if (activation == Activation::relu) {
        c[v] = hn::Mul(c[v], relu_slope(x[v]));
      } else if (activation != Activation::identity) {
        c[v] = hn::Mul(c[v], hn::Load(tag, slope + at));
      }
      hn::Store(c[v], tag, out + at);
      seen = hn::Add(seen, c[v]);
    }
  });
}

/// Items 10 and 15 for the bias; what it becomes is added to `seen`.
HWY_INLINE void descend_bias(const OnlineLayer& layer, float rate, Vector& seen) {
  const FloatTag tag;
  float* const bias = layer.bias;
  const float* const d = layer.d;
  const int outputs = bias == nullptr ? 0 : layer.outputs;
  for (int j = 0; j < outputs; j += kLanes) {
    const Vector g = hn::Add(hn::Zero(tag), hn::Load(tag, d + j));
    const Vector b = hn::MulAdd(hn::Set(tag, rate), g, hn::Load(tag, bias + j));
    hn::Store(b, tag, bias + j);
    seen = hn::Add(seen, b);
  }
}

/// Of a single unit's weights every vector is padding but for one lane: they are taken from the transposed copy.
HWY_INLINE void copy_single_unit(const OnlineLayer& layer, Vector& seen) {
  const float* const from = layer.transposed;
  float* const to = layer.weights;
  const int inputs = layer.inputs;
  for (int k = 0; k < inputs; k += kLanes) seen = hn::Add(seen, hn::Load(FloatTag(), from + k));
  int k = 0;
  for (; k + 8 <= inputs; k += 8) {
    CHAINRULE_UNROLL for (int i = 0; i < 8; ++i) to[(k + i) * kLanes] = from[k + i];
  }
  for (; k < inputs; ++k) to[k * kLanes] = from[k];
}

/// Items 10 and 15 for a layer's weights; what they become is added to `seen`.
HWY_INLINE void descend_weights(const OnlineLayer& layer, const float* inputs, const std::uint64_t* active, float rate,
                                Vector& seen) {
  const FloatTag tag;
  const Vector down = hn::Set(tag, rate);
  float* const weights = layer.weights;
  const float* const gradient = layer.d;
  const int count = layer.inputs;
  for_panel_groups<kUpdatePanels>(layer.outputs, [&](auto panels, auto vectors, int column, int p) {
    constexpr int kPanels = panels(), kVectors = vectors();
    constexpr std::size_t kWidth = kVectors * kLanes;
    static_assert(kPanels == 1);
    float* w = weights + static_cast<std::size_t>(p) * static_cast<std::size_t>(count) * kPanel;
    Vector d[kVectors], sum[kVectors];
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
      d[v] = hn::Load(tag, gradient + column + v * kLanes);
      sum[v] = hn::Zero(tag);
    }
    for_each_bit(active, count, [&](std::size_t k) {
      const Vector x = hn::Set(tag, inputs[k]);
      float* row = row_of(w, k, kWidth);
      CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
        const Vector updated = descend(hn::Load(tag, row + v * kLanes), d[v], x, down);
        hn::Store(updated, tag, row + v * kLanes);
        sum[v] = hn::Add(sum[v], updated);
      }
    });
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) seen = hn::Add(seen, sum[v]);
  });
}

/// Any optimiser: the gradient of one block of weights, the update, the transposed copy, block by block.
HWY_INLINE UpdateResult update_weights(const OnlineStep& step, const OnlineLayer& layer, const float* inputs) {
  const FloatTag tag;
  UpdateResult result;
  for (int column = 0; column < padded(layer.outputs); column += kPanel) {
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
      result.join(update(*step.weight_rule, block));
      if (layer.transposed == nullptr) continue;
      const int to_width = panel_width(k, layer.inputs);
      transpose(block.w, width, depth, block.columns,
                layer.transposed + static_cast<std::size_t>(k) * static_cast<std::size_t>(layer.outputs) +
                    static_cast<std::size_t>(column) * static_cast<std::size_t>(to_width),
                to_width);
    }
  }
  if (layer.bias == nullptr) return result;
  const int width = padded(layer.outputs);
  for (int j = 0; j < width; j += kLanes) store(Lanes::broadcast(0.0f) + load(layer.d + j), step.bias_gradient + j);
  UpdateBlock block{step.bias_gradient, layer.bias, {}, static_cast<std::size_t>(width), width, layer.outputs};
  for (int s = 0; s < step.states; ++s) block.state[s] = layer.bias_state[s];
  result.join(update(*step.bias_rule, block));
  return result;
}

/// Padding of a layer's values is 0, whatever the activation makes of it and though infinity times a weight of 0 is NaN.
HWY_INLINE void clear_padding(float* values, int columns) {
  for (int j = columns; j < padded(columns); ++j) values[j] = 0;
}

/// Padding is never active: the weights it would meet in the next layer are others, or none.
HWY_INLINE void clear_padding_bits(std::uint64_t* words, int columns) {
  static_assert(64 % kLanes == 0);  // so that the padding ends within the last word
  if (columns % 64 != 0) words[columns / 64] &= (std::uint64_t{1} << (columns % 64)) - 1;
}

/// Items 2 and 4 of one layer, and which of its values are not zero.
HWY_INLINE void online_layer(const OnlineLayer& layer, const float* inputs, const std::uint64_t* active) {
  const bool relu = layer.activation == Activation::relu;
  float* const a = layer.a;
  std::uint64_t* const words = layer.active;
  const int count = layer.inputs;
  const auto each = [&](auto f) { for_each_bit(active, count, f); };
  row_sums(inputs, static_cast<std::size_t>(count), layer.weights, layer.bias, layer.outputs, each,
           [&](auto& c, int column) {
             constexpr int kCount = static_cast<int>(std::extent_v<std::remove_reference_t<decltype(c)>>);
             constexpr int kWords = (kCount * kLanes + 63) / 64;
             std::uint64_t found[kWords] = {};
             CHAINRULE_UNROLL for (int v = 0; v < kCount; ++v) {
               if (relu) c[v] = relu_of(c[v]);
               hn::Store(c[v], FloatTag(), a + column + v * kLanes);
               found[v * kLanes / 64] |= active_bits(c[v]) << (v * kLanes % 64);
             }
             if (!relu) return;
             CHAINRULE_UNROLL for (int i = 0; i < kWords; ++i) {
               std::uint64_t& word = words[column / 64 + i];
               word = column % 64 == 0 ? found[i] : word | found[i] << (column % 64);
             }
           });
  if (relu) {
    clear_padding_bits(words, layer.outputs);
  } else if (layer.activation != Activation::identity) {
    activate({layer.activation, layer.parameter, nullptr, layer.a, layer.slope, nullptr, padded(layer.outputs),
              static_cast<std::size_t>(padded(layer.outputs))});
  }
  clear_padding(layer.a, layer.outputs);
}

HWY_INLINE void online_forward(const OnlineStep& step) {
  const float* a = step.x;
  const std::uint64_t* active = step.active;
  find_active(step.x, step.layers[0].inputs, step.active);
  if (!step.skips) mark_all(step.layers[0].inputs, step.active);
  for (int l = 0; l < step.count; ++l) {
    const OnlineLayer& layer = step.layers[l];
    online_layer(layer, a, active);
    if (!step.skips) mark_all(layer.outputs, layer.active);
    a = layer.a;
    active = layer.active;
  }
}

/// Item 8: from da to dz. False: one may not be finite.
HWY_INLINE bool apply_slope(const OnlineLayer& layer) {
  if (layer.activation == Activation::identity) return true;
  const FloatTag tag;
  Vector seen = hn::Zero(tag);
  for (int j = 0; j < layer.outputs; j += kLanes) {
    const Vector slope =
        layer.activation == Activation::relu ? relu_slope(hn::Load(tag, layer.a + j)) : hn::Load(tag, layer.slope + j);
    const Vector dz = hn::Mul(hn::Load(tag, layer.d + j), slope);
    hn::Store(dz, tag, layer.d + j);
    seen = hn::Add(seen, dz);
  }
  return sum_is_finite(seen);
}

/// Item 7 for squared error, the loss that regression online uses; other losses take the general kernel.
HWY_INLINE bool online_squared_error(const LossRows& loss) {
  const Lanes zero = Lanes::broadcast(0.0f), factor = Lanes::broadcast(loss.row_scale[0]);
  const int columns = loss.columns;
  const float* y = loss.y + loss.rows[0] * loss.targets;
  const float* outputs = loss.outputs;
  float* gradient = loss.gradient;
  Lanes check = zero;
  float sum = 0;
  for (int o = 0; o < columns; o += kLanes) {
    alignas(64) float value[kLanes];
    const int count = columns - o < kLanes ? columns - o : kLanes;
    const Lanes target{load_first(y + o, count)};
    const auto term = math::loss_term<Loss::squared_error>(load(outputs + o), target, zero);
    const Lanes g = select(first_lanes(count), term.slope * factor, zero);
    store(g, gradient + o);
    store(term.value, value);
    check = fma(g, zero, check);
    for (int i = 0; i < count; ++i) sum = sum + value[i];
  }
  const float result = columns == 1 ? sum : sum / static_cast<float>(columns);
  loss.row_loss[0] = result;
  return !any(!equal(fma(Lanes::broadcast(result), zero, check), zero));
}

/// A gradient that is not finite makes zeros count.
HWY_INLINE void mark_layer(const OnlineStep& step, int l) {
  mark_all(step.layers[l].outputs, step.layers[l].active);
  mark_all(step.layers[l].inputs, l == 0 ? step.active : step.layers[l - 1].active);
}

bool parameters_finite(const OnlineStep& step) {
  bool fine = true;
  const auto look = [&](const float* from, std::size_t size) {
    for (std::size_t i = 0; i < size; i += kLanes) fine = fine && !any(!finite(load(from + i)));
  };
  for (int l = 0; l < step.count; ++l) {
    const OnlineLayer& layer = step.layers[l];
    const std::size_t width = static_cast<std::size_t>(padded(layer.outputs));
    look(layer.weights, width * static_cast<std::size_t>(layer.inputs));
    if (layer.bias != nullptr) look(layer.bias, width);
  }
  return fine;
}

/// Items 8 to 15 by plain gradient descent on parameters known to be finite. False: they are not any more.
HWY_INLINE bool descend_layers(const OnlineStep& step) {
  Vector seen = hn::Zero(FloatTag());
  const float rate = step.rate;
  if (!apply_slope(step.layers[step.count - 1])) mark_layer(step, step.count - 1);
  for (int l = step.count - 1; l >= 0; --l) {
    const OnlineLayer& layer = step.layers[l];
    Vector gradients = hn::Zero(FloatTag());
    if (l > 0) descend_transposed(layer, step.layers[l - 1], rate, gradients);
    if (l > 0 && layer.outputs == 1 && layer.activation == Activation::identity) {
      copy_single_unit(layer, seen);
    } else {
      descend_weights(layer, l == 0 ? step.x : step.layers[l - 1].a, l == 0 ? step.active : step.layers[l - 1].active,
                      rate, seen);
    }
    descend_bias(layer, rate, seen);
    if (!sum_is_finite(gradients)) mark_layer(step, l - 1);
  }
  return sum_is_finite(seen) || parameters_finite(step);
}

/// Items 8 to 15 in general.
HWY_INLINE UpdateResult update_layers(const OnlineStep& step) {
  UpdateResult result;
  for (int l = step.count - 1; l >= 0; --l) {
    const OnlineLayer& layer = step.layers[l];
    apply_slope(layer);
    if (l > 0) {
      row_product({layer.d, static_cast<std::size_t>(layer.outputs), layer.transposed, nullptr, nullptr, step.layers[l - 1].d,
                   layer.inputs, false, nullptr});
    }
    result.join(update_weights(step, layer, l == 0 ? step.x : step.layers[l - 1].a));
  }
  return result;
}

/// Items 1 to 15 of one row.
OnlineResult online_step(const OnlineStep& given) {
  const OnlineStep step = given;
  online_forward(step);
  const LossRows& rows = *step.loss;
  const bool plain_targets = rows.kind == Loss::squared_error && rows.labels == nullptr && rows.y != nullptr &&
                             rows.targets >= static_cast<std::size_t>(rows.columns);
  if (!(plain_targets ? online_squared_error(rows) : loss(rows))) return {false, false, 0};
  if (step.descends) return {true, descend_layers(step), 0};
  const UpdateResult update = update_layers(step);
  return {true, update.fine, update.slowed};
}

}  // namespace
}  // namespace chainrule::engine::cpu
