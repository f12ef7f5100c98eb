// Dates and times of day in the three spellings Chainrule knows; seconds since 1970-01-01 UTC.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace chainrule::data {

/// iso: 2024-02-29; dotted: 29.02.2024; slashed: 2024/02/29. Each may go on with " 13:05", " 13:05:59" (iso: also "T", fractions, "Z").
enum class DateFormat { iso, dotted, slashed };

/// Strict: two-digit day and month (dotted: one digit allowed), real calendar days. Nothing when `text` is not such a date.
std::optional<double> parse_date(std::string_view text, DateFormat format) noexcept;
/// The only format a text could have, judged by its separators; nothing when it cannot be a date.
std::optional<DateFormat> guess_date_format(std::string_view text) noexcept;
std::string_view date_format_name(DateFormat format) noexcept;

/// "2024-02-29", with " 13:05:59" when the time is not midnight.
std::string date_text(double seconds);

}  // namespace chainrule::data
