// Philox4x32-10 on vectors (the words of base/counter_rng.h) and what is made of them: dropout, noise, weight masks.
#pragma once

#include "engine/cpu/simd/kernel_table.h"
#include "engine/cpu/simd/panels-inl.h"
#include "math/dropout.h"

namespace chainrule::engine::cpu {
namespace {

using WordTag = hn::RebindToUnsigned<FloatTag>;
using WideTag = hn::Repartition<std::uint64_t, FloatTag>;
using Wide = hn::Vec<WideTag>;
constexpr int kWideLanes = kLanes / 2;

/// Four words of kWideLanes counters, each in the low half of a 64-bit lane; the high halves hold anything.
struct Counters {
  Wide w[4];
};

HWY_INLINE Wide product_64(Wide a, std::uint32_t factor) {
  const WordTag words;
  return hn::MulEven(hn::BitCast(words, a), hn::BitCast(words, hn::Set(WideTag(), factor)));
}

/// kCount independent sets of counters side by side: one alone waits for its products.
template <int kCount>
HWY_INLINE void philox(Counters (&c)[kCount], std::uint32_t key0, std::uint32_t key1) {
  const WideTag wide;
  for (int round = 0; round < 10; ++round) {
    const Wide k0 = hn::Set(wide, key0), k1 = hn::Set(wide, key1);
    CHAINRULE_UNROLL for (int i = 0; i < kCount; ++i) {
      Wide(&w)[4] = c[i].w;
      const Wide first = product_64(w[0], 0xD2511F53u), second = product_64(w[2], 0xCD9E8D57u);
      w[0] = hn::Xor(hn::Xor(hn::ShiftRight<32>(second), w[1]), k0);
      w[2] = hn::Xor(hn::Xor(hn::ShiftRight<32>(first), w[3]), k1);
      w[1] = second;
      w[3] = first;
    }
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
}

HWY_INLINE Wide low_half(Wide a) { return hn::And(a, hn::Set(WideTag(), 0xffffffffu)); }

/// kCount times kWideLanes blocks of four words each, from `block` on.
template <int kCount>
HWY_INLINE void draw_blocks(const DrawRow& place, std::size_t block, std::uint32_t* words) {
  const WideTag wide;
  Counters c[kCount];
  CHAINRULE_UNROLL for (int i = 0; i < kCount; ++i) {
    c[i] = {{hn::Iota(wide, block + static_cast<std::size_t>(i * kWideLanes)), hn::Set(wide, place.row), hn::Set(wide, place.step),
             hn::Set(wide, place.purpose_and_layer)}};
  }
  philox(c, place.key[0], place.key[1]);
  CHAINRULE_UNROLL for (int i = 0; i < kCount; ++i) {
    const Wide even = hn::Or(low_half(c[i].w[0]), hn::ShiftLeft<32>(c[i].w[1]));
    const Wide odd = hn::Or(low_half(c[i].w[2]), hn::ShiftLeft<32>(c[i].w[3]));
    hn::StoreInterleaved2(even, odd, wide, reinterpret_cast<std::uint64_t*>(words + 4 * (block + static_cast<std::size_t>(i * kWideLanes))));
  }
}

void draw(const DrawRow& shared, std::size_t count, std::uint32_t* words) {
  const DrawRow place = shared;  // a copy that no store of words can reach
  constexpr int kCount = 2;
  const std::size_t blocks = (count + 3) / 4;
  std::size_t block = 0;
  for (; block + kCount * kWideLanes <= blocks; block += kCount * kWideLanes) draw_blocks<kCount>(place, block, words);
  for (; block < blocks; block += kWideLanes) draw_blocks<1>(place, block, words);
}

void weight_mask(const DrawRow& place, std::uint32_t threshold, std::size_t first_unit, std::size_t depth, int width,
                 float* mask) {
  const WideTag wide;
  alignas(64) std::uint64_t words[kWideLanes];
  for (std::size_t k = 0; k < depth; k += 4) {
    for (int j = 0; j < width; j += kWideLanes) {
      Counters c[1] = {{{hn::Set(wide, k / 4), hn::Iota(wide, first_unit + static_cast<std::size_t>(j)), hn::Set(wide, place.step),
                         hn::Set(wide, place.purpose_and_layer)}}};
      philox(c, place.key[0], place.key[1]);
      for (std::size_t i = 0; i < 4 && k + i < depth; ++i) {
        hn::Store(low_half(c[0].w[i]), wide, words);
        float* out = mask + (k + i) * static_cast<std::size_t>(width) + j;
        for (int lane = 0; lane < kWideLanes; ++lane) out[lane] = words[lane] < threshold ? 0.0f : 1.0f;
      }
    }
  }
}

/// word >> 8 as a float.
HWY_INLINE Lanes upper_bits(const std::uint32_t* words) {
  const auto bits = hn::ShiftRight<8>(hn::LoadU(WordTag(), words));
  return {hn::ConvertTo(FloatTag(), hn::BitCast(IntTag(), bits))};
}
HWY_INLINE LaneMask below(const std::uint32_t* words, std::uint32_t threshold) {
  const IntTag ints;
  const auto flip = hn::Set(ints, static_cast<std::int32_t>(0x80000000u));
  const auto word = hn::Xor(hn::BitCast(ints, hn::LoadU(WordTag(), words)), flip);
  const auto limit = hn::Set(ints, static_cast<std::int32_t>(threshold ^ 0x80000000u));
  return {hn::RebindMask(FloatTag(), hn::Lt(word, limit))};
}

void noise(const std::uint32_t* words, float deviation, std::size_t size, float* x) {
  const Lanes d = Lanes::broadcast(deviation);
  for (std::size_t i = 0; i < size; i += kLanes)
    store(fma(d, math::normal_from_draw(upper_bits(words + i)), load(x + i)), x + i);
}

/// One vector of a row: returns m; value and slope change.
template <DropoutKind kKind>
HWY_INLINE Lanes drop(const math::DropoutConstants& c, const std::uint32_t* words, math::ValueSlope<Lanes>& a) {
  if constexpr (kKind == DropoutKind::gaussian) {
    const Lanes m = math::gaussian_factor(upper_bits(words), math::constant<Lanes>(c.deviation));
    a = {a.value * m, a.slope * m};
    return m;
  } else {
    const LaneMask dropped = below(words, c.threshold);
    const Lanes zero = Lanes::broadcast(0.0f);
    if constexpr (kKind == DropoutKind::alpha) {
      const Lanes scale = math::constant<Lanes>(c.alpha_scale);
      a = math::apply_alpha_dropout(a, dropped, scale, math::constant<Lanes>(c.alpha_shift),
                                    math::constant<Lanes>(c.alpha_value));
      return select(dropped, zero, scale);
    } else {
      const Lanes m = select(dropped, zero, math::constant<Lanes>(c.kept));
      a = {a.value * m, a.slope * m};
      return m;
    }
  }
}

template <DropoutKind kKind>
HWY_INLINE void drop_row(const DropoutRow& shared) {
  const DropoutRow row = shared;  // a copy that no store of floats can reach
  const math::DropoutConstants constants = *row.constants;
  const Lanes zero = Lanes::broadcast(0.0f);
  for (int j = 0; j < row.columns; j += kLanes) {
    const std::size_t at = element(row.row, j, row.columns, row.stride);
    math::ValueSlope<Lanes> a{load(row.value + at), row.factor != nullptr ? load(row.factor + at) : zero};
    const Lanes m = drop<kKind>(constants, row.words + j, a);
    store(a.value, row.value + at);
    if (row.factor != nullptr) store(a.slope, row.factor + at);
    if (row.mask != nullptr) store(m, row.mask + at);
  }
}

void dropout(const DropoutRow& row) {
  if (row.kind == DropoutKind::gaussian) {
    drop_row<DropoutKind::gaussian>(row);
  } else if (row.kind == DropoutKind::alpha) {
    drop_row<DropoutKind::alpha>(row);
  } else {
    drop_row<DropoutKind::inverted>(row);
  }
}

}  // namespace
}  // namespace chainrule::engine::cpu
