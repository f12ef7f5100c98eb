// Cells as text, and columns by name or number.
#include "data/table.h"

#include <algorithm>
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

std::size_t DenseBlock::place_of(std::size_t number) const noexcept {
  if (numbers.empty()) return std::min(number, columns);
  const auto found = std::lower_bound(numbers.begin(), numbers.end(), number);
  return found != numbers.end() && *found == number ? static_cast<std::size_t>(found - numbers.begin()) : columns;
}

std::size_t DenseBlock::column_called(const std::string& name_or_number) const noexcept {
  const bool prefixed = !name_prefix.empty() && name_or_number.compare(0, name_prefix.size(), name_prefix) == 0;
  const auto number = as_number(prefixed ? name_or_number.substr(name_prefix.size()) : name_or_number);
  return number ? place_of(*number) : columns;
}

namespace {

/// Rows of `columns` cells without those at `places`.
template <class Cell>
void remove_cells(std::vector<Cell>& cells, std::size_t columns, const std::vector<std::size_t>& places) {
  std::size_t to = 0, next = 0;
  for (std::size_t from = 0; from < cells.size(); ++from) {
    const std::size_t column = from % columns;
    if (column == 0) next = 0;
    if (next < places.size() && places[next] == column) ++next;
    else cells[to++] = cells[from];
  }
  cells.resize(to);
}

}  // namespace

void DenseBlock::remove(const std::vector<std::size_t>& places) {
  if (places.empty()) return;
  std::vector<std::uint32_t> left;
  for (std::size_t j = 0; j < columns; ++j) {
    if (!std::binary_search(places.begin(), places.end(), j)) left.push_back(static_cast<std::uint32_t>(number(j)));
  }
  remove_cells(bytes, columns, places);
  remove_cells(values, columns, places);
  numbers = std::move(left);
  columns = numbers.size();
}

void Table::take_out_of_block(const std::string& name_or_number) {
  if (column_called(name_or_number) != nullptr) return;
  const std::size_t place = dense.column_called(name_or_number);
  if (place == dense.columns) return;
  Column column;
  column.name = dense.name(place);
  column.number = dense.number(place);
  column.integers = true;
  for (std::size_t row = 0; row < rows; ++row) {
    const double value = static_cast<double>(dense.at(row, place));
    column.integers = column.integers && (std::isnan(value) || value == std::nearbyint(value));
    column.numbers.push_back(value);
  }
  if (file_columns == 0) file_columns = width();
  columns.push_back(std::move(column));
  dense.remove({place});
}

bool Column::missing(std::size_t row) const noexcept {
  return type == ColumnType::categorical ? codes[row] < 0 : std::isnan(numbers[row]);
}

std::string Column::text(std::size_t row) const {
  if (missing(row)) return "";
  if (has_texts()) return levels[static_cast<std::size_t>(codes[row])];
  return type == ColumnType::date ? date_text(numbers[row]) : number_text(numbers[row]);
}

const Column* Table::column_called(const std::string& name_or_number) const {
  for (const Column& column : columns) {
    if (column.name == name_or_number) return &column;
  }
  const auto wanted = as_number(name_or_number);
  for (std::size_t i = 0; wanted && i < columns.size(); ++i) {
    const std::size_t number = columns[i].number == Column::kNoNumber ? dense.columns + i : columns[i].number;
    if (number == *wanted) return &columns[i];
  }
  return nullptr;
}

std::size_t Table::find_column(const std::string& name_or_number) const {
  if (const Column* column = column_called(name_or_number)) return static_cast<std::size_t>(column - columns.data());
  std::vector<std::string_view> names;
  for (const Column& column : columns) names.push_back(column.name);
  const std::string nearest = nearest_name(name_or_number, names);
  std::string hint = nearest.empty() ? "columns are named by header or by number from 0; `chainrule describe` lists them"
                                     : "did you mean \"" + nearest + "\"?";
  throw Error("E0310", source, "there is no column \"" + name_or_number + "\"", std::move(hint));
}

}  // namespace chainrule::data
