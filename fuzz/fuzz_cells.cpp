// Any bytes as one cell, and as a column of cells: numbers and dates in every style, never a crash; a style that a column was given reads each of
// its cells alone to the value it has in the column.
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/error.h"
#include "data/dates.h"
#include "data/number_style.h"
#include "data/table.h"

namespace {

namespace data = chainrule::data;

void require(bool good) {
  if (!good) std::abort();
}

void check_number(std::string_view text) {
  const data::NumberShape shape = data::shape_of_number(text);
  for (std::size_t i = 0; i < data::kNumberStyles; ++i) {
    data::NumberStyle style = data::number_styles()[i];
    style.unit = shape.unit;
    const data::ParsedNumber parsed = data::parse_number(text, style);
    require((parsed.kind == data::CellKind::number) == ((shape.styles >> i & 1u) != 0));
    if (parsed.kind == data::CellKind::number) require(std::isfinite(parsed.value));
  }
  for (const char decimal : {'.', ','}) {
    const data::ParsedNumber plain = data::parse_number(text, decimal), styled = data::parse_number(text, {decimal, data::Grouping::none, {}});
    if (plain.kind == data::CellKind::number) require(styled.kind == data::CellKind::number && styled.value == plain.value);
    if (plain.kind == data::CellKind::out_of_range) require(styled.kind == data::CellKind::out_of_range);
  }
}

void check_date(std::string_view text) {
  for (const bool short_year : {false, true}) {
    const data::DateShape shape = data::shape_of_date(text, short_year);
    for (const data::DateOrder order : {data::DateOrder::ymd, data::DateOrder::dmy, data::DateOrder::mdy}) {
      const data::DateStyle style{order, shape.separator, shape.named, short_year && order == data::DateOrder::ymd};
      const auto seconds = data::parse_date(text, style);
      require(seconds.has_value() == ((shape.orders & data::order_bit(order)) != 0));
      if (!seconds) continue;
      require(std::isfinite(*seconds) && data::date_style_named(data::date_style_name(style)) == style);
      constexpr double kYearTwo = -62104060800;  // offsets may lead out of the years with four digits
      if (*seconds > kYearTwo) require(data::parse_date(data::date_text(std::floor(*seconds)), {}) == std::floor(*seconds));
    }
  }
}

// Lines are cells.
void check_column(std::string_view text) {
  std::string file = "v\n";
  for (const char c : text) file += c == '"' ? '\'' : c;
  chainrule::ReadOptions options;
  options.header = true;
  options.separator = "\t";
  data::Table table;
  try {
    table = data::read_csv_text(file, "fuzz.csv", options);
  } catch (const chainrule::Error& error) {
    require(!chainrule::explain_error(error.code()).empty());
    return;
  }
  const data::Column& column = table.columns[0];
  if (column.doubt) require(!column.doubt->hint().empty() && !chainrule::explain_error(column.doubt->code()).empty());
  if (column.levels.empty() || column.type == data::ColumnType::categorical) return;
  for (std::size_t row = 0; row < table.rows; ++row) {
    if (column.missing(row)) continue;
    const data::ParsedNumber alone = data::parse_number(column.text(row), column.style->number);
    require(alone.kind == data::CellKind::number && alone.value == column.numbers[row]);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  check_number(text);
  check_date(text);
  check_column(text);
  return 0;
}
