// Products of bf16 pairs in 32-bit words, as the instruction VDPBF16PS wants them: the operands of a product are packed
// for one call, its sums are tiles of words. Dot says how a word is added to a sum.
#pragma once

#include "engine/cpu/simd/bf16-inl.h"
#include "engine/cpu/simd/kernel_table.h"
#include "engine/cpu/simd/tiles-inl.h"

namespace chainrule::engine::cpu {
namespace {

using WordTag = hn::RebindToUnsigned<FloatTag>;
using Words = hn::Vec<WordTag>;

/// One word times one word by two fp32 instructions; the upper half is the odd element of the pair.
struct EmulatedDot {
  using Scope = Flushing;
  static HWY_INLINE Vector add(Vector sum, Words a, Words b) {
    const FloatTag floats;
    const Words upper = hn::Set(WordTag(), 0xffff0000u);
    sum = step_of_sum(hn::BitCast(floats, hn::And(a, upper)), hn::BitCast(floats, hn::And(b, upper)), sum);
    return step_of_sum(hn::BitCast(floats, hn::ShiftLeft<16>(a)), hn::BitCast(floats, hn::ShiftLeft<16>(b)), sum);
  }
};

HWY_INLINE Words pair_words(Words even, Words odd) {
  return hn::Or(hn::ShiftRight<16>(even), hn::And(odd, hn::Set(WordTag(), 0xffff0000u)));
}
HWY_INLINE std::uint32_t pair_word(const float* even, const float* odd) {
  return math::bits_of(*even) >> 16 | (odd == nullptr ? 0 : math::bits_of(*odd) & 0xffff0000u);
}

/// Two rows side by side: words[j] = (even[j], odd[j]) for j < count; odd null: zeros.
HWY_INLINE void pack_rows(const float* even, const float* odd, int count, std::uint32_t* words) {
  const FloatTag floats;
  const WordTag tag;
  int j = 0;
  for (; j + kLanes <= count; j += kLanes) {
    const Words upper = odd == nullptr ? hn::Zero(tag) : hn::BitCast(tag, hn::LoadU(floats, odd + j));
    hn::StoreU(pair_words(hn::BitCast(tag, hn::LoadU(floats, even + j)), upper), tag, words + j);
  }
  for (; j < count; ++j) words[j] = pair_word(even + j, odd == nullptr ? nullptr : odd + j);
}

/// Neighbours in a row: words[i] = (row[2i], row[2i + 1]) for 2i < count, an odd count ends with zero.
HWY_INLINE void pack_neighbours(const float* row, int count, std::uint32_t* words) {
  const FloatTag floats;
  const WordTag tag;
  int k = 0;
  for (; k + 2 * kLanes <= count; k += 2 * kLanes) {
    const Words low = hn::BitCast(tag, hn::LoadU(floats, row + k)), high = hn::BitCast(tag, hn::LoadU(floats, row + k + kLanes));
    hn::StoreU(pair_words(hn::ConcatEven(tag, high, low), hn::ConcatOdd(tag, high, low)), tag, words + k / 2);
  }
  for (; k < count; k += 2) words[k / 2] = pair_word(row + k, k + 1 < count ? row + k + 1 : nullptr);
}

/// out[r, :] += the words a[r * a_row + i * a_pair] times b[i, :], i ascending.
struct PackedTile {
  const std::uint32_t* a;
  std::size_t a_row, a_pair;
  const std::uint32_t* b;
  int pairs;
  bool resume;         ///< from what out holds, else from `start`
  const float* start;  ///< null: zeros
  float* out;
};

template <class Dot, int kRows, int kVectors>
HWY_NOINLINE void packed_tile(const PackedTile& given) {
  const PackedTile tile = given;
  const FloatTag tag;
  const WordTag words;
  Vector c[kRows][kVectors];
  CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) {
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) {
      c[r][v] = tile.resume             ? hn::Load(tag, tile.out + (r * kVectors + v) * kLanes)
                : tile.start == nullptr ? hn::Zero(tag)
                                        : start_of_sum(hn::Load(tag, tile.start + v * kLanes));
    }
  }
  const std::uint32_t *a = tile.a, *b = tile.b;
  for (int i = 0; i < tile.pairs; ++i, a += tile.a_pair, b += kVectors * kLanes) {
    Words column[kVectors];
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) column[v] = hn::Load(words, b + v * kLanes);
    CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) {
      const Words x = hn::Set(words, a[static_cast<std::size_t>(r) * tile.a_row]);
      CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) c[r][v] = Dot::add(c[r][v], x, column[v]);
    }
  }
  CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) {
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) hn::Store(c[r][v], tag, tile.out + (r * kVectors + v) * kLanes);
  }
}

struct PackedTiles {
  void (*tile[kPanelVectors + 1][kMostRows + 1])(const PackedTile&);
};
template <class Dot, int kVectors, int kRows>
constexpr void fill_packed_tiles(PackedTiles& tiles) {
  tiles.tile[kVectors][kRows] = packed_tile<Dot, kRows, kVectors>;
  if constexpr (kRows > 1) {
    fill_packed_tiles<Dot, kVectors, kRows - 1>(tiles);
  } else if constexpr (kVectors > 1) {
    fill_packed_tiles<Dot, kVectors - 1, kTileRows[kVectors - 1]>(tiles);
  }
}
template <class Dot>
constexpr PackedTiles make_packed_tiles() {
  PackedTiles tiles{};
  fill_packed_tiles<Dot, kPanelVectors, kTileRows[kPanelVectors]>(tiles);
  return tiles;
}
template <class Dot>
constexpr PackedTiles kPackedTiles = make_packed_tiles<Dot>();

