// NumPy's array files: NPY (one array) and NPZ (a ZIP archive of them). Format: docs/formats/tables.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/table.h"

namespace chainrule::data {

/// A checked view of one array; `values` points into the file's bytes.
struct NpyArray {
  char kind = 'f';             ///< f: float, i: signed, u: unsigned, b: boolean
  std::size_t item = 8;        ///< bytes per item
  bool big_endian = false;
  bool fortran_order = false;
  std::vector<std::size_t> shape;  ///< none of them 0; empty for a single value
  std::string_view values;
  std::size_t rows() const noexcept { return shape.empty() ? 1 : shape[0]; }
  std::size_t columns() const noexcept { return values.size() / item / rows(); }
  /// Item at that row and column, whatever the order in the file.
  double at(std::size_t row, std::size_t column) const noexcept { return item_at(index(row, column)); }
  std::size_t index(std::size_t row, std::size_t column) const noexcept;
  double item_at(std::size_t index) const noexcept;
};

bool looks_like_npy(std::string_view bytes) noexcept;
/// Throws E0331 (truncated), E0332 (sizes no file could hold), E0333 (bytes left over), E0336 (header), E0337 (type), E0340 (empty).
NpyArray parse_npy(std::string_view bytes, const std::string& source);

/// One array: every column a numeric column named by its number; more than 4096 of them become the dense block.
Table table_from_npy(std::string_view bytes, const std::string& source, const std::atomic<bool>* stop = nullptr);

bool looks_like_zip(std::string_view bytes) noexcept;
/// Arrays X or x (or x_train, data) and y (or target, labels, label, y_train): dense block and column "label"; or the single array.
/// Throws E0339 (archive), E0334 (rows differ), E0432 (expands too far), and parse_npy's errors.
Table table_from_npz(std::string_view bytes, const std::string& source, const std::atomic<bool>* stop = nullptr);

/// Throws E0309 when a value is infinite. Used for both formats.
Column column_from_array(const NpyArray& array, std::size_t column, std::string name, const std::string& source);
DenseBlock dense_from_array(const NpyArray& array, const std::string& source, const std::atomic<bool>* stop = nullptr);

}  // namespace chainrule::data
