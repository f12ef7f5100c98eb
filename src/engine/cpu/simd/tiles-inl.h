// What all matrix products share: how rows are cut into register tiles, and what happens to a finished sum.
#pragma once

#include "engine/cpu/simd/kernel_table.h"
#include "engine/cpu/simd/panels-inl.h"
#include "math/activations.h"

namespace chainrule::engine::cpu {
namespace {

// Rows per tile: as many accumulators as registers hold besides one row of b and a broadcast, or, with fewer rows than vectors, besides one
// broadcast per row and one vector of b. AVX2 has 16 registers, the others have 32.
#if HWY_TARGET == HWY_AVX2
constexpr int kTileRows[kPanelVectors + 1] = {0, 12, 6, 3, 3};
#else
constexpr int kTileRows[kPanelVectors + 1] = {0, 14, 12, 8, 6};
#endif
constexpr int kMostRows = 14;

/// Cuts [begin, end) into equal tiles of at most `most` (their sizes differ by one at most) and calls run(first, size, tiles) per size.
template <class F>
HWY_INLINE void for_tiles(int begin, int end, int most, F run) {
  const int size = end - begin, count = (size + most - 1) / most;
  if (count == 0) return;
  const int least = size / count, larger = size % count;
  if (larger > 0) run(begin, least + 1, larger);
  run(begin + larger * (least + 1), least, count - larger);
}

template <int kRows, int kVectors>
HWY_INLINE void finish(Epilogue epilogue, const float* other, Vector (&c)[kRows][kVectors]) {
  const FloatTag tag;
  using math::activate;
  const Lanes zero = Lanes::broadcast(0.0f);
  if (epilogue == Epilogue::relu) {
    CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) {
      CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) c[r][v] =
          activate<Activation::relu>(Lanes{c[r][v]}, zero).value.v;
    }
  } else if (epilogue == Epilogue::relu_factor) {
    CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) {
      CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
        const Lanes value = load(other + (r * kVectors + v) * kLanes);  // the slope at relu(z) is that at z
        c[r][v] = (Lanes{c[r][v]} * activate<Activation::relu>(value, zero).slope).v;
      }
    }
  } else if (epilogue == Epilogue::factor) {
    CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) {
      CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
        c[r][v] = hn::Mul(c[r][v], hn::Load(tag, other + (r * kVectors + v) * kLanes));
      }
    }
  }
}

/// The epilogue of a product whose sums are stored already.
HWY_INLINE void finish_rows(const Product& given) {
  const Product p = given;
  const std::size_t width = static_cast<std::size_t>(p.width), end = static_cast<std::size_t>(p.row_end) * width;
  for (std::size_t i = static_cast<std::size_t>(p.row_begin) * width; p.epilogue != Epilogue::none && i < end; i += kLanes) {
    Vector c[1][1] = {{hn::Load(FloatTag(), p.c + i)}};
    finish<1, 1>(p.epilogue, p.other == nullptr ? nullptr : p.other + i, c);
    hn::Store(c[0][0], FloatTag(), p.c + i);
  }
}

}  // namespace
}  // namespace chainrule::engine::cpu
