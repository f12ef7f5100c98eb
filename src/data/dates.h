// Dates and times of day as people write them; seconds since 1970-01-01 UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chainrule::data {

enum class DateOrder : std::uint8_t { ymd, dmy, mdy };
using DateOrders = std::uint8_t;  ///< one bit each
constexpr DateOrders kEveryOrder = 7;
constexpr DateOrders order_bit(DateOrder order) noexcept { return static_cast<DateOrders>(1u << static_cast<unsigned>(order)); }

/// One spelling of days; a time of day may follow in any of them.
struct DateStyle {
  DateOrder order = DateOrder::ymd;
  char separator = '-';  ///< - . / or a blank
  bool named = false;    ///< the month is an English name, or its first three letters
  bool short_year_first = false;  ///< ymd: 24-01-31 is fine too

  bool operator==(const DateStyle&) const = default;
};

/// A day: a year of four digits, or of two (69 to 99: 1969 to 1999; 00 to 68: 2000 to 2068), which does not come first. Only real days.
/// Behind it may follow blanks, a comma or a T, then hh:mm, hh:mm:ss, a fraction of the second, am or pm, and the offset from UTC: Z, UTC, GMT,
/// +02:00, +0200, +02. Without an offset the time is taken as UTC. Nothing when `text` is no such date.
std::optional<double> parse_date(std::string_view text, const DateStyle& style) noexcept;

/// All that a text may be as a date.
struct DateShape {
  DateOrders orders = 0;  ///< 0: it is none
  char separator = 0;
  bool named = false;
  bool clock = false, offset = false;  ///< a time of day, and one with an offset, follow
};
/// short_year_first: 24-01-31 may be 31 January 2024.
DateShape shape_of_date(std::string_view text, bool short_year_first = false) noexcept;

/// "yyyy-mm-dd", "dd.mm.yyyy", "mm/dd/yyyy", "dd mon yyyy", ...
std::string date_style_name(const DateStyle& style);
std::optional<DateStyle> date_style_named(std::string_view name);
/// "ymd", "dmy", "mdy"
std::string_view date_order_name(DateOrder order) noexcept;
std::optional<DateOrder> date_order_named(std::string_view name) noexcept;

/// "2024-02-29", with " 13:05:59" when the time is not midnight.
std::string date_text(double seconds);
/// "29 February 2024"
std::string day_in_words(double seconds);

}  // namespace chainrule::data
