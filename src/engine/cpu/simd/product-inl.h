// Matrix products: register tiles over panels, every sum in ascending order (docs/arithmetic.md, items 2, 10 and 11), or pair by pair
// where operands are bf16 (kPairs).
#pragma once

#include "engine/cpu/simd/bf16-inl.h"
#include "engine/cpu/simd/kernel_table.h"
#include "engine/cpu/simd/narrow-inl.h"
#include "engine/cpu/simd/tiles-inl.h"

namespace chainrule::engine::cpu {
namespace {

// A slice of the sum over k that fits in the first-level cache: the b panel is read once per row tile.
constexpr int kDepthPanels = 4;
constexpr int kGradientRows = 96;
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

template <bool kPairs>
HWY_INLINE Vector step(Vector a, Vector b, Vector sum) {
  if constexpr (kPairs) return step_of_sum(a, b, sum);
  return hn::MulAdd(a, b, sum);
}

/// c[r][:] = fma(x(r), b[:], c[r][:]). What there is less of, rows or vectors, waits in registers.
template <int kRows, int kVectors, bool kPairs, class X>
HWY_INLINE void multiply_add(X x, const float* b, Vector (&c)[kRows][kVectors]) {
  const FloatTag tag;
  if constexpr (kRows < kVectors) {
    Vector of_row[kRows];
    CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) of_row[r] = x(r);
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
      const Vector column = hn::Load(tag, b + v * kLanes);
      CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) c[r][v] = step<kPairs>(of_row[r], column, c[r][v]);
    }
  } else {
    Vector column[kVectors];
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) column[v] = hn::Load(tag, b + v * kLanes);
    CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) {
      const Vector of_row = x(r);
      CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) c[r][v] = step<kPairs>(of_row, column[v], c[r][v]);
    }
  }
}

template <int kRows, int kVectors, bool kPairs>
HWY_INLINE const float* accumulate(const float* a, int a_width, int depth, const float* b,
                                   Vector (&c)[kRows][kVectors]) {
  const FloatTag tag;
  constexpr int kWidth = kVectors * kLanes;
  const auto add = [&](int k, const float* of_b) {
    multiply_add<kRows, kVectors, kPairs>([&](int r) { return hn::Set(tag, a[r * a_width + k]); }, of_b, c);
  };
  if constexpr (kPairs) {
#pragma GCC unroll 1
    for (int k = 0; k + 1 < depth; k += 2) {  // unrolled, it would spill sums
      add(k + 1, b + kWidth);
      add(k, b);
      b += 2 * kWidth;
    }
    if (depth % 2 == 0) return b;
    add_zero<kRows, kVectors>(c);
    add(depth - 1, b);
    return b + kWidth;
  }
#pragma GCC unroll 8
  for (int k = 0; k < depth; ++k) {
    add(k, b);
    b += kWidth;
  }
  return b;
}

HWY_INLINE void fetch_to_l2(const float* line) {
  __builtin_prefetch(line, 0, 2);  // a hint: past the end of the panel it does nothing
}

