// The order in which an epoch visits the training rows.
#pragma once

#include <cstdint>
#include <span>

#include "base/counter_rng.h"

namespace chainrule::data {

/// Fisher-Yates from the last position down: position i swaps with draw_below(place, i, i + 1).
void shuffle(std::span<std::uint32_t> rows, const DrawPlace& place) noexcept;

/// Overwrites `order` with a permutation of 0 .. size-1 that depends on nothing but seed, epoch and size. Allocates nothing.
void batch_order(std::uint64_t seed, std::uint64_t epoch, std::span<std::uint32_t> order) noexcept;

}  // namespace chainrule::data
