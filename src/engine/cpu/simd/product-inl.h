// Matrix products: register tiles over panels, every sum in ascending order (docs/arithmetic.md, items 2, 10 and 11).
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

// A slice of the sum over k that fits in the first-level cache: the b panel is read once per row tile.
constexpr int kDepthPanels = 4;
constexpr int kGradientRows = 128;
constexpr int kLineFloats = 16;  // a cache line

/// The part of a Product that one tile sees: full panels of a, then possibly a narrower last one.
struct Slice {
  const float* a;
  std::size_t a_panel_stride;
  int panels;
  const float* tail;
  int tail_depth, tail_width;
  const float* b;
  bool first, last;
};

/// c[r][:] = fma(x(r), b[:], c[r][:]). What there is less of, rows or vectors, waits in registers.
template <int kRows, int kVectors, class X>
HWY_INLINE void multiply_add(X x, const float* b, Vector (&c)[kRows][kVectors]) {
  const FloatTag tag;
  if constexpr (kRows < kVectors) {
    Vector of_row[kRows];
    CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) of_row[r] = x(r);
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
      const Vector column = hn::Load(tag, b + v * kLanes);
      CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) c[r][v] = hn::MulAdd(of_row[r], column, c[r][v]);
    }
  } else {
    Vector column[kVectors];
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) column[v] = hn::Load(tag, b + v * kLanes);
    CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) {
      const Vector of_row = x(r);
      CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) c[r][v] = hn::MulAdd(of_row, column[v], c[r][v]);
    }
  }
}

template <int kRows, int kVectors>
HWY_INLINE const float* accumulate(const float* a, int a_width, int depth, const float* b,
                                   Vector (&c)[kRows][kVectors]) {
  const FloatTag tag;
#pragma GCC unroll 8
  for (int k = 0; k < depth; ++k) {
    multiply_add<kRows, kVectors>([&](int r) { return hn::Set(tag, a[r * a_width + k]); }, b, c);
    b += kVectors * kLanes;
  }
  return b;
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

template <int kRows, int kVectors>
HWY_NOINLINE void product_tile(const Slice& slice, const Product& product, int row) {
  const FloatTag tag;
  Vector c[kRows][kVectors];
  const std::size_t at = static_cast<std::size_t>(row) * kVectors * kLanes;
  float* out = product.c + at;
  if (!slice.first) {
    CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) {
      CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) c[r][v] = hn::Load(tag, out + (r * kVectors + v) * kLanes);
    }
  } else {
    Vector start[kVectors];
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
      start[v] = product.start != nullptr ? hn::Load(tag, product.start + v * kLanes) : hn::Zero(tag);
    }
    CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) {
      CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) c[r][v] = start[v];
    }
  }
  const float* b = slice.b;
  const float* a = slice.a + static_cast<std::size_t>(row) * kPanel;
  for (int p = 0; p < slice.panels; ++p, a += slice.a_panel_stride)
    b = accumulate<kRows, kVectors>(a, kPanel, kPanel, b, c);
  if (slice.tail_depth > 0) {
    accumulate<kRows, kVectors>(slice.tail + static_cast<std::size_t>(row) * static_cast<std::size_t>(slice.tail_width),
                                slice.tail_width, slice.tail_depth, b, c);
  }
  if (slice.last) finish<kRows, kVectors>(product.epilogue, product.other + at, c);
  CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) {
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) hn::Store(c[r][v], tag, out + (r * kVectors + v) * kLanes);
  }
}

/// The sums of kRows inputs over some rows: x is [row, x_width], from the first of them on; `at` is their place in g.
struct GradientRows {
  const float* x;
  std::size_t x_width;
  std::size_t at;
  int begin, end;
  bool resume;
};

/// Adds rows [begin, end) to c, and fetches a line of `ahead` with every row.
template <int kRows, int kVectors, bool kFetch>
HWY_INLINE void add_rows(const GradientBlock& block, const GradientRows& rows, int begin, int end, const float* ahead,
                         Vector (&c)[kRows][kVectors]) {
  const FloatTag tag;
  constexpr std::size_t kWidth = kVectors * kLanes;
  const std::size_t x_width = rows.x_width;
  const float* x = rows.x + static_cast<std::size_t>(begin) * x_width;
  const float* d = block.d + static_cast<std::size_t>(begin) * kWidth;
#pragma GCC unroll 4
  for (int row = begin; row < end; ++row) {
    if constexpr (kFetch) {
      __builtin_prefetch(ahead);
      ahead += kLineFloats;
    }
    multiply_add<kRows, kVectors>([&](int r) { return hn::Set(tag, x[r]); }, d, c);
    x += x_width;
    d += kWidth;
  }
}

template <int kRows, int kVectors, bool kFetch>
HWY_NOINLINE void gradient_tile(const GradientBlock& block, const GradientRows& rows) {
  const FloatTag tag;
  Vector c[kRows][kVectors];
  float* g = block.g + rows.at;
  CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) {
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
      c[r][v] = rows.resume ? hn::Load(tag, g + (r * kVectors + v) * kLanes) : hn::Zero(tag);
    }
  }
  int row = rows.begin;
  if constexpr (kFetch) {  // what the optimiser needs next comes nearer: weights first, then state by state
    constexpr int kLines = (kRows * kVectors * kLanes + kLineFloats - 1) / kLineFloats;
    for (int i = 0; i < block.ahead_count; ++i) {
      const int end = std::min(row + kLines, rows.end);
      add_rows<kRows, kVectors, true>(block, rows, row, end, block.ahead[i] + rows.at, c);
      row = end;
    }
  }
  add_rows<kRows, kVectors, false>(block, rows, row, rows.end, nullptr, c);
  CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) {
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) hn::Store(c[r][v], tag, g + (r * kVectors + v) * kLanes);
  }
}

