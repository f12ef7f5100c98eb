// Cells as text, and columns by name or number.
#include "data/table.h"

#include <charconv>
#include <cmath>
#include <optional>

#include "chainrule/error.h"
#include "data/dates.h"

namespace chainrule::data {
namespace {

std::string number_text(double value) {
  char buffer[64];
  const bool whole = value == std::floor(value) && std::abs(value) < 1e15;
  const auto end = whole ? std::to_chars(buffer, buffer + sizeof buffer, static_cast<long long>(value))
                         : std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, end.ptr);
}

std::optional<std::size_t> as_number(const std::string& text) {
  std::size_t number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

bool Column::missing(std::size_t row) const noexcept {
  return type == ColumnType::categorical ? codes[row] < 0 : std::isnan(numbers[row]);
}

std::string Column::text(std::size_t row) const {
  if (missing(row)) return "";
  if (has_texts()) return levels[static_cast<std::size_t>(codes[row])];
  return type == ColumnType::date ? date_text(numbers[row]) : number_text(numbers[row]);
}

std::size_t Table::find_column(const std::string& name_or_number) const {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == name_or_number) return i;
  }
  if (const auto wanted = as_number(name_or_number)) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::size_t number = columns[i].number == Column::kNoNumber ? dense.columns + i : columns[i].number;
      if (number == *wanted) return i;
    }
  }
  std::vector<std::string_view> names;
  for (const Column& column : columns) names.push_back(column.name);
  const std::string nearest = nearest_name(name_or_number, names);
  std::string hint = nearest.empty() ? "columns are named by header or by number from 0; `chainrule describe` lists them"
                                     : "did you mean \"" + nearest + "\"?";
  throw Error("E0310", source, "there is no column \"" + name_or_number + "\"", std::move(hint));
}

}  // namespace chainrule::data
