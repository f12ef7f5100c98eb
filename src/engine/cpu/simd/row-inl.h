// Products of one row, units across lanes, that leave out terms of zero: what predicting one row and an online step share.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <type_traits>

#include "engine/cpu/simd/kernel_table.h"
#include "engine/cpu/simd/panels-inl.h"
#include "hwy/cache_control.h"
#include "math/activations.h"

namespace chainrule::engine::cpu {
namespace {

/// Calls f(panels, vectors, first column, first panel) for groups of at most kMost full panels, then for the narrower
/// last one; the first two are constants.
template <int kMost, class F>
HWY_INLINE void for_panel_groups(int columns, F f) {
  using Full = std::integral_constant<int, kPanelVectors>;
  unsigned vectors = (static_cast<unsigned>(columns) + kLanes - 1) / kLanes;
  int p = 0;
  for (; vectors >= kMost * kPanelVectors; vectors -= kMost * kPanelVectors, p += kMost)
    f(std::integral_constant<int, kMost>(), Full(), p * kPanel, p);
  for (; kMost > 1 && vectors >= kPanelVectors; vectors -= kPanelVectors, ++p)
    f(std::integral_constant<int, 1>(), Full(), p * kPanel, p);
  static_assert(kPanelVectors == 4 && kMost <= 2);
  if (vectors == 1) f(std::integral_constant<int, 1>(), std::integral_constant<int, 1>(), p * kPanel, p);
  if (vectors == 2) f(std::integral_constant<int, 1>(), std::integral_constant<int, 2>(), p * kPanel, p);
  if (vectors == 3) f(std::integral_constant<int, 1>(), std::integral_constant<int, 3>(), p * kPanel, p);
}

constexpr std::size_t kFetchAhead = 16;           // rows of a list
constexpr int kForwardPanels = 8 / kPanelVectors;  // eight sums at once hide the latency of the additions
constexpr int kUpdatePanels = 4 / kPanelVectors;   // here registers hold as many inputs besides

// A product with zero changes no sum and no weight as long as weights are finite, but for the sign of a zero, which
// never reaches a weight. So inputs that are zero, half of what a relu makes, are left out.

/// Calls f(k) for every k < count whose bit is set, ascending.
template <class F>
HWY_INLINE void for_each_bit(const std::uint64_t* words, int count, F f) {
  for (int first = 0; first < count; first += 64) {
    for (std::uint64_t left = words[first / 64]; left != 0; left &= left - 1)
      f(static_cast<std::size_t>(first) + static_cast<std::size_t>(std::countr_zero(left)));
  }
}

/// Row k of a panel, as one register: GCC would compute the address of each of its vectors apart.
template <class T>
HWY_INLINE T* row_of(T* panel, std::size_t k, std::size_t width) {
  T* row = panel + k * width;
  asm("" : "+r"(row));
  return row;
}

/// Bit i: lane i is not 0; NaN is not, which hn::Ne would deny.
HWY_INLINE std::uint64_t active_bits(Vector a) {
  static_assert(kLanes <= 16);
  constexpr std::uint64_t kAll = (std::uint64_t{1} << kLanes) - 1;
  std::uint8_t zeros[8];
  hn::StoreMaskBits(FloatTag(), hn::Eq(a, hn::Zero(FloatTag())), zeros);
  if constexpr (kLanes == 16) return (zeros[0] | static_cast<std::uint64_t>(zeros[1]) << 8) ^ kAll;
  return zeros[0] ^ kAll;
}
/// The first `count` of a vector's floats, the others 0; reads no others.
HWY_INLINE Vector load_first(const float* from, int count) {
  if (count >= kLanes) return hn::LoadU(FloatTag(), from);
#if HWY_MEM_OPS_MIGHT_FAULT
  alignas(64) float values[kLanes] = {};
  for (int i = 0; i < count; ++i) values[i] = from[i];
  return hn::Load(FloatTag(), values);
#else
  return hn::MaskedLoad(first_lanes(count).m, FloatTag(), from);
#endif
}

/// Bit k: value k is not 0 (NaN is not).
HWY_INLINE void find_active(const float* values, int count, std::uint64_t* words) {
  constexpr int kVectors = 64 / kLanes;
  for (int first = 0; first < count; first += 64) {
    std::uint64_t word = 0;
    for (int v = 0; v < kVectors && first + v * kLanes < count; ++v) {
      const int at = first + v * kLanes;
      word |= active_bits(load_first(values + at, count - at)) << (v * kLanes);
    }
    words[first / 64] = word;
  }
}

HWY_INLINE void mark_all(int count, std::uint64_t* words) {
  for (int first = 0; first < count; first += 64)
    words[first / 64] = count - first >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << (count - first)) - 1;
}

/// Items 2 and 11 for one row: every column's sum over those k, ascending, with which `each` calls its argument (a second
/// one says which row to fetch ahead); done(sums, first column) gets up to eight vectors of them.
template <class Each, class Done>
HWY_INLINE void row_sums(const float* a, std::size_t depth, const float* weights, const float* start, int columns,
                         Each each, Done done) {
  const FloatTag tag;
  for_panel_groups<kForwardPanels>(columns, [&](auto panels, auto vectors, int column, int p) {
    constexpr int kPanels = panels(), kVectors = vectors();
    constexpr std::size_t kWidth = kVectors * kLanes;
    const std::size_t stride = depth * kPanel;
    const float* w = weights + static_cast<std::size_t>(p) * stride;
    Vector c[kPanels * kVectors];
    CHAINRULE_UNROLL for (int v = 0; v < kPanels * kVectors; ++v) c[v] =
        start == nullptr ? hn::Zero(tag) : hn::Load(tag, start + column + v * kLanes);
    each([&](std::size_t k, auto... ahead) {
      if constexpr (sizeof...(ahead) == 1) {
        constexpr int kVectorsOfLine = 16 / kLanes > 0 ? 16 / kLanes : 1;
        const float* to = w + (ahead + ...) * kWidth;
        CHAINRULE_UNROLL for (int i = 0; i < kPanels; ++i) {
          CHAINRULE_UNROLL for (int v = 0; v < kVectors; v += kVectorsOfLine)
              hwy::Prefetch(to + static_cast<std::size_t>(i) * stride + v * kLanes);
        }
      }
      const Vector x = hn::Set(tag, a[k]);
      const float* row = row_of(w, k, kWidth);
      CHAINRULE_UNROLL for (int i = 0; i < kPanels; ++i) {
        CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) c[i * kVectors + v] =
            hn::MulAdd(x, hn::Load(tag, row + static_cast<std::size_t>(i) * stride + v * kLanes), c[i * kVectors + v]);
      }
    });
    done(c, column);
  });
}

