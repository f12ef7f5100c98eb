// Sums over the rows of a batch in the order of docs/arithmetic.md, "Shards".
#pragma once

#include <cstddef>

namespace chainrule::reference {

/// The rows of a batch and the number of runs (a power of two) they are cut into.
struct RowOrder {
  std::size_t rows = 0, shards = 1;
};

/// One chain per run of consecutive rows, from 0: sum = add(sum, r). The runs are added in a binary tree, neighbours first.
template <class Sum, class Add>
Sum sum_of_runs(const RowOrder& order, std::size_t first, std::size_t count, const Add& add) {
  if (count > 1) {
    const Sum left = sum_of_runs<Sum>(order, first, count / 2, add);
    const Sum right = sum_of_runs<Sum>(order, first + count / 2, count / 2, add);
    return left + right;
  }
  Sum sum = 0;
  const std::size_t end = order.rows * (first + 1) / order.shards;
  for (std::size_t r = order.rows * first / order.shards; r < end; ++r) sum = add(sum, r);
  return sum;
}

/// The sum over all rows.
template <class Sum, class Add>
Sum sum_over_rows(const RowOrder& order, const Add& add) {
  return sum_of_runs<Sum>(order, 0, order.shards, add);
}

}  // namespace chainrule::reference
