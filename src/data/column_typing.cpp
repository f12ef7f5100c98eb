// The typing rule: a slip among numbers is an error, a mixture is a category.
#include "data/column_typing.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/shown_text.h"
#include "chainrule/error.h"
#include "data/dates.h"
#include "data/header_line.h"

namespace chainrule::data {
namespace {

constexpr std::size_t kFewestForRule = 20;  // with fewer values a share says little

// At least 99 % and at least 20 of the values are of the kind, yet some are not.
bool nearly_all(std::size_t of_kind, std::size_t others) noexcept {
  return others > 0 && of_kind >= kFewestForRule && of_kind >= 99 * others;
}

std::string number_hint(const std::string& text, const std::string& column) {
  const bool comma = text.find(',') != std::string::npos;
  return std::string(comma ? "if the comma is the decimal mark, give --decimal , ; " : "") + "correct the cell, or give --categorical " +
         shell_word(column) + " (text) or --missing " + shell_word(text) + " (missing value)";
}

[[noreturn]] void throw_not_a_number(const NamedCell& cell, std::uint64_t line, const ColumnPlace& place) {
  throw Error("E0301", place.cell_in_line(line), "cannot read \"" + cell.text + "\" as a number",
              number_hint(cell.text, place.name) + (line == place.table->first_line_number ? header_advice(*place.table) : ""));
}

[[noreturn]] void throw_out_of_range(const NamedCell& cell, std::uint64_t line, const ColumnPlace& place) {
  throw Error("E0309", place.cell_in_line(line), "\"" + cell.text + "\" is not a finite 64-bit number",
              "correct the cell, or give --missing '" + cell.text + "'");
}

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_yes_no_pair(const std::vector<std::string>& levels) {
  if (levels.size() != 2) return false;
  std::string words[2];
  for (int i = 0; i < 2; ++i) {
    for (char c : levels[static_cast<std::size_t>(i)].substr(0, 6)) words[i].push_back(lower(c));
  }
  constexpr std::string_view kPairs[][2] = {{"true", "false"}, {"yes", "no"}, {"t", "f"}, {"y", "n"}};
  for (const auto& pair : kPairs) {
    if ((words[0] == pair[0] && words[1] == pair[1]) || (words[0] == pair[1] && words[1] == pair[0])) return true;
  }
  return false;
}

// The format of the first level that is a date at all, among a few.
std::optional<DateFormat> first_date_format(const std::vector<std::string>& levels) {
  for (std::size_t i = 0; i < std::min<std::size_t>(levels.size(), 5); ++i) {
    if (const auto format = guess_date_format(levels[i])) return format;
  }
  return std::nullopt;
}

struct DateReading {
  std::vector<double> seconds;  ///< per level, NaN: no date
  std::size_t dates = 0, others = 0;
  NamedCell first_other;
};

DateReading read_dates(const Column& column, DateFormat format) {
  DateReading reading;
  for (const std::string& level : column.levels) {
    reading.seconds.push_back(parse_date(level, format).value_or(std::numeric_limits<double>::quiet_NaN()));
  }
  for (std::size_t row = 0; row < column.codes.size(); ++row) {
    if (column.codes[row] < 0) continue;
    const auto code = static_cast<std::size_t>(column.codes[row]);
    if (!std::isnan(reading.seconds[code])) {
      ++reading.dates;
    } else if (reading.others++ == 0) {
      reading.first_other = {row, column.levels[code]};
    }
  }
  return reading;
}

void make_date_column(Column& column, const std::vector<double>& seconds) {
  column.type = ColumnType::date;
  column.numbers.reserve(column.codes.size());
  for (std::int32_t code : column.codes) {
    column.numbers.push_back(code < 0 ? std::numeric_limits<double>::quiet_NaN() : seconds[static_cast<std::size_t>(code)]);
  }
  column.codes = {};
  column.levels = {};
}

}  // namespace

std::string ColumnPlace::column() const {
  return "column " + std::to_string(number) + (table->has_header ? " (\"" + name + "\")" : "");
}

std::string ColumnPlace::cell_in_line(std::uint64_t line) const {
  return table->source + " line " + std::to_string(line) + ", " + column();
}

std::string ColumnPlace::cell(std::size_t row) const { return cell_in_line(table->line(row)); }

Typing choose_typing(const ColumnBuilder& builder, const ColumnPlace& place, std::vector<std::string>& notes, const CellCounts* all) {
  if (builder.wish() == ColumnWish::categorical) return Typing::texts;
  const std::size_t numbers = builder.numbers(), texts = builder.texts();
  if (texts == 0) {
    const NamedCell& cell = builder.first_out_of_range();
    if (cell.row != NamedCell::kNone) throw_out_of_range(cell, place.table->line(cell.row), place);
    return builder.needs_texts() || numbers == 0 ? Typing::numeric : Typing::read_again;
  }
  const bool slip = all != nullptr ? nearly_all(all->numbers, all->texts) : nearly_all(numbers, texts);
  if (builder.wish() == ColumnWish::numeric || slip) throw_not_a_number(builder.first_text(), place.table->line(builder.first_text().row), place);
  if (numbers > 0) {
    const NamedCell& cell = builder.first_text();
    notes.push_back(place.column() + ": " + std::to_string(numbers) + " numbers among " + std::to_string(numbers + texts) +
                    " values, read as text (line " + std::to_string(place.table->line(cell.row)) + " has \"" + cell.text + "\")");
  }
  return builder.needs_texts() ? Typing::read_again : Typing::texts;
}

void finish_texts(Column& column, const ColumnPlace& place, std::vector<std::string>& notes) {
  column.boolean = is_yes_no_pair(column.levels);
  const auto format = first_date_format(column.levels);
  if (!format) return;
  const DateReading reading = read_dates(column, *format);
  if (reading.others == 0) {
    make_date_column(column, reading.seconds);
    notes.push_back(place.column() + ": dates, " + std::string(date_format_name(*format)));
  } else if (nearly_all(reading.dates, reading.others)) {
    throw Error("E0301", place.cell(reading.first_other.row), "cannot read \"" + reading.first_other.text + "\" as a date",
                "the other cells are " + std::string(date_format_name(*format)) + "; correct the cell, or give --categorical " + shell_word(place.name));
  }
}

}  // namespace chainrule::data
