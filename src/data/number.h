// Reading one cell as a number.
#pragma once

#include <array>
#include <cstdint>
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

/// The same for the commonest spelling, inline: sign, up to 15 digits, no exponent. False: parse_number has to look.
/// Digits and power of ten are both exact doubles, so the one division rounds correctly (Clinger 1990).
inline bool parse_short_number(std::string_view text, char decimal, double& value) noexcept {
  constexpr std::array<double, 16> kPowers = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  if (negative) ++at;
  if (end - at > 16 || at == end) return false;
  std::uint64_t digits = 0;
  const char* const first = at;
  for (; at != end; ++at) {
    const auto digit = static_cast<unsigned>(*at - '0');
    if (digit > 9) break;
    digits = digits * 10 + digit;
  }
  std::size_t places = 0, count = static_cast<std::size_t>(at - first);
  if (at != end) {
    if (*at != decimal) return false;
    const char* const fraction = ++at;
    for (; at != end; ++at) {
      const auto digit = static_cast<unsigned>(*at - '0');
      if (digit > 9) return false;
      digits = digits * 10 + digit;
    }
    places = static_cast<std::size_t>(at - fraction);
    count += places;
  }
  if (count == 0 || count > 15) return false;
  const double size = static_cast<double>(digits) / kPowers[places];
  value = negative ? -size : size;
  return true;
}

}  // namespace chainrule::data
