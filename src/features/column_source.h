// Finding the columns a model was trained on in another table: by name or number, as a typed column or inside a dense block.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/table.h"
#include "data/table_stream.h"
#include "features/feature_set.h"

namespace chainrule::features {

/// Number of column `index` of table.columns in the file, from 0.
std::size_t number_of(const data::Table& table, std::size_t index) noexcept;
/// Columns of the file as far as the table knows them.
std::size_t file_width(const data::Table& table) noexcept;

/// "houses.csv line 412, column 5 ("area")"; columns are counted from 0 as everywhere.
std::string cell_place(const data::Table& table, std::size_t row, const data::Column& column);

/// Throws Error E0315: a row without the answer that it is there for.
[[noreturn]] void refuse_missing_target(const data::Table& table, std::size_t row, const data::Column& column);

/// Both arguments must outlive the finder; found columns live as long as it does.
class ColumnFinder {
 public:
  ColumnFinder(const FeatureSet& features, const data::Table& table);

  /// nullptr when there is none.
  const data::Column* find(const std::string& name, std::size_t position);
  /// Throws Error E0320 with the nearest name.
  const data::Column& get(const std::string& name, std::size_t position);
  /// True when the table lacks the target of a model trained without a header, so that later columns have moved by one.
  bool shifted() const noexcept { return shifted_; }
  /// Throws Error E0320 where columns are found by number, and the table is neither of the training table's width nor lacks just the target.
  void check_array_shape() const;
  /// The number here of a column of the training table, where columns are found by number.
  std::size_t number_here(std::size_t position) const noexcept;

 private:
  const data::Column* find_by_position(std::size_t position);
  const data::Column* dense_column(std::size_t place);

  const FeatureSet& features_;
  const data::Table& table_;
  bool by_position_ = false, shifted_ = false;
  std::unordered_map<std::string_view, const data::Column*> by_name_;
  std::unordered_map<std::size_t, const data::Column*> by_number_;  ///< filled instead when columns are found by number
  std::deque<data::Column> copies_;  ///< columns taken out of the dense block
};

/// A table that apply() is to be given: it needs the model's columns alone. Those learned as categories are read as texts: "01" stays "01".
/// `features` must outlive the answer, whose uses throw Error E0320 when a column is missing.
data::KnownTable unlabelled_table(const FeatureSet& features);
/// The same with true answers and, where the model weighs rows, their weights. Says nothing of missing columns.
/// training: other columns of that table are read too, as they are there.
data::KnownTable labelled_table(const FeatureSet& features, const data::Table* training = nullptr);

/// Values as numbers, missing as NaN: the column's own, or its texts read into `storage` by the style that was learned, if one was.
/// Throws Error E0321 for the first cell that is not one, E0309 for an infinite one, E0350 when the table was read in a style that gives
/// its cells other values.
std::span<const double> numbers_of(const data::Table& table, const data::Column& column, data::ColumnType wanted, std::vector<double>& storage,
                                   const std::optional<data::CellStyle>& learned = std::nullopt);

}  // namespace chainrule::features
