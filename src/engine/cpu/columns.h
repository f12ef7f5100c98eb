// How the columns of a matrix are cut into panels, and a batch matrix made of such panels.
#pragma once

#include <algorithm>
#include <cstddef>

namespace chainrule::engine::cpu {

/// `count` columns in panels of `panel`; the last one is rounded up to whole vectors of `lanes`. Padding is 0 and stays
/// neutral.
struct Columns {
  int count = 0, panel = 0, lanes = 0;

  int padded() const { return (count + lanes - 1) / lanes * lanes; }
  int panels() const { return (count + panel - 1) / panel; }
  int width(int p) const { return std::min(panel, padded() - p * panel); }  ///< with padding
  int used(int p) const { return std::min(panel, count - p * panel); }      ///< without
  std::size_t size() const { return static_cast<std::size_t>(padded()); }
};

/// [rows, columns] with panels `stride` floats apart, each stored [row, width].
struct BatchMatrix {
  float* data = nullptr;
  std::size_t stride = 0;
  Columns columns;

  bool exists() const { return data != nullptr; }
  float* panel(int p) const { return data + static_cast<std::size_t>(p) * stride; }
  float* at(int p, int row) const {
    return panel(p) + static_cast<std::size_t>(row) * static_cast<std::size_t>(columns.width(p));
  }
};

/// Rows or other items [begin, end) of `size` that member t of `members` takes.
struct Range {
  int begin = 0, end = 0;
  int size() const { return end - begin; }
  static Range share(int size, int t, int members) {
    return {static_cast<int>(static_cast<long>(size) * t / members),
            static_cast<int>(static_cast<long>(size) * (t + 1) / members)};
  }
};

/// Pieces of a product whose inputs are more than kPieceFloats (512 KiB): whole panels of inputs, whole register tiles of rows.
inline constexpr int kPieceFloats = 128 << 10, kPieceInputs = 256, kPieceRows = 126;

/// Cuts a product of `rows` x `depth` inputs so that the piece of inputs in use stays in a second-level cache: calls
/// f(k, rows, first, last) slice of k by slice of k, each for all pieces of rows. Sums resume from what the outputs
/// hold.
template <class F>
void for_slices(Range rows, int depth, F f) {
  if (static_cast<long>(rows.size()) * depth <= kPieceFloats) return f(Range{0, depth}, rows, true, true);
  for (int k = 0; k < depth; k += kPieceInputs) {
    const Range slice{k, std::min(k + kPieceInputs, depth)};
    for (int r = rows.begin; r < rows.end; r += kPieceRows) {
      f(slice, Range{r, std::min(r + kPieceRows, rows.end)}, k == 0, slice.end == depth);
    }
  }
}

}  // namespace chainrule::engine::cpu
