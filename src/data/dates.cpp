// Reading and writing dates without locale or time zone.
#include "data/dates.h"

#include <cmath>
#include <cstdint>
#include <cstdio>

namespace chainrule::data {
namespace {

// A cursor over the text; every step fails for good once one fails.
struct Reader {
  std::string_view text;
  std::size_t at = 0;
  bool good = true;

  bool done() const noexcept { return at == text.size(); }
  bool next_is(char c) const noexcept { return at < text.size() && text[at] == c; }
  void expect(char c) noexcept {
    good = good && next_is(c);
    ++at;
  }
  int digits(std::size_t fewest, std::size_t most) noexcept {
    int value = 0;
    std::size_t count = 0;
    while (at < text.size() && count < most && text[at] >= '0' && text[at] <= '9') {
      value = value * 10 + (text[at++] - '0');
      ++count;
    }
    good = good && count >= fewest;
    return value;
  }
};

bool leap(int year) noexcept { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

bool real_day(int year, int month, int day) noexcept {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12 || day < 1) return false;
  return day <= kDays[month - 1] + (month == 2 && leap(year) ? 1 : 0);
}

// Proleptic Gregorian day number, counted from 1970-01-01; March is the first month so that leap days come last.
std::int64_t day_number(int year, int month, int day) noexcept {
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t m = month <= 2 ? month + 9 : month - 3;
  return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + (day - 1) - 719468;
}

double fraction(Reader& reader) noexcept {
  double value = 0, unit = 0.1;
  const std::size_t start = reader.at;
  for (; !reader.done() && reader.text[reader.at] >= '0' && reader.text[reader.at] <= '9'; ++reader.at, unit /= 10) {
    value += unit * (reader.text[reader.at] - '0');
  }
  reader.good = reader.good && reader.at > start;
  return value;
}

double time_of_day(Reader& reader, bool iso) noexcept {
  const int hour = reader.digits(2, 2);
  reader.expect(':');
  const int minute = reader.digits(2, 2);
  double second = 0;
  if (reader.next_is(':')) {
    reader.expect(':');
    second = reader.digits(2, 2);
    reader.good = reader.good && second < 60;
    if (iso && reader.next_is('.')) {
      reader.expect('.');
      second += fraction(reader);
    }
  }
  if (iso && reader.next_is('Z')) reader.expect('Z');
  reader.good = reader.good && hour < 24 && minute < 60;
  return hour * 3600.0 + minute * 60.0 + second;
}

}  // namespace

std::optional<double> parse_date(std::string_view text, DateFormat format) noexcept {
  Reader reader{text};
  int year = 0, month = 0, day = 0;
  if (format == DateFormat::dotted) {
    day = reader.digits(1, 2);
    reader.expect('.');
    month = reader.digits(1, 2);
    reader.expect('.');
    year = reader.digits(4, 4);
  } else {
    const char separator = format == DateFormat::iso ? '-' : '/';
    year = reader.digits(4, 4);
    reader.expect(separator);
    month = reader.digits(2, 2);
    reader.expect(separator);
    day = reader.digits(2, 2);
  }
  if (!reader.good || !real_day(year, month, day)) return std::nullopt;
  double seconds = static_cast<double>(day_number(year, month, day)) * 86400.0;
  if (!reader.done()) {
    reader.expect(format == DateFormat::iso && reader.next_is('T') ? 'T' : ' ');
    seconds += time_of_day(reader, format == DateFormat::iso);
  }
  if (!reader.good || !reader.done()) return std::nullopt;
  return seconds;
}

std::optional<DateFormat> guess_date_format(std::string_view text) noexcept {
  for (DateFormat format : {DateFormat::iso, DateFormat::dotted, DateFormat::slashed}) {
    if (parse_date(text, format)) return format;
  }
  return std::nullopt;
}

std::string_view date_format_name(DateFormat format) noexcept {
  switch (format) {
    case DateFormat::iso: return "yyyy-mm-dd";
    case DateFormat::dotted: return "dd.mm.yyyy";
    default: return "yyyy/mm/dd";
  }
}

std::string date_text(double seconds) {
  const double days = std::floor(seconds / 86400.0);
  const auto rest = static_cast<int>(seconds - days * 86400.0);
  // Inverse of day_number: 400-year eras of 146097 days, years that begin in March.
  const std::int64_t z = static_cast<std::int64_t>(days) + 719468;
  const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const std::int64_t day_of_era = z - era * 146097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const auto day = static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
  const auto month = static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  const auto year = static_cast<int>(year_of_era + era * 400 + (month <= 2 ? 1 : 0));
  char buffer[64];
  const int length = rest == 0 ? std::snprintf(buffer, sizeof buffer, "%04d-%02d-%02d", year, month, day)
                               : std::snprintf(buffer, sizeof buffer, "%04d-%02d-%02d %02d:%02d:%02d", year, month, day, rest / 3600,
                                               rest / 60 % 60, rest % 60);
  return std::string(buffer, static_cast<std::size_t>(length));
}

}  // namespace chainrule::data