/// `tiles` tiles of kRows rows, from `row` on; each fetches `lines` cache lines of what comes next.
template <int kRows, int kVectors, bool kPairs>
HWY_NOINLINE void product_tiles(const Slice& slice, const Product& product, int row, int tiles, const float* next, int lines) {
  const FloatTag tag;
  constexpr std::size_t kTile = kRows * kVectors * kLanes;
  const std::size_t first = static_cast<std::size_t>(row), tail_width = static_cast<std::size_t>(slice.tail_width);
  float* out = product.c + first * kVectors * kLanes;
  const float* other = product.other + first * kVectors * kLanes;
  const float *panels = slice.a + first * kPanel, *tail = slice.tail + first * tail_width;
  for (; tiles > 0; --tiles, out += kTile, other += kTile, panels += kRows * kPanel, tail += kRows * tail_width) {
    for (int line = 0; line < lines; ++line, next += kLineFloats) fetch_to_l2(next);
    Vector c[kRows][kVectors];
    if (!slice.first) {
      CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) {
        CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) c[r][v] = hn::Load(tag, out + (r * kVectors + v) * kLanes);
      }
    } else {
      Vector start[kVectors];
      CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
        start[v] = product.start != nullptr ? hn::Load(tag, product.start + v * kLanes) : hn::Zero(tag);
        if constexpr (kPairs) start[v] = start_of_sum(start[v]);
      }
      CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) {
        CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) c[r][v] = start[v];
      }
    }
    const float *a = panels, *b = slice.b;
    for (int p = 0; p < slice.panels; ++p, a += slice.a_panel_stride) b = accumulate<kRows, kVectors, kPairs>(a, kPanel, kPanel, b, c);
    if (slice.tail_depth > 0) accumulate<kRows, kVectors, kPairs>(tail, slice.tail_width, slice.tail_depth, b, c);
    if constexpr (!kPairs) {
      if (slice.last) finish<kRows, kVectors>(product.epilogue, other, c);
    }
    CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) {
      CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) hn::Store(c[r][v], tag, out + (r * kVectors + v) * kLanes);
    }
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
template <int kRows, int kVectors, bool kFetch, bool kPairs>
HWY_INLINE void add_rows(const GradientBlock& block, const GradientRows& rows, int begin, int end, const float* ahead,
                         Vector (&c)[kRows][kVectors]) {
  const FloatTag tag;
  constexpr std::size_t kWidth = kVectors * kLanes;
  const std::size_t x_width = rows.x_width;
  const float* x = rows.x + static_cast<std::size_t>(begin) * x_width;
  const float* d = block.d + static_cast<std::size_t>(begin) * kWidth;
  const auto fetch_line = [&] {
    if constexpr (kFetch) {
      __builtin_prefetch(ahead);
      ahead += kLineFloats;
    }
  };
  const auto add = [&](const float* of_x, const float* of_d) {
    multiply_add<kRows, kVectors, kPairs>([&](int r) { return hn::Set(tag, of_x[r]); }, of_d, c);
  };
  if constexpr (kPairs) {
#pragma GCC unroll 1
    for (int row = begin; row + 1 < end; row += 2) {
      fetch_line();
      fetch_line();
      add(x + x_width, d + kWidth);
      add(x, d);
      x += 2 * x_width;
      d += 2 * kWidth;
    }
    if ((end - begin) % 2 == 0) return;
    add_zero<kRows, kVectors>(c);
    add(x, d);
    return;
  }
#pragma GCC unroll 4
  for (int row = begin; row < end; ++row) {
    fetch_line();
    add(x, d);
    x += x_width;
    d += kWidth;
  }
}

template <int kRows, int kVectors, bool kFetch, bool kPairs>
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
    constexpr int kStep = kPairs ? (kLines + 1) / 2 * 2 : kLines;  // pairs stay whole
    for (int i = 0; i < block.ahead_count; ++i) {
      const int end = std::min(row + kStep, rows.end);
      add_rows<kRows, kVectors, true, kPairs>(block, rows, row, end, block.ahead[i] + rows.at, c);
      row = end;
    }
  }
  add_rows<kRows, kVectors, false, kPairs>(block, rows, row, rows.end, nullptr, c);
  CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) {
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) hn::Store(c[r][v], tag, g + (r * kVectors + v) * kLanes);
  }
}

using ProductTiles = void (*)(const Slice&, const Product&, int, int, const float*, int);
using GradientTile = void (*)(const GradientBlock&, const GradientRows&);
struct Tiles {
  ProductTiles product[kPanelVectors + 1][kMostRows + 1];
  GradientTile gradient[kPanelVectors + 1][kMostRows + 1];
  GradientTile fetching_gradient[kPanelVectors + 1][kMostRows + 1];
};

