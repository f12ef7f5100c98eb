// Reading one cell as a number.
#pragma once

#include <string_view>

namespace chainrule::data {

/// number: value is set and finite. out_of_range: a number or "inf" that no double holds. text: anything else, "nan" and "" included.
enum class CellKind { number, out_of_range, text };
struct ParsedNumber {
  CellKind kind = CellKind::text;
  double value = 0;
};

/// `decimal` is '.' or ','. An optional sign, digits, a fraction, an exponent; no thousands marks, no hexadecimal, no blanks inside.
ParsedNumber parse_number(std::string_view text, char decimal) noexcept;

}  // namespace chainrule::data