HWY_INLINE void fetch_to_l2(const float* line) {
  __builtin_prefetch(line, 0, 2);  // a hint: past the end of the panel it does nothing
}

using ProductTile = void (*)(const Slice&, const Product&, int);
using GradientTile = void (*)(const GradientBlock&, const GradientRows&);
struct Tiles {
  ProductTile product[kPanelVectors + 1][kMostRows + 1];
  GradientTile gradient[kPanelVectors + 1][kMostRows + 1];
  GradientTile fetching_gradient[kPanelVectors + 1][kMostRows + 1];
};

template <int kVectors, int kRows>
constexpr void fill_tiles(Tiles& tiles) {
  tiles.product[kVectors][kRows] = product_tile<kRows, kVectors>;
  tiles.gradient[kVectors][kRows] = gradient_tile<kRows, kVectors, false>;
  tiles.fetching_gradient[kVectors][kRows] = gradient_tile<kRows, kVectors, true>;
  if constexpr (kRows > 1) {
    fill_tiles<kVectors, kRows - 1>(tiles);
  } else if constexpr (kVectors > 1) {
    fill_tiles<kVectors - 1, kTileRows[kVectors - 1]>(tiles);
  }
}
constexpr Tiles make_tiles() {
  Tiles tiles{};
  fill_tiles<kPanelVectors, kTileRows[kPanelVectors]>(tiles);
  return tiles;
}
constexpr Tiles kTiles = make_tiles();

/// Cuts [begin, end) into equal tiles of at most `most` and calls tile(first, count).
template <class F>
HWY_INLINE void for_tiles(int begin, int end, int most, F tile) {
  const int size = end - begin, count = (size + most - 1) / most;
  if (count == 0) return;
  const int least = size / count, larger = size % count;  // one division: small tiles take no longer than some
  for (int i = 0, at = begin; i < count; ++i) {
    const int next = at + least + (i < larger ? 1 : 0);
    tile(at, next - at);
    at = next;
  }
}

void product(const Product& p) {
  const int vectors = p.width / kLanes;
  const int full = static_cast<int>(p.depth / kPanel), tail = static_cast<int>(p.depth % kPanel);
  const std::size_t width = static_cast<std::size_t>(p.width), rows = static_cast<std::size_t>(p.row_end - p.row_begin);
  int done = 0;
  do {
    const int panels = full - done < kDepthPanels + kDepthPanels / 2 ? full - done : kDepthPanels;
    const bool last = done + panels == full;
    const Slice slice{p.a + static_cast<std::size_t>(done) * p.a_stride,
                      p.a_stride,
                      panels,
                      p.a + static_cast<std::size_t>(full) * p.a_stride,
                      last ? tail : 0,
                      (tail + kLanes - 1) / kLanes * kLanes,
                      p.b + static_cast<std::size_t>(done) * kPanel * width,
                      done == 0 && !p.resume,
                      last};
    const std::size_t fetched = static_cast<std::size_t>(done) * kPanel * width;
    const std::size_t lines =
        p.next_b == nullptr
            ? 0
            : (last ? p.depth * width - fetched : static_cast<std::size_t>(panels) * kPanel * width) / 16;
    for_tiles(p.row_begin, p.row_end, kTileRows[vectors], [&](int row, int count) {
      if (lines > 0) {
        const std::size_t first = lines * static_cast<std::size_t>(row - p.row_begin) / rows;
        const std::size_t end = lines * static_cast<std::size_t>(row + count - p.row_begin) / rows;
        for (std::size_t line = first; line < end; ++line) fetch_to_l2(p.next_b + fetched + line * 16);
      }
      kTiles.product[vectors][count](slice, p, row);
    });
    done += panels;
  } while (done < full);
}

/// The inputs [k, k_end) of one panel, a slice of the rows at a time.
void gradient_panel(const GradientBlock& block, const float* x, int x_width, int k, int k_end) {
  const int vectors = block.width / kLanes, panel_begin = k / kPanel * kPanel;
  int row = block.row_begin;
  do {
    const int end = block.row_end - row < kGradientRows + kGradientRows / 2 ? block.row_end : row + kGradientRows;
    const bool fetch = block.ahead_count > 0 && end == block.row_end;
    const GradientTile* tiles = fetch ? kTiles.fetching_gradient[vectors] : kTiles.gradient[vectors];
    for_tiles(k, k_end, kTileRows[vectors], [&](int first, int count) {
      const std::size_t at = static_cast<std::size_t>(first - block.k_begin) * static_cast<std::size_t>(block.width);
      tiles[count](block, {x + (first - panel_begin), static_cast<std::size_t>(x_width), at, row, end,
                           block.resume || row > block.row_begin});
    });
    row = end;
  } while (row < block.row_end);
}

void gradient(const GradientBlock& block) {
  for (int k = block.k_begin; k < block.k_end;) {
    const int q = k / kPanel, end = std::min((q + 1) * kPanel, block.k_end);
    gradient_panel(block, block.x + static_cast<std::size_t>(q) * block.x_stride, std::min(kPanel, block.x_columns - q * kPanel), k, end);
    k = end;
  }
}

}  // namespace
}  // namespace chainrule::engine::cpu
