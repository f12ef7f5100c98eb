// Counter-based random numbers: every draw is a pure function of seed, purpose, step, layer, row and element.
#pragma once

#include <array>
#include <cstdint>

namespace chainrule {

/// What a draw is for; keeps streams apart. The values are part of the file format: never renumber.
enum class Purpose : std::uint32_t {
  initial_weights = 1, dropout = 2, input_dropout = 3, input_noise = 4, dropconnect = 5, monte_carlo = 6, batch_order = 7,
  split = 8, subsample = 9,
};

/// Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3").
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) noexcept;

/// Where a draw stands, without its element: see docs/arithmetic.md, "Random draws".
struct DrawPlace {
  std::uint64_t seed = 0;
  Purpose purpose = Purpose::initial_weights;
  std::uint32_t layer = 0;  ///< below 2^24
  std::uint32_t step = 0;   ///< counter word 2
  std::uint32_t row = 0;    ///< counter word 1
};

/// The four 32-bit words of elements 4*block .. 4*block+3.
std::array<std::uint32_t, 4> draw_block(const DrawPlace& place, std::uint32_t block) noexcept;
/// The word of one element.
std::uint32_t draw(const DrawPlace& place, std::uint32_t element) noexcept;
/// An unbiased-to-2^-32 integer in [0, bound): the high half of word * bound.
std::uint32_t draw_below(const DrawPlace& place, std::uint32_t element, std::uint32_t bound) noexcept;

}  // namespace chainrule
