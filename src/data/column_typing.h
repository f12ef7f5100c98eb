// From collected cells to a typed column: numeric, date, boolean or categorical, by the rule of docs/formats/tables.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/column_builder.h"
#include "data/table.h"

namespace chainrule::data {

/// What typing needs to know about the column's place, for errors and notes.
struct ColumnPlace {
  const Table* table;  ///< source, header and lines are final
  std::size_t number;  ///< in the file, from 0
  std::string name;

  /// `houses.csv line 412, column 5 ("area")`.
  std::string cell(std::size_t row) const;
  std::string cell_in_line(std::uint64_t line) const;
  /// `column 5 ("area")`.
  std::string column() const;
};

/// What the cells of a column were in earlier parts of a table that is read in parts.
struct CellCounts {
  std::size_t numbers = 0, texts = 0;
};

enum class Typing { numeric, texts, read_again };
/// Decides what a column is. Throws E0301 when nearly all cells are numbers, E0309 for a number out of range. May add a note.
/// `all`: the counts of a table read in parts, this part's among them.
Typing choose_typing(const ColumnBuilder& builder, const ColumnPlace& place, std::vector<std::string>& notes, const CellCounts* all = nullptr);

/// Turns texts that are dates into a date column (noted) and marks yes/no pairs. Throws E0301 when nearly all cells are dates.
void finish_texts(Column& column, const ColumnPlace& place, std::vector<std::string>& notes);

}  // namespace chainrule::data
