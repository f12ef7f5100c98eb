// Sums over the rows of a batch in the order of docs/arithmetic.md, "Shards".
#pragma once

#include <cstddef>

namespace chainrule::reference {

/// The rows of a batch and the number of runs (a power of two) they are cut into.
struct RowOrder {
  std::size_t rows = 0, shards = 1;
};

/// sum_rows(begin, end) for each of `count` runs of consecutive rows. The runs are added in a binary tree, neighbours first.
template <class Sum, class SumRows>
Sum sum_of_runs(const RowOrder& order, std::size_t first, std::size_t count, const SumRows& sum_rows) {
  if (count > 1) {
    const Sum left = sum_of_runs<Sum>(order, first, count / 2, sum_rows);
    const Sum right = sum_of_runs<Sum>(order, first + count / 2, count / 2, sum_rows);
    return left + right;
  }
  return sum_rows(order.rows * first / order.shards, order.rows * (first + 1) / order.shards);
}

/// The sum over all rows: one chain per run, from 0, sum = add(sum, r).
template <class Sum, class Add>
Sum sum_over_rows(const RowOrder& order, const Add& add) {
  return sum_of_runs<Sum>(order, 0, order.shards, [&](std::size_t begin, std::size_t end) {
    Sum sum = 0;
    for (std::size_t r = begin; r < end; ++r) sum = add(sum, r);
    return sum;
  });
}

}  // namespace chainrule::reference
