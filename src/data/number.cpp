// Numbers by fast_float, which rounds correctly; its words (nan, inf) are kept out.
#include "data/number.h"

#include <fast_float/fast_float.h>

#include <cmath>

namespace chainrule::data {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) noexcept {
  if (text.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((text[i] | 0x20) != lower_case[i]) return false;
  }
  return true;
}

// 50060e8007123401: an identifier in hexadecimal digits. Nobody writes an exponent of four digits and more without a sign.
bool is_hexadecimal(std::string_view text) noexcept {
  const std::size_t e = text.find_first_not_of("0123456789");
  return e != std::string_view::npos && e > 0 && (text[e] | 0x20) == 'e' && text.size() >= e + 5 &&
         text.find_first_not_of("0123456789", e + 1) == std::string_view::npos;
}

}  // namespace

ParsedNumber parse_number(std::string_view text, char decimal) noexcept {
  const char* begin = text.data();
  const char* const end = begin + text.size();
  if (begin == end) return {};
  const char* unsigned_begin = *begin == '-' || *begin == '+' ? begin + 1 : begin;
  if (unsigned_begin == end) return {};
  if (!is_digit(*unsigned_begin) && *unsigned_begin != decimal) {
    const std::string_view word(unsigned_begin, static_cast<std::size_t>(end - unsigned_begin));
    const bool infinite = equals_ignoring_case(word, "inf") || equals_ignoring_case(word, "infinity");
    return {infinite ? CellKind::out_of_range : CellKind::text, 0};
  }
  if (*begin == '+') ++begin;
  double value = 0;
  const auto result =
      fast_float::from_chars_advanced(begin, end, value, fast_float::parse_options(fast_float::chars_format::general, decimal));
  if (result.ptr != end) return {};
  if (result.ec == std::errc::result_out_of_range || !std::isfinite(value)) {
    // Too small for a double is not a fault: such a value is zero for every purpose here.
    if (std::abs(value) < 1) return {CellKind::number, value};
    const std::string_view digits(unsigned_begin, static_cast<std::size_t>(end - unsigned_begin));
    return {is_hexadecimal(digits) ? CellKind::text : CellKind::out_of_range, 0};
  }
  if (result.ec != std::errc()) return {};
  return {CellKind::number, value};
}

}  // namespace chainrule::data
