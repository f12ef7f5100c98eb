// The order in which an epoch visits the training rows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/counter_rng.h"

namespace chainrule::data {

/// Fisher-Yates from the last position down: position i swaps with draw_below(place, i, i + 1).
void shuffle(std::span<std::uint32_t> rows, const DrawPlace& place) noexcept;

/// Overwrites `order` with a permutation of 0 .. size-1 that depends on nothing but seed, epoch and size. Allocates nothing.
void batch_order(std::uint64_t seed, std::uint64_t epoch, std::span<std::uint32_t> order) noexcept;

/// How an epoch's rows, in their order, are cut into batches: `batch` rows each; a rest of fewer than `least` joins the batch before it.
struct BatchCut {
  std::size_t rows = 0, batch = 1, least = 1;

  std::size_t steps() const noexcept {
    const std::size_t whole = rows / batch, rest = rows % batch;
    return whole + (rest > 0 && (whole == 0 || rest >= least) ? 1 : 0);
  }
  std::size_t begin(std::size_t step) const noexcept { return step * batch; }
  std::size_t size(std::size_t step) const noexcept { return step + 1 < steps() ? batch : rows - begin(step); }
  /// Rows of the largest batch.
  std::size_t largest() const noexcept { return rows == 0 ? 0 : std::max(size(0), size(steps() - 1)); }
};

}  // namespace chainrule::data
