// The transposed copy of a block of weights, 4 x 4 at a time.
#pragma once

#include "engine/cpu/simd/lanes-inl.h"

namespace chainrule::engine::cpu {
namespace {

HWY_INLINE void transpose_4x4(const float* from, std::size_t width, float* to, std::size_t to_width) {
  const hn::FixedTag<float, 4> tag;
  const hn::Repartition<double, decltype(tag)> pairs;
  const auto r0 = hn::LoadU(tag, from), r1 = hn::LoadU(tag, from + width);
  const auto r2 = hn::LoadU(tag, from + 2 * width), r3 = hn::LoadU(tag, from + 3 * width);
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(tag, r0, r1));  // 00 10 01 11
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(tag, r2, r3));
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(tag, r0, r1));  // 02 12 03 13
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(tag, r2, r3));
  hn::StoreU(hn::BitCast(tag, hn::InterleaveLower(pairs, low01, low23)), tag, to);
  hn::StoreU(hn::BitCast(tag, hn::InterleaveUpper(pairs, low01, low23)), tag, to + to_width);
  hn::StoreU(hn::BitCast(tag, hn::InterleaveLower(pairs, high01, high23)), tag, to + 2 * to_width);
  hn::StoreU(hn::BitCast(tag, hn::InterleaveUpper(pairs, high01, high23)), tag, to + 3 * to_width);
}

void transpose(const float* from, int width, int rows, int columns, float* to, int to_width) {
  const std::size_t from_step = static_cast<std::size_t>(width), to_step = static_cast<std::size_t>(to_width);
  for (int i = 0; i < rows; i += 4) {
    for (int j = 0; j < columns; j += 4) {
      const float* source = from + static_cast<std::size_t>(i) * from_step + static_cast<std::size_t>(j);
      float* target = to + static_cast<std::size_t>(j) * to_step + static_cast<std::size_t>(i);
      if (rows - i >= 4 && columns - j >= 4) {
        transpose_4x4(source, from_step, target, to_step);
        continue;
      }
      for (int a = 0; a < 4 && a < rows - i; ++a) {
        for (int b = 0; b < 4 && b < columns - j; ++b) {
          target[static_cast<std::size_t>(b) * to_step + static_cast<std::size_t>(a)] =
              source[static_cast<std::size_t>(a) * from_step + static_cast<std::size_t>(b)];
        }
      }
    }
  }
}

}  // namespace
}  // namespace chainrule::engine::cpu
