// Layers with few outputs, which would leave most of a vector to padding: rows across lanes for their values, inputs for the gradients of their weights.
#pragma once

#include "engine/cpu/simd/kernel_table.h"
#include "engine/cpu/simd/tiles-inl.h"

namespace chainrule::engine::cpu {
namespace {

/// Outputs that are few: no more than half a vector, and all sums of a panel of inputs fit into registers.
constexpr int kMostNarrow = HWY_TARGET == HWY_AVX2 ? 3 : kLanes / 2 < 6 ? kLanes / 2 : 6;

template <class Work>
HWY_INLINE bool is_narrow(const Work& work) {
  return work.width == kLanes && work.columns <= kMostNarrow;
}

/// Lane j of r[i] becomes lane i of r[j].
HWY_INLINE void transpose_square(Vector (&r)[kLanes]) {
  const FloatTag tag;
  const hn::Repartition<double, FloatTag> pairs;
  CHAINRULE_UNROLL for (int i = 0; i < kLanes; i += 4) {  // 4 x 4 in each block of 128 bits
    const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(tag, r[i], r[i + 1]));
    const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(tag, r[i + 2], r[i + 3]));
    const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(tag, r[i], r[i + 1]));
    const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(tag, r[i + 2], r[i + 3]));
    r[i] = hn::BitCast(tag, hn::InterleaveLower(pairs, low01, low23));
    r[i + 1] = hn::BitCast(tag, hn::InterleaveUpper(pairs, low01, low23));
    r[i + 2] = hn::BitCast(tag, hn::InterleaveLower(pairs, high01, high23));
    r[i + 3] = hn::BitCast(tag, hn::InterleaveUpper(pairs, high01, high23));
  }
  if constexpr (kLanes == 8) {
    CHAINRULE_UNROLL for (int i = 0; i < 4; ++i) {
      const Vector low = r[i], high = r[i + 4];
      r[i] = hn::ConcatLowerLower(tag, high, low);
      r[i + 4] = hn::ConcatUpperUpper(tag, high, low);
    }
  }
}

/// kGroups times kLanes rows from `row` on; the chains are those of product_tiles.
template <int kColumns, int kGroups>
HWY_NOINLINE void narrow_product(const Product& p, int row) {
  const FloatTag tag;
  const std::size_t first = static_cast<std::size_t>(row);
  float* out = p.c + first * kLanes;
  alignas(64) float sums[kColumns][kGroups * kLanes];
  for (int o = 0; o < kColumns; ++o) {
    for (int i = 0; i < kGroups * kLanes; ++i) sums[o][i] = p.resume ? out[i * kLanes + o] : p.start != nullptr ? p.start[o] : 0.0f;
  }
  Vector c[kColumns][kGroups];
  CHAINRULE_UNROLL for (int o = 0; o < kColumns; ++o) {
    CHAINRULE_UNROLL for (int g = 0; g < kGroups; ++g) c[o][g] = hn::Load(tag, sums[o] + g * kLanes);
  }
  const float* b = p.b;
  const std::size_t depth = p.depth;
  for (std::size_t begin = 0; begin < depth; begin += kPanel) {
    const std::size_t inputs = std::min<std::size_t>(kPanel, depth - begin), width = (inputs + kLanes - 1) / kLanes * kLanes;
    const float* a = p.a + begin / kPanel * p.a_stride + first * width;
    std::size_t k = 0;
    for (; k + kLanes <= inputs; k += kLanes, b += kLanes * kLanes) {
      CHAINRULE_UNROLL for (int g = 0; g < kGroups; ++g) {
        Vector r[kLanes];
        CHAINRULE_UNROLL for (int i = 0; i < kLanes; ++i) r[i] = hn::Load(tag, a + (g * kLanes + i) * width + k);
        transpose_square(r);
        CHAINRULE_UNROLL for (int j = 0; j < kLanes; ++j) {
          CHAINRULE_UNROLL for (int o = 0; o < kColumns; ++o) c[o][g] = hn::MulAdd(r[j], hn::Set(tag, b[j * kLanes + o]), c[o][g]);
        }
      }
    }
    for (; k < inputs; ++k, b += kLanes) {
      CHAINRULE_UNROLL for (int g = 0; g < kGroups; ++g) {
        alignas(64) float of_k[kLanes];
        for (int i = 0; i < kLanes; ++i) of_k[i] = a[(g * kLanes + i) * width + k];
        CHAINRULE_UNROLL for (int o = 0; o < kColumns; ++o) c[o][g] = hn::MulAdd(hn::Load(tag, of_k), hn::Set(tag, b[o]), c[o][g]);
      }
    }
  }
  CHAINRULE_UNROLL for (int o = 0; o < kColumns; ++o) {
    CHAINRULE_UNROLL for (int g = 0; g < kGroups; ++g) hn::Store(c[o][g], tag, sums[o] + g * kLanes);
  }
  for (int i = 0; i < kGroups * kLanes; ++i) {
    hn::Store(hn::Zero(tag), tag, out + i * kLanes);
    for (int o = 0; o < kColumns; ++o) out[i * kLanes + o] = sums[o][i];
  }
  if (p.epilogue == Epilogue::none) return;
  Product rows = p;
  rows.row_begin = row, rows.row_end = row + kGroups * kLanes;
  finish_rows(rows);
}

template <int kColumns>
HWY_INLINE int narrow_rows(const Product& p) {
  constexpr int kGroups = kColumns == 1 ? 4 : 2;  // chains enough to wait for each other's latency
  int row = p.row_begin;
  for (; row + kGroups * kLanes <= p.row_end; row += kGroups * kLanes) narrow_product<kColumns, kGroups>(p, row);
  for (; row + kLanes <= p.row_end; row += kLanes) narrow_product<kColumns, 1>(p, row);
  return row;
}

/// Takes whole vectors of rows; returns the first row left over. Not on AVX-512, where nobody has seen it run.
int run_narrow_product(const Product& p) {
  if constexpr (kLanes <= 8) {
    if (is_narrow(p) && p.columns == 1) return narrow_rows<1>(p);
    if (is_narrow(p) && p.columns == 2) return narrow_rows<2>(p);
    if (kMostNarrow > 2 && is_narrow(p) && p.columns == 3) return narrow_rows<3>(p);
  }
  return p.row_begin;
}

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