HWY_INLINE Vector relu_of(Vector z) { return math::activate<Activation::relu>(Lanes{z}, Lanes{z}).value.v; }
HWY_INLINE Vector relu_slope(Vector z) { return math::activate<Activation::relu>(Lanes{z}, Lanes{z}).slope.v; }

/// Where the bits of a byte are that are set, for each byte.
struct BitPositions {
  std::uint8_t of[256][8] = {};
  constexpr BitPositions() {
    for (int byte = 0; byte < 256; ++byte) {
      for (int bit = 0, found = 0; bit < 8; ++bit)
        if ((byte >> bit & 1) != 0) of[byte][found++] = static_cast<std::uint8_t>(bit);
    }
  }
};
constexpr BitPositions kPositions;

/// Which k are not zero, as a list; returns how many. With few zeros all k count, and there is no list.
HWY_INLINE std::size_t list_active(const float* a, std::size_t depth, std::uint32_t* list) {
  constexpr int kFewest = 16;  // of as many inputs one must be 0 for the list to pay
  const hn::CappedTag<std::uint32_t, 8> tag;
  constexpr int kIndices = kLanes < 8 ? kLanes : 8;
  const hn::Rebind<std::uint8_t, decltype(tag)> bytes;
  std::size_t count = 0;
  for (std::size_t first = 0; first < depth; first += 64) {
    std::uint64_t word = 0;
    find_active(a + first, depth - first < 64 ? static_cast<int>(depth - first) : 64, &word);
    for (std::size_t k = first; word != 0; k += 8, word >>= 8) {
      const std::uint64_t byte = word & 255;
      for (int i = 0; i < 8; i += kIndices) {
        const auto at = hn::PromoteTo(tag, hn::LoadU(bytes, kPositions.of[byte] + i));
        hn::StoreU(hn::Add(at, hn::Set(tag, static_cast<std::uint32_t>(k))), tag, list + count + static_cast<std::size_t>(i));
      }
      count += static_cast<std::size_t>(std::popcount(byte));
    }
  }
  if (depth - count < depth / kFewest + 1) return depth;
  std::fill_n(list + count, kFetchAhead, 0u);
  return count;
}