template <bool kPairs, int kVectors, int kRows>
constexpr void fill_tiles(Tiles& tiles) {
  tiles.product[kVectors][kRows] = product_tiles<kRows, kVectors, kPairs>;
  tiles.gradient[kVectors][kRows] = gradient_tile<kRows, kVectors, false, kPairs>;
  tiles.fetching_gradient[kVectors][kRows] = gradient_tile<kRows, kVectors, true, kPairs>;
  if constexpr (kRows > 1) {
    fill_tiles<kPairs, kVectors, kRows - 1>(tiles);
  } else if constexpr (kVectors > 1) {
    fill_tiles<kPairs, kVectors - 1, kTileRows[kVectors - 1]>(tiles);
  }
}
template <bool kPairs>
constexpr Tiles make_tiles() {
  Tiles tiles{};
  fill_tiles<kPairs, kPanelVectors, kTileRows[kPanelVectors]>(tiles);
  return tiles;
}
template <bool kPairs>
constexpr Tiles kTiles = make_tiles<kPairs>();

template <bool kPairs>
void run_product(const Product& p) {
  const int vectors = p.width / kLanes;
  const int full = static_cast<int>(p.depth / kPanel), tail = static_cast<int>(p.depth % kPanel);
  const std::size_t width = static_cast<std::size_t>(p.width);
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
    const std::size_t coming = last ? p.depth * width - fetched : static_cast<std::size_t>(panels) * kPanel * width;
    const int most = kTileRows[vectors], tiles = (p.row_end - p.row_begin + most - 1) / most;
    const int lines = p.next_b == nullptr ? 0 : static_cast<int>(coming / kLineFloats) / std::max(tiles, 1) + 1;
    const float* next = p.next_b + fetched;
    for_tiles(p.row_begin, p.row_end, most, [&](int row, int size, int count) {
      kTiles<kPairs>.product[vectors][size](slice, p, row, count, next, lines);
      next += static_cast<std::ptrdiff_t>(lines * count * kLineFloats);
    });
    done += panels;
  } while (done < full);
}

void product(const Product& p) {
  Product rest = p;
  rest.row_begin = run_narrow_product(p);
  if (rest.row_begin < rest.row_end) run_product<false>(rest);
}

/// The operands are bf16; what follows the sums is fp32 arithmetic again.
void product_bf16(const Product& p) {
  {
    const Flushing flushing;
    run_product<true>(p);
  }
  finish_rows(p);
}

/// The inputs [k, k_end) of one panel, a slice of the rows at a time.
template <bool kPairs>
void gradient_panel(const GradientBlock& block, const float* x, int x_width, int k, int k_end) {
  const int vectors = block.width / kLanes, panel_begin = k / kPanel * kPanel;
  int row = block.row_begin;
  do {
    const int end = block.row_end - row < kGradientRows + kGradientRows / 2 ? block.row_end : row + kGradientRows;
    const bool fetch = block.ahead_count > 0 && end == block.row_end;
    const auto& kernels = fetch ? kTiles<kPairs>.fetching_gradient[vectors] : kTiles<kPairs>.gradient[vectors];
    const std::size_t at = static_cast<std::size_t>(k - block.k_begin) * static_cast<std::size_t>(block.width);
    GradientRows rows{x + (k - panel_begin), static_cast<std::size_t>(x_width), at, row, end, block.resume || row > block.row_begin};
    for_tiles(k, k_end, kTileRows[vectors], [&](int, int size, int tiles) {
      for (; tiles > 0; --tiles) {
        kernels[size](block, rows);
        rows.x += size;
        rows.at += static_cast<std::size_t>(size * block.width);
      }
    });
    row = end;
  } while (row < block.row_end);
}

template <bool kPairs>
void run_gradient(const GradientBlock& block) {
  for (int k = block.k_begin; k < block.k_end;) {
    const int q = k / kPanel, end = std::min((q + 1) * kPanel, block.k_end);
    gradient_panel<kPairs>(block, block.x + static_cast<std::size_t>(q) * block.x_stride, std::min(kPanel, block.x_columns - q * kPanel), k, end);
    k = end;
  }
}

void gradient(const GradientBlock& block) { is_narrow(block) ? run_narrow_gradient(block) : run_gradient<false>(block); }

void gradient_bf16(const GradientBlock& block) {
  const Flushing flushing;
  run_gradient<true>(block);
}

}  // namespace
}  // namespace chainrule::engine::cpu
