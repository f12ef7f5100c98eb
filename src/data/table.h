// A table in memory: typed columns, or one dense block for images and arrays, with the way back to the file's lines.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/table.h"
#include "data/cell_style.h"
#include "data/cells.h"
#include "data/text_reading.h"

namespace chainrule::data {

class SourceDigest;

enum class ColumnType { numeric, categorical, date };

/// A cell worth naming in an error: its row and text. row == kNone: there was none.
struct NamedCell {
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t row = kNone;
  std::string text;
};

/// numeric: `numbers` (NaN is missing), and codes and levels where they say more. date: `numbers` in seconds since 1970-01-01 UTC (NaN is missing).
/// categorical (text and booleans too): `codes` into `levels` (-1 is missing); levels in order of first appearance.
struct Column {
  static constexpr std::size_t kNoNumber = static_cast<std::size_t>(-1);
  std::string name;
  std::size_t number = kNoNumber;  ///< in the file, from 0, dropped columns counted; kNoNumber: its place in the table
  ColumnType type = ColumnType::numeric;
  bool integers = false;  ///< numeric: every value present is a whole number
  bool finite = false;    ///< numeric: the reader has seen that no value is infinite
  bool boolean = false;   ///< categorical: the levels are a yes/no pair (true/false, yes/no, t/f, y/n)
  std::shared_ptr<const NamedCell> first_marker;  ///< the first cell that is missing because of what it says
  Cells<double> numbers;
  Cells<std::int32_t> codes;
  std::vector<std::string> levels;
  std::optional<CellStyle> style;  ///< numeric, date: how the text was written; nothing: it was no text
  std::shared_ptr<const Error> doubt;  ///< what the cells leave open: thrown where the column must be what it seems

  /// Numbers whose texts say more (01, digits beyond 2^53) keep them: codes and levels stand beside the numbers.
  bool has_texts() const noexcept { return type == ColumnType::categorical || !levels.empty(); }
  std::size_t size() const noexcept { return type == ColumnType::categorical ? codes.size() : numbers.size(); }
  bool missing(std::size_t row) const noexcept;
  /// The cell as text for messages and for CSV; "" when missing. Whole numbers print without a point.
  std::string text(std::size_t row) const;
};

/// Many numeric columns of one kind (IDX, NPY): [rows, columns], row-major, either bytes or floats (NaN is missing).
struct DenseBlock {
  std::size_t columns = 0;
  std::string name_prefix;              ///< column j is called name_prefix + to_string(number(j))
  std::vector<std::uint8_t> bytes;    ///< used when not empty
  std::vector<float> values;
  std::vector<std::uint32_t> numbers = {};  ///< of the columns in the file, increasing; empty: 0, 1, 2, ...
  std::size_t number(std::size_t column) const noexcept { return numbers.empty() ? column : numbers[column]; }
  std::string name(std::size_t column) const { return name_prefix + std::to_string(number(column)); }
  /// The column of that number in the file, or `columns`.
  std::size_t place_of(std::size_t number) const noexcept;
  /// By its name, or by its number; `columns`: there is none.
  std::size_t column_called(const std::string& name_or_number) const noexcept;
  /// Leaves these out; increasing. The others keep their numbers.
  void remove(const std::vector<std::size_t>& places);
  float at(std::size_t row, std::size_t column) const noexcept {
    const std::size_t i = row * columns + column;
    return bytes.empty() ? values[i] : static_cast<float>(bytes[i]);
  }
};

/// Columns in file order; a dense block, when there is one, stands before them.
struct Table {
  std::string source;               ///< file name for messages
  bool has_header = false;
  std::size_t rows = 0;
  DenseBlock dense;
  std::vector<Column> columns;
  std::uint64_t rows_before = 0;    ///< a part of a larger table: rows of the file before this one's first
  std::vector<std::uint64_t> lines; ///< file line (from 1) of each row; empty: rows_before + row + 1 + has_header
  std::vector<std::string> notes;   ///< what the reader decided; those that begin with "warning: " are shown at prediction too
  std::size_t file_columns = 0;     ///< columns of the file, with those that were not read; 0: as many as there are here
  std::optional<TextReading> reading;   ///< of a text
  std::string first_line;           ///< of a text: the record that may name the columns, cut short; for messages
  std::uint64_t first_line_number = 1;
  bool header_given = false;        ///< by an option

  std::uint64_t line(std::size_t row) const noexcept { return lines.empty() ? rows_before + row + 1 + (has_header ? 1 : 0) : lines[row]; }
  std::size_t width() const noexcept { return dense.columns + columns.size(); }
  /// By name, or by number from 0 in file order; nullptr when there is none.
  const Column* column_called(const std::string& name_or_number) const;
  /// Index into `columns` of column_called(); throws Error E0310 with the nearest name.
  std::size_t find_column(const std::string& name_or_number) const;
  /// A column of the dense block becomes one of its own, so that it can be the target, a weight or a group. Others stay as they are.
  void take_out_of_block(const std::string& name_or_number);
};

/// Reads any supported file; see Table::read in chainrule/table.h.
/// The digest, when given, takes the raw bytes that are parsed.
Table read_table(const std::string& path, const ReadOptions& options, SourceDigest* digest = nullptr);
Table read_idx_test_part(const std::string& folder, const std::atomic<bool>* stop = nullptr, SourceDigest* digest = nullptr);
bool has_idx_test_part(const std::string& path);
/// CSV/TSV text already in memory; `source` names it in errors. For tests, fuzzers and stdin.
Table read_csv_text(std::string_view text, const std::string& source, const ReadOptions& options);

}  // namespace chainrule::data
