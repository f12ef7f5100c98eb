// One saved column as inputs, a block of rows at a time: branches are taken per column and block, not per cell.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "data/table.h"
#include "features/column_source.h"
#include "features/feature_set.h"
#include "features/simd/input_kernels.h"

namespace chainrule::features {

/// Rows [first, first + count) of the table. Input j of the block's row i belongs to x[i * row_step + j * input_step], where j counts from
/// the column's first input. Inputs of categories and dates are 0 before.
struct Block {
  std::size_t first, count;
  float* x;
  std::size_t row_step, input_step;
};

class ColumnInputs {
 public:
  virtual ~ColumnInputs() = default;
  /// The table to read from now on; it and the finder must outlive the writing. Throws what numbers_of() and the finder throw.
  virtual void open(const data::Table& table, ColumnFinder& finder) = 0;
  /// Writes the column's inputs. block.count <= kBlockRows. Throws Error E0309 for an infinite value of a dense block.
  virtual void write(const Block& block) = 0;
  /// Adds a line for each kind of value, in all rows written so far, that training never saw.
  virtual void warn(std::vector<std::string>& /*warnings*/) const {}
};

std::unique_ptr<ColumnInputs> category_inputs(const ColumnState& state);
/// Numbers and dates.
std::unique_ptr<ColumnInputs> number_inputs(const ColumnState& state);
std::unique_ptr<ColumnInputs> dense_inputs(const DenseState& state);

/// Rows that are worth a warning: how many, and where the first of them stands.
class Oddity {
 public:
  void add(const data::Table& table, std::size_t row) {
    if (count_++ == 0) first_line_ = table.line(row);
  }
  std::size_t count() const noexcept { return count_; }
  /// `column "area": 3 rows WHAT (first: line 7)`, when there are any.
  void warn(const std::string& column, const std::string& what, std::vector<std::string>& warnings) const;

 private:
  std::size_t count_ = 0;
  std::uint64_t first_line_ = 0;
};

}  // namespace chainrule::features
