// Philox4x32-10 and the places of Chainrule's draws in its counter.
#include "base/counter_rng.h"

namespace chainrule {

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) noexcept {
  constexpr std::uint64_t kFirstFactor = 0xD2511F53, kSecondFactor = 0xCD9E8D57;
  constexpr std::uint32_t kFirstStep = 0x9E3779B9, kSecondStep = 0xBB67AE85;  // golden ratio, sqrt(3) - 1
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t first = kFirstFactor * counter[0], second = kSecondFactor * counter[2];
    counter = {static_cast<std::uint32_t>(second >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(second),
               static_cast<std::uint32_t>(first >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(first)};
    key[0] += kFirstStep;
    key[1] += kSecondStep;
  }
  return counter;
}

std::array<std::uint32_t, 4> draw_block(const DrawPlace& place, std::uint32_t block) noexcept {
  const std::uint32_t stream = static_cast<std::uint32_t>(place.purpose) << 24 | (place.layer & 0xffffffu);
  return philox4x32({block, place.row, place.step, stream},
                    {static_cast<std::uint32_t>(place.seed), static_cast<std::uint32_t>(place.seed >> 32)});
}

std::uint32_t draw(const DrawPlace& place, std::uint32_t element) noexcept { return draw_block(place, element / 4)[element % 4]; }

std::uint32_t draw_below(const DrawPlace& place, std::uint32_t element, std::uint32_t bound) noexcept {
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(draw(place, element)) * bound >> 32);
}

}  // namespace chainrule
