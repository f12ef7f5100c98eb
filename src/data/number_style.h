// How a column writes its numbers: decimal mark, marks between groups of digits, a currency or percent sign; and reading a cell by it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "data/number.h"

namespace chainrule::data {

/// What stands between groups of digits. mark: the comma or point that is not the decimal mark; indian: commas as in 12,34,567; blank: any of
/// blank, U+00A0, U+2009, U+202F; apostrophe: ' or U+2019.
enum class Grouping : std::uint8_t { none, mark, indian, blank, apostrophe };

struct NumberStyle {
  char decimal = '.';
  Grouping grouping = Grouping::none;
  std::string unit;  ///< a sign of unit_names() that stands before or behind every number but zero; "": none

  bool operator==(const NumberStyle&) const = default;
};

/// A cell by that style. Signs are the same in every style: -, +, U+2212, a minus behind the number, or brackets around it: (5) is -5.
/// Groups may be left out (1234), but not be wrong (12,34). A percentage is the number that is written: 45% is 45.
ParsedNumber parse_number(std::string_view text, const NumberStyle& style) noexcept;

/// One bit for each of number_styles(), which differ in decimal mark and grouping alone.
using StyleSet = std::uint16_t;
constexpr std::size_t kNumberStyles = 9;
constexpr StyleSet kEveryStyle = (1u << kNumberStyles) - 1;
const std::array<NumberStyle, kNumberStyles>& number_styles() noexcept;
/// Styles with that decimal mark.
StyleSet styles_with_decimal(char decimal) noexcept;
StyleSet styles_with_grouping(Grouping grouping) noexcept;

/// Signs and codes that are understood: %, $, EUR, ...
bool is_unit(std::string_view text) noexcept;

/// All that a cell may be as a number.
struct NumberShape {
  StyleSet styles = 0;         ///< under which it is a finite number; 0: it is none
  std::string_view unit;       ///< as in unit_names()
  bool zero = false;           ///< without a unit it fits any
  bool bracketed = false;
  bool out_of_range = false;   ///< inf, or too large
  char doubtful_mark = 0;      ///< , or . when it is the only one, with one to three digits before it and three behind: 1,070
  bool trailing_zero = false;  ///< of such a cell
  std::size_t digits = 0;      ///< of a cell of nothing but digits: how many
};
NumberShape shape_of_number(std::string_view text) noexcept;

/// A whole number, digits alone, whose text says more than a double: 007, and 9007199254740993, which is beyond 2^53.
bool has_leading_zero(std::string_view text) noexcept;
bool is_beyond_doubles(std::string_view text) noexcept;
inline constexpr double kAllDigitsHeld = 9007199254740992.0;  ///< 2^53: whole numbers below it are doubles

/// `thousands` of the options, such as "," or "blank"; nothing when it is none of them.
struct ThousandsMark {
  Grouping grouping = Grouping::none;
  char decimal = 0;  ///< 0: does not follow from it
};
std::optional<ThousandsMark> thousands_mark(std::string_view text) noexcept;

/// The mark between groups, as one writes it after --thousands; "" for none.
std::string thousands_word(const NumberStyle& style);
/// `comma as decimal mark, points between thousands, "EUR"`; "" for plain numbers.
std::string style_text(const NumberStyle& style);

}  // namespace chainrule::data
