// Shuffling by counter-based draws.
#include "data/batch_order.h"

#include <utility>

namespace chainrule::data {

void shuffle(std::span<std::uint32_t> rows, const DrawPlace& place) noexcept {
  for (std::size_t i = rows.size(); i-- > 1;) {
    const auto position = static_cast<std::uint32_t>(i);
    std::swap(rows[i], rows[draw_below(place, position, position + 1)]);
  }
}

void batch_order(std::uint64_t seed, std::uint64_t epoch, std::span<std::uint32_t> order) noexcept {
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
  shuffle(order, {seed, Purpose::batch_order, 0, static_cast<std::uint32_t>(epoch), 0});
}

}  // namespace chainrule::data