/// The sums of rows that lie whole, four of them at once so that a column's sum is loaded and stored once for
/// four terms. Fetches the next four ahead.
HWY_INLINE void whole_row_sums(const RowProduct& row, std::size_t count) {
  constexpr int kRows = 4, kLine = 16 / kLanes > 0 ? 16 / kLanes : 1;
  const FloatTag tag;
  const int columns = padded(row.columns);
  const std::size_t stride = static_cast<std::size_t>(columns);
  for (int j = 0; j < columns; j += kLanes) hn::Store(row.start == nullptr ? hn::Zero(tag) : hn::Load(tag, row.start + j), tag, row.out + j);
  std::size_t i = 0;
  for (; i + kRows <= count; i += kRows) {
    Vector x[kRows];
    const float *w[kRows], *next[kRows];
    CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) {
      const std::size_t at = static_cast<std::size_t>(r) + i;
      x[r] = hn::Set(tag, row.a[row.list[at]]);
      w[r] = row.whole + row.list[at] * stride;
      next[r] = row.whole + row.list[at + kRows] * stride;
    }
    int j = 0;
    for (; j + kLine * kLanes <= columns; j += kLine * kLanes) {
      CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) hwy::Prefetch(next[r] + j);
      CHAINRULE_UNROLL for (int v = 0; v < kLine; ++v) {
        Vector c = hn::Load(tag, row.out + j + v * kLanes);
        CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) c = hn::MulAdd(x[r], hn::Load(tag, w[r] + j + v * kLanes), c);
        hn::Store(c, tag, row.out + j + v * kLanes);
      }
    }
    for (; j < columns; j += kLanes) {
      Vector c = hn::Load(tag, row.out + j);
      CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) c = hn::MulAdd(x[r], hn::Load(tag, w[r] + j), c);
      hn::Store(c, tag, row.out + j);
    }
  }
  for (; i < count; ++i) {
    const Vector x = hn::Set(tag, row.a[row.list[i]]);
    const float* w = row.whole + row.list[i] * stride;
    for (int j = 0; j < columns; j += kLanes) hn::Store(hn::MulAdd(x, hn::Load(tag, w + j), hn::Load(tag, row.out + j)), tag, row.out + j);
  }
  for (int j = 0; row.relu && j < columns; j += kLanes) hn::Store(relu_of(hn::Load(tag, row.out + j)), tag, row.out + j);
}

void row_product(const RowProduct& given) {
  const RowProduct row = given;
  const std::size_t count = row.list == nullptr ? row.depth : list_active(row.a, row.depth, row.list);
  const auto done = [&](const auto& c, int column) {
    CHAINRULE_UNROLL for (std::size_t v = 0; v < std::extent_v<std::remove_reference_t<decltype(c)>>; ++v)
        hn::Store(row.relu ? relu_of(c[v]) : c[v], FloatTag(), row.out + column + v * kLanes);
  };
  if (count == row.depth) {
    const auto each = [&](auto f) {
      for (std::size_t k = 0; k < row.depth; ++k) f(k);
    };
    row_sums(row.a, row.depth, row.w, row.start, row.columns, each, done);
  } else if (row.whole != nullptr) {
    whole_row_sums(row, count);
  } else {
    const auto each = [&](auto f) {
      for (std::size_t i = 0; i < count; ++i) f(row.list[i], std::size_t{row.list[i + kFetchAhead]});
    };
    row_sums(row.a, row.depth, row.w, row.start, row.columns, each, done);
  }
}

}  // namespace
}  // namespace chainrule::engine::cpu
