// One column while its cells arrive: numbers until a text appears, texts as codes of levels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/known_levels.h"
#include "data/level_table.h"
#include "data/missing_markers.h"
#include "data/number_style.h"
#include "data/plain_records.h"
#include "data/table.h"

namespace chainrule::data {

/// What the options say about a column.
enum class ColumnWish { none, numeric, categorical, dropped };

/// Keeps the first such cell, shortened where it is long.
void remember_cell(NamedCell& cell, std::size_t row, std::string_view text);

/// What is known of a column before its cells are read.
struct ColumnManner {
  ColumnWish wish = ColumnWish::none;
  char decimal = '.';                  ///< of plain numbers
  const NumberStyle* style = nullptr;  ///< known beforehand: cells that are no plain numbers are read by it; it must outlive the builder
  bool watched = false;                ///< leading zeros are looked for
};

class ColumnBuilder {
 public:
  /// `bytes`: of text, about.
  explicit ColumnBuilder(const ColumnManner& manner, std::size_t bytes = 0) noexcept;

  /// The next cell; its view must outlive the builder.
  void add(std::string_view cell, const MissingMarkers& missing, MissingCounts& counts) {
    if (missing.meet(cell, counts)) add_missing(cell);
    else add_value(cell);
  }
  /// The same for a column of many records at once.
  void add_fields(const PlainRecords& records, std::size_t column, const MissingMarkers& missing, MissingCounts& counts,
                  const FieldKernels& kernels);
  /// Room for that many rows, once the column is known to hold values.
  void reserve(std::size_t rows);

  ColumnWish wish() const noexcept { return manner_.wish; }
  const ColumnManner& manner() const noexcept { return manner_; }
  std::size_t numbers() const noexcept { return numbers_seen_; }
  std::size_t texts() const noexcept { return texts_seen_; }
  const NamedCell& first_text() const noexcept { return first_text_; }
  const NamedCell& first_out_of_range() const noexcept { return first_out_of_range_; }
  /// Some number's text says more than the number; leading zeros count in watched columns alone.
  bool loses_digits() const noexcept { return loses_digits_; }
  /// All whole or missing.
  bool whole() const noexcept { return whole_; }
  /// Of the column that take_numbers() would give.
  const Cells<double>& values() const noexcept { return values_; }
  /// Numbers came first, so their texts are lost: to become categorical the column must be read again.
  bool needs_texts() const noexcept { return state_ == State::numbers; }

  /// Moves the cells out. take_numbers: NaN where a cell was no number; marks whole-number columns.
  Column take_numbers(std::string name);
  Column take_texts(std::string name);

 private:
  enum class State { only_missing, numbers, texts };
  void add_missing(std::string_view cell);
  void note_marker(std::size_t row, std::string_view cell);
  void add_value(std::string_view cell);
  void add_number(std::string_view cell);
  void add_text(std::string_view cell);
  std::size_t add_numbers(const PlainRecords& records, std::size_t column, std::size_t row, const MissingMarkers& missing, MissingCounts& counts,
                          const FieldKernels& kernels);
  void add_texts(const PlainRecords& records, std::size_t column, std::size_t row, const MissingMarkers& missing, MissingCounts& counts);
  std::int32_t add_plain_text(const PlainRecords& records, std::size_t column, std::size_t row, std::size_t index, const MissingMarkers& missing,
                              MissingCounts& counts);
  std::string_view text_of(const PlainRecords& records, std::size_t row, std::size_t column);
  void note_level(std::string_view level, std::size_t row);
  ParsedNumber parse(std::string_view cell) const noexcept;
  /// Without a unit plain numbers are what they seem.
  bool reads_plain_numbers() const noexcept { return manner_.style == nullptr || manner_.style->unit.empty(); }
  bool read_cell(std::string_view cell, const MissingMarkers& missing, MissingCounts& counts, double& value, std::size_t& missed);
  void watch(std::string_view cell);

  ColumnManner manner_;
  bool keeps_levels_;
  bool loses_digits_ = false;
  State state_ = State::only_missing;
  std::size_t missing_before_ = 0;  ///< cells before the first value
  std::size_t numbers_seen_ = 0, texts_seen_ = 0;
  Cells<double> values_;
  Cells<std::int32_t> codes_;
  LevelTable levels_;
  KnownLevels known_;
  std::forward_list<std::string> copies_;      ///< texts whose doubled quotes had to be taken out
  std::vector<std::uint8_t> level_is_number_;  ///< 0 or 1
  bool whole_ = true;                          ///< all of values_ are whole numbers or missing
  NamedCell first_text_, first_out_of_range_;
  std::shared_ptr<NamedCell> first_marker_;
};

}  // namespace chainrule::data
