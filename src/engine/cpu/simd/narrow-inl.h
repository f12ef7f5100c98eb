// Gradients of weights with few outputs: inputs across lanes, where outputs would leave most of a vector to padding.
#pragma once

#include "engine/cpu/simd/kernel_table.h"
#include "engine/cpu/simd/panels-inl.h"

namespace chainrule::engine::cpu {
namespace {

/// Outputs that are few: no more than half a vector, and all sums of a panel of inputs fit into registers.
constexpr int kMostNarrow = HWY_TARGET == HWY_AVX2 ? 3 : kLanes / 2 < 6 ? kLanes / 2 : 6;

HWY_INLINE bool is_narrow(const GradientBlock& block) { return block.width == kLanes && block.columns <= kMostNarrow; }

/// kVectors vectors of inputs from `k` on, of which `inputs` are real; x is [row, x_width]. The chains are those of gradient_tile.
template <int kVectors, int kColumns>
HWY_NOINLINE void narrow_gradient(const GradientBlock& block, const float* x, std::size_t x_width, int k, int inputs) {
  const FloatTag tag;
  float* g = block.g + static_cast<std::size_t>(k - block.k_begin) * kLanes;
  alignas(64) float sums[kColumns][kVectors * kLanes] = {};
  for (int i = 0; i < inputs; ++i) {
    for (int o = 0; o < kColumns; ++o) sums[o][i] = block.resume ? g[i * kLanes + o] : 0.0f;
  }
  Vector c[kColumns][kVectors];
  CHAINRULE_UNROLL for (int o = 0; o < kColumns; ++o) {
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) c[o][v] = hn::Load(tag, sums[o] + v * kLanes);
  }
  const std::size_t first = static_cast<std::size_t>(block.row_begin);
  const float* d = block.d + first * kLanes;
  x += first * x_width;
  for (int row = block.row_begin; row < block.row_end; ++row, x += x_width, d += kLanes) {
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
      const Vector of_x = hn::Load(tag, x + v * kLanes);
      CHAINRULE_UNROLL for (int o = 0; o < kColumns; ++o) c[o][v] = hn::MulAdd(of_x, hn::Set(tag, d[o]), c[o][v]);
    }
  }
  CHAINRULE_UNROLL for (int o = 0; o < kColumns; ++o) {
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) hn::Store(c[o][v], tag, sums[o] + v * kLanes);
  }
  for (int i = 0; i < inputs; ++i) {
    hn::Store(hn::Zero(tag), tag, g + i * kLanes);
    for (int o = 0; o < kColumns; ++o) g[i * kLanes + o] = sums[o][i];
  }
}

using NarrowGradient = void (*)(const GradientBlock&, const float*, std::size_t, int, int);
struct NarrowGradients {
  NarrowGradient of[kPanelVectors + 1][kMostNarrow + 1];
};
template <int kVectors, int kColumns>
constexpr void fill_narrow(NarrowGradients& table) {
  table.of[kVectors][kColumns] = narrow_gradient<kVectors, kColumns>;
  if constexpr (kColumns > 1) {
    fill_narrow<kVectors, kColumns - 1>(table);
  } else if constexpr (kVectors > 1) {
    fill_narrow<kVectors - 1, kMostNarrow>(table);
  }
}
constexpr NarrowGradients make_narrow() {
  NarrowGradients table{};
  fill_narrow<kPanelVectors, kMostNarrow>(table);
  return table;
}
constexpr NarrowGradients kNarrowGradients = make_narrow();

/// A block begins at a whole vector of its inputs.
void run_narrow_gradient(const GradientBlock& block) {
  const std::size_t size = static_cast<std::size_t>(block.k_end - block.k_begin) * kLanes;
  for (int i = 0; i < block.ahead_count; ++i) {
    for (std::size_t line = 0; line < size; line += 16) __builtin_prefetch(block.ahead[i] + line);
  }
  for (int k = block.k_begin; k < block.k_end;) {
    const int q = k / kPanel, end = (q + 1) * kPanel < block.k_end ? (q + 1) * kPanel : block.k_end;
    const int width = block.x_columns - q * kPanel < kPanel ? block.x_columns - q * kPanel : kPanel;
    kNarrowGradients.of[padded(end - k) / kLanes][block.columns](
        block, block.x + static_cast<std::size_t>(q) * block.x_stride + (k - q * kPanel), static_cast<std::size_t>(width), k, end - k);
    k = end;
  }
}

}  // namespace
}  // namespace chainrule::engine::cpu
