// A quick look at each cell of a few records: most are digits with at most one mark.
#include "data/column_glance.h"

#include <algorithm>

#include "data/number_style.h"

namespace chainrule::data {
namespace {

std::size_t end_of_digits(std::string_view text, std::size_t from) noexcept {
  while (from < text.size() && text[from] >= '0' && text[from] <= '9') ++from;
  return from;
}

bool holds_digit(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

void ColumnGlance::add(std::string_view cell) {
  ++values;
  const std::size_t first = cell.starts_with('-') || cell.starts_with('+') ? 1 : 0, mark = end_of_digits(cell, first);
  if (mark == cell.size()) {
    whole += mark > first ? 1 : 0;
    leading_zero = leading_zero || (mark > first + 1 && cell[first] == '0');
    return;
  }
  const std::size_t end = end_of_digits(cell, mark + 1), before = mark - first, behind = end - mark - 1;
  if (end == cell.size() && (cell[mark] == '.' || cell[mark] == ',') && before + behind > 0) {
    const bool three = before >= 1 && before <= 3 && behind == 3 && cell[first] != '0';
    if (cell[mark] == '.') {
      if (three && three_points == 0) three_cell = std::make_shared<const std::string>(cell);
      ++(three ? three_points : points);
    } else if (!three) {
      ++commas;
      if (plain_commas++ == 0) comma_cell = std::make_shared<const std::string>(cell);
    }
    return;
  }
  if (!holds_digit(cell)) return;
  const NumberShape shape = shape_of_number(cell);
  const bool point = (shape.styles & styles_with_decimal('.')) != 0, comma = (shape.styles & styles_with_decimal(',')) != 0;
  points += point && !comma && cell.find('.') != std::string_view::npos ? 1 : 0;
  commas += comma && !point && cell.find(',') != std::string_view::npos ? 1 : 0;
}

std::vector<ColumnGlance> glance_at(const std::vector<std::vector<std::string_view>>& records, bool header, const MissingMarkers& missing) {
  std::vector<ColumnGlance> columns;
  for (std::size_t r = header ? 1 : 0; r < records.size(); ++r) {
    if (records[r].size() > columns.size()) columns.resize(records[r].size());
    for (std::size_t c = 0; c < records[r].size(); ++c) {
      if (!missing.contains(records[r][c])) columns[c].add(records[r][c]);
    }
  }
  return columns;
}

char file_mark(const std::vector<ColumnGlance>& columns) noexcept {
  bool point = false, comma = false;
  for (const ColumnGlance& column : columns) {
    point |= column.points > 0 && 2 * column.points >= column.values;
    comma |= column.commas > 0 && 2 * column.commas >= column.values;
  }
  return point == comma ? '\0' : point ? '.' : ',';
}

}  // namespace chainrule::data