constexpr int kPackedDepth = 256;  // inputs packed at a time: whole panels, an even number
constexpr int kPackedRows = 128;   // rows of a gradient packed at a time: even

/// Inputs [from, end) of rows [row, row + count), one after the other.
HWY_INLINE void pack_inputs(const Product& p, int from, int end, int row, int count, std::uint32_t* words) {
  for (int r = row; r < row + count; ++r, words += kPackedDepth / 2) {
    for (int k = from; k < end; k += kPanel) {
      const int depth = static_cast<int>(p.depth), rest = depth - k;
      const std::size_t width = static_cast<std::size_t>(rest >= kPanel ? kPanel : padded(rest));
      const float* inputs = p.a + static_cast<std::size_t>(k / kPanel) * p.a_stride + static_cast<std::size_t>(r) * width;
      pack_neighbours(inputs, rest < kPanel ? rest : kPanel, words + (k - from) / 2);
    }
  }
}

template <class Dot>
void run_packed_product(const Product& given) {
  const Product p = given;
  const typename Dot::Scope scope;
  alignas(64) std::uint32_t b[kPackedDepth / 2 * kPanel], a[kMostRows * kPackedDepth / 2];
  const int depth = static_cast<int>(p.depth), vectors = p.width / kLanes;
  const std::size_t width = static_cast<std::size_t>(p.width);
  for (int from = 0; from < depth; from += kPackedDepth) {
    const int end = from + kPackedDepth < depth ? from + kPackedDepth : depth;
    for (int k = from; k < end; k += 2) {
      const float* even = p.b + static_cast<std::size_t>(k) * width;
      pack_rows(even, k + 1 < end ? even + width : nullptr, p.width, b + static_cast<std::size_t>((k - from) / 2) * width);
    }
    for_tiles(p.row_begin, p.row_end, kTileRows[vectors], [&](int first, int size, int tiles) {
      for (int row = first; tiles > 0; --tiles, row += size) {
        pack_inputs(p, from, end, row, size, a);
        kPackedTiles<Dot>.tile[vectors][size]({a, kPackedDepth / 2, 1, b, (end - from + 1) / 2, p.resume || from > 0, p.start,
                                               p.c + static_cast<std::size_t>(row) * width});
      }
    });
  }
}

template <class Dot>
void packed_product(const Product& p) {
  run_packed_product<Dot>(p);
  finish_rows(p);
}

/// The inputs [k, end) of one panel over some rows.
template <class Dot>
void packed_gradient_panel(const GradientBlock& block, int k, int end, int row_begin, int row_end, const std::uint32_t* d) {
  alignas(64) std::uint32_t x[kPackedRows / 2 * kPanel];
  const int q = k / kPanel, vectors = block.width / kLanes;
  const int panel = block.x_columns - q * kPanel < kPanel ? block.x_columns - q * kPanel : kPanel;
  const float* inputs = block.x + static_cast<std::size_t>(q) * block.x_stride + (k - q * kPanel);
  for (int row = row_begin; row < row_end; row += 2) {
    const float* even = inputs + static_cast<std::size_t>(row) * static_cast<std::size_t>(panel);
    pack_rows(even, row + 1 < row_end ? even + panel : nullptr, end - k, x + (row - row_begin) / 2 * kPanel);
  }
  for_tiles(k, end, kTileRows[vectors], [&](int first, int size, int tiles) {
    for (int at = first; tiles > 0; --tiles, at += size) {
      kPackedTiles<Dot>.tile[vectors][size](
          {x + (at - k), 1, kPanel, d, (row_end - row_begin + 1) / 2, block.resume || row_begin > block.row_begin, nullptr,
           block.g + static_cast<std::size_t>(at - block.k_begin) * static_cast<std::size_t>(block.width)});
    }
  });
}

template <class Dot>
void packed_gradient(const GradientBlock& given) {
  const GradientBlock block = given;
  const typename Dot::Scope scope;
  alignas(64) std::uint32_t d[kPackedRows / 2 * kPanel];
  const std::size_t width = static_cast<std::size_t>(block.width);
  int row = block.row_begin;
  do {  // also for no rows at all: the gradient is 0 then
    const int row_end = row + kPackedRows < block.row_end ? row + kPackedRows : block.row_end;
    for (int r = row; r < row_end; r += 2) {
      const float* even = block.d + static_cast<std::size_t>(r) * width;
      pack_rows(even, r + 1 < row_end ? even + width : nullptr, block.width, d + static_cast<std::size_t>((r - row) / 2) * width);
    }
    for (int k = block.k_begin; k < block.k_end;) {
      const int end = (k / kPanel + 1) * kPanel < block.k_end ? (k / kPanel + 1) * kPanel : block.k_end;
      packed_gradient_panel<Dot>(block, k, end, row, row_end, d);
      k = end;
    }
    row = row_end;
  } while (row < block.row_end);
}

template <class Dot>
HWY_NOINLINE void add_lanes(const std::uint32_t* a, const std::uint32_t* b, float* sums) {
  const WordTag words;
  const Vector sum = hn::LoadU(FloatTag(), sums);
  hn::StoreU(Dot::add(sum, hn::LoadU(words, a), hn::LoadU(words, b)), FloatTag(), sums);
}

/// sums[i] += the pair a[i] times the pair b[i], for 16 lanes.
template <class Dot>
void add_pair_words(const std::uint32_t* a, const std::uint32_t* b, float* sums) {
  const typename Dot::Scope scope;
  for (int i = 0; i < 16; i += kLanes) add_lanes<Dot>(a + i, b + i, sums + i);
}

}  // namespace
}  // namespace chainrule::engine::cpu
