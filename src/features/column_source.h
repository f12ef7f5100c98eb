// Finding the columns a model was trained on in another table: by name or number, as a typed column or inside a dense block.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/csv_reader.h"
#include "data/table.h"
#include "features/feature_set.h"

namespace chainrule::features {

/// Number of column `index` of table.columns in the file, from 0.
std::size_t number_of(const data::Table& table, std::size_t index) noexcept;
/// Columns of the file as far as the table knows them.
std::size_t file_width(const data::Table& table) noexcept;

/// "houses.csv line 412, column 5 ("area")"; columns are counted from 0 as everywhere.
std::string cell_place(const data::Table& table, std::size_t row, const data::Column& column);

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

 private:
  const data::Column* find_by_position(std::size_t position);
  const data::Column* dense_column(std::size_t number);

  const FeatureSet& features_;
  const data::Table& table_;
  bool shifted_ = false;
  std::unordered_map<std::string_view, const data::Column*> by_name_;
  std::unordered_map<std::size_t, const data::Column*> by_number_;  ///< filled instead when columns are found by number
  std::deque<data::Column> copies_;  ///< columns taken out of the dense block
};

/// How apply() needs the columns of a CSV text, by their number in the file. Throws Error E0320 when one is missing.
/// Columns learned as categories are read as texts: "01" stays "01".
std::vector<data::ColumnReading> column_uses(const FeatureSet& features, const data::Table& header);
/// The same for a table with true answers, whose other columns may matter too. Says nothing of missing columns.
std::vector<data::ColumnReading> labelled_uses(const FeatureSet& features, const data::Table& header);

/// Values as numbers, missing as NaN: the column's own, or its texts read into `storage` by the style that was learned, if one was.
/// Throws Error E0321 for the first cell that is not one, E0309 for an infinite one, E0350 when the table was read in a style that gives
/// its cells other values.
std::span<const double> numbers_of(const data::Table& table, const data::Column& column, data::ColumnType wanted, std::vector<double>& storage,
                                   const std::optional<data::CellStyle>& learned = std::nullopt);

}  // namespace chainrule::features
