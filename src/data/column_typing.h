// From collected cells to a typed column: numeric, date, boolean or categorical, by the rules of docs/formats/tables.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/column_builder.h"
#include "data/style_choice.h"
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
/// Decides what a column is: numbers, or texts of which finish_texts() decides. `doubtful`: its plain numbers may be meant otherwise. Throws E0309
/// for a number out of range. In a column whose style is known beforehand throws E0321 for a cell that does not fit.
Typing choose_typing(const ColumnBuilder& builder, const ColumnPlace& place, bool doubtful);

/// At least 99 % and at least 20 of the values are of the kind, yet some are not: slips.
bool nearly_all(std::size_t of_kind, std::size_t others) noexcept;
/// What cures one.
std::string slip_hint(const std::string& text, const std::string& column);
/// What a cell in the first line calls for besides: header_advice(), else "".
std::string first_line_advice(const ColumnPlace& place, std::size_t row);
/// Throws E0309.
[[noreturn]] void throw_out_of_range(const NamedCell& cell, std::uint64_t line, const ColumnPlace& place);

/// A number as a column shows it: "1070".
std::string number_in_words(const std::string& cell, char decimal);

/// Whether all values that are no whole numbers have three decimals, and lie between 1 and 1000, as 1.070 read as a decimal does.
struct ThousandthsCount {
  bool all = false;
  std::size_t values = 0, whole = 0;
};
ThousandthsCount count_thousandths(const Cells<double>& values) noexcept;

/// A column whose every point has three digits behind it, and most likely is a decimal mark nevertheless: these are told in one note.
struct DoubtfulPoint {
  std::string column, cell;
};

/// How the texts of a column become what they stand for.
struct TextRules {
  ColumnWish wish = ColumnWish::none;
  StyleRules styles;
  bool decimal_given = false;       ///< needs no note
  bool keeps_texts = false;         ///< numbers keep their texts whatever they are
  std::vector<DoubtfulPoint>* likely_points = nullptr;
  const CellCounts* all = nullptr;  ///< the counts of a table read in parts, this part's among them
};
/// Turns texts that all are numbers or dates of one style into such a column, with a note, and marks yes/no pairs. What stays open is noted and
/// kept as the column's doubt. Throws E0301 when nearly all cells are numbers or dates, or must be; E0309 for a number out of range.
void finish_texts(Column& column, const ColumnPlace& place, const TextRules& rules, std::vector<std::string>& notes);
/// The same by a style that is known. Throws E0321 for a cell that does not fit, E0309.
void finish_dates(Column& column, const ColumnPlace& place, const DateStyle& style);

}  // namespace chainrule::data
