// A saved feature state made ready to turn tables, or the parts of a large one, into inputs some rows at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "features/column_inputs.h"
#include "features/column_source.h"
#include "features/feature_set.h"

namespace chainrule::features {

class Transform {
 public:
  /// The state must outlive this.
  explicit Transform(const FeatureSet& features);

  /// Rows come from this table from now on; it must outlive the writing. Throws what apply() throws.
  void open(const data::Table& table);
  /// Inputs of the rows [first, first + count) of the table into x, row-major [count, inputs]; x may hold anything before.
  void write(std::size_t first, std::size_t count, float* x);
  /// One line per column and kind of value that training never saw, over all tables so far.
  std::vector<std::string> warnings() const;

 private:
  /// Columns with neighbouring inputs. `tiled`: few inputs, which are written side by side first and then put in place row by row, for in
  /// wide rows every cell of a column lies in a page and cache line of its own.
  struct Group {
    std::vector<std::unique_ptr<ColumnInputs>> columns;
    std::vector<std::size_t> offsets;  ///< of each column's first input
    std::size_t first_input = 0, inputs = 0;
    bool tiled = false;
  };
  void add(std::unique_ptr<ColumnInputs> column, std::size_t inputs, bool tiled);
  void write_block(std::size_t first, std::size_t count, float* x);

  const FeatureSet& features_;
  std::vector<Group> groups_;
  const InputKernels& kernels_ = best_input_kernels();
  bool zeros_ = false;  ///< some inputs are written only where they are 1
  std::optional<ColumnFinder> finder_;
  std::string shift_;   ///< the warning of a table without the target column
};

}  // namespace chainrule::features
