// Reading one cell as a number.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace chainrule::data {

/// number: value is set and finite. out_of_range: a number or "inf" that no double holds. text: anything else, "nan" and "" included.
enum class CellKind { number, out_of_range, text };
struct ParsedNumber {
  CellKind kind = CellKind::text;
  double value = 0;
};

/// `decimal` is '.' or ','. An optional sign, digits, a fraction, an exponent; no thousands marks, no blanks inside, no hexadecimal: a number
/// out of range with an exponent of four digits or more and no sign before it (50060e8007123401) is text.
ParsedNumber parse_number(std::string_view text, char decimal) noexcept;

/// Powers of ten that a double holds exactly. Not inside the functions: they would be copied to the stack at every call.
inline constexpr std::array<double, 23> kExactPowers = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
inline constexpr std::array<std::int64_t, 9> kWholePowers = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

/// The same for the commonest spelling, inline: sign, up to 15 digits, no exponent. False: parse_number has to look.
/// Digits and power of ten are both exact doubles, so the one division rounds correctly (Clinger 1990).
inline bool parse_short_number(std::string_view text, char decimal, double& value) noexcept {
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
  const double size = static_cast<double>(digits) / kExactPowers[places];
  value = negative ? -size : size;
  return true;
}

/// Eight bytes that hold digits' values, the first digit lowest, as one number.
inline std::uint64_t eight_digits(std::uint64_t digits) noexcept {
  const std::uint64_t pairs = (digits * 10 + (digits >> 8)) & 0x00ff00ff00ff00ffull;
  const std::uint64_t fours = (pairs * 100 + (pairs >> 16)) & 0x0000ffff0000ffffull;
  return (fours * 10000 + (fours >> 32)) & 0xffffffffull;
}

constexpr std::size_t kReadBehindNumber = 32;  ///< parse_common_number reads up to that many bytes from the cell's first

/// parse_short_number without loops, for up to eight digits before and behind the decimal mark; the same bits. Reads bytes behind the cell,
/// so kReadBehindNumber bytes from text.data() on must exist; the byte behind the cell must be no digit. False: look another way.
[[gnu::always_inline]] inline bool parse_common_number(std::string_view text, char decimal, double& value) noexcept {
  constexpr std::uint64_t kZeros = 0x3030303030303030ull, kNoDigit = 0x7676767676767676ull, kTops = 0x8080808080808080ull;
  if constexpr (std::endian::native != std::endian::little) return false;
  const bool negative = *text.data() == '-';
  const char* const first = text.data() + negative;
  const auto size = static_cast<int>(text.size()) - negative;
  std::uint64_t word, behind;
  std::memcpy(&word, first, 8);
  word ^= kZeros;
  const int whole = std::countr_zero(((word + kNoDigit) | word) & kTops) / 8;  // a carry can only spoil bytes above the first that is no digit
  if (whole == 0 || text.size() > 18) return false;
  auto digits = static_cast<std::int64_t>(eight_digits(word << (64 - 8 * whole)));
  if (whole == size) {
    value = std::bit_cast<double>(std::bit_cast<std::uint64_t>(static_cast<double>(digits)) | static_cast<std::uint64_t>(negative) << 63);
    return true;
  }
  const int places = size - whole - 1;
  if (first[whole] != decimal || places <= 0 || places > 8 || whole + places > 15) return false;
  std::memcpy(&behind, first + whole + 1, 8);
  behind = (behind ^ kZeros) << (64 - 8 * places);
  if ((((behind + kNoDigit) | behind) & kTops) != 0) return false;
  digits = digits * kWholePowers[static_cast<std::size_t>(places)] + static_cast<std::int64_t>(eight_digits(behind));
  const double number = static_cast<double>(digits) / kExactPowers[static_cast<std::size_t>(places)];
  value = std::bit_cast<double>(std::bit_cast<std::uint64_t>(number) | static_cast<std::uint64_t>(negative) << 63);
  return true;
}

}  // namespace chainrule::data
