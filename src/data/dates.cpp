// Reading and writing dates without locale or time zone.
#include "data/dates.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace chainrule::data {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"january", "february", "march",     "april",   "may",      "june",
                                                      "july",    "august",   "september", "october", "november", "december"};
constexpr std::array<std::string_view, 7> kDays = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
constexpr int kPivot = 69;  // two-digit years from here on are of the twentieth century, as in POSIX

char small_letter(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_letter(char c) noexcept { return small_letter(c) >= 'a' && small_letter(c) <= 'z'; }

// The whole name or its first three letters.
bool is_short_for(std::string_view word, std::string_view name) noexcept {
  if (word.size() != 3 && word.size() != name.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (small_letter(word[i]) != name[i]) return false;
  }
  return true;
}

// Its place among the names, from 0; -1: none of them.
template <class Names>
int place_of_name(std::string_view word, const Names& names) noexcept {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (is_short_for(word, names[i])) return static_cast<int>(i);
  }
  return -1;
}

// A cursor over the text; every step fails for good once one fails.
struct Reader {
  std::string_view text;
  std::size_t at = 0;
  bool good = true;

  bool done() const noexcept { return at >= text.size(); }
  bool next_is(char c) const noexcept { return at < text.size() && text[at] == c; }
  bool take(char c) noexcept {
    if (!next_is(c)) return false;
    ++at;
    return true;
  }
  void expect(char c) noexcept { good = take(c) && good; }
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
  std::string_view word() noexcept {
    const std::size_t begin = at;
    while (at < text.size() && is_letter(text[at])) ++at;
    return text.substr(begin, at - begin);
  }
  std::size_t blanks() noexcept {
    const std::size_t begin = at;
    while (next_is(' ')) ++at;
    return at - begin;
  }
};

struct Field {
  int value = 0;
  std::size_t digits = 0;  ///< 0: the name of a month
};

/// A text taken apart, before its order is settled.
struct DateParts {
  Field fields[3];
  char separator = 0;
  double clock = 0;      ///< seconds of the day, less the offset
  bool has_clock = false, has_offset = false;
  bool good = false;

  int named() const noexcept {
    for (int i = 0; i < 3; ++i) {
      if (fields[i].digits == 0) return i;
    }
    return -1;
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

Field read_field(Reader& reader) noexcept {
  if (!reader.done() && is_letter(reader.text[reader.at])) {
    std::string_view word = reader.word();
    if (word.size() == 4 && is_short_for(word.substr(0, 3), "sep") && small_letter(word[3]) == 't') word = word.substr(0, 3);
    const int month = place_of_name(word, kMonths);
    if (word.size() == 3) reader.take('.');
    reader.good = reader.good && month >= 0;
    return {month + 1, 0};
  }
  const std::size_t begin = reader.at;
  const int value = reader.digits(1, 4);
  return {value, reader.at - begin};
}

// - . / or blanks, before which a comma may stand: ' '. 0: none of them.
char read_separator(Reader& reader) noexcept {
  for (const char c : {'-', '.', '/'}) {
    if (reader.take(c)) return c;
  }
  const bool comma = reader.take(',');
  return reader.blanks() > 0 || comma ? ' ' : '\0';
}

// Z, UTC, GMT, +02:00, +0200, +02; the seconds to take off.
double read_offset(Reader& reader) noexcept {
  if (reader.take('Z') || reader.take('z')) return 0;
  if (!reader.done() && is_letter(reader.text[reader.at])) {
    const std::string_view word = reader.word();
    reader.good = reader.good && (word == "UTC" || word == "GMT");
    return 0;
  }
  const bool negative = reader.take('-');
  if (!negative) reader.expect('+');
  const int hours = reader.digits(2, 2);
  int minutes = 0;
  if (reader.take(':') || !reader.done()) minutes = reader.digits(2, 2);
  reader.good = reader.good && hours <= 18 && minutes < 60;
  return (negative ? -60.0 : 60.0) * (hours * 60 + minutes);
}

int twelve_hours(int hour, bool afternoon, bool& good) noexcept {
  good = good && hour >= 1 && hour <= 12;
  return hour % 12 + (afternoon ? 12 : 0);
}

// am and pm in any case; false: neither.
bool take_half(Reader& reader, bool& afternoon) noexcept {
  if (reader.at + 1 >= reader.text.size() || small_letter(reader.text[reader.at + 1]) != 'm') return false;
  const char c = small_letter(reader.text[reader.at]);
  if (c != 'a' && c != 'p') return false;
  afternoon = c == 'p';
  reader.at += 2;
  return true;
}

void read_clock(Reader& reader, DateParts& parts) noexcept {
  int hour = reader.digits(1, 2);
  reader.expect(':');
  const int minute = reader.digits(2, 2);
  double second = 0;
  if (reader.take(':')) {
    second = reader.digits(2, 2);
    reader.good = reader.good && second < 60;
    if (reader.take('.') || reader.take(',')) second += fraction(reader);
  }
  const std::size_t end = reader.at;
  reader.blanks();
  bool afternoon = false;
  if (take_half(reader, afternoon)) hour = twelve_hours(hour, afternoon, reader.good);
  else reader.at = end;
  reader.good = reader.good && hour < 24 && minute < 60;
  parts.clock = hour * 3600.0 + minute * 60.0 + second;
  parts.has_clock = true;
  if (reader.done() || !reader.good) return;
  reader.blanks();
  reader.good = reader.good && !reader.done();
  parts.has_offset = true;
  if (reader.good) parts.clock -= read_offset(reader);
}

void skip_weekday(Reader& reader) noexcept {
  Reader ahead = reader;
  const std::string_view word = ahead.word();
  if (word.size() < 3 || place_of_name(word, kDays) < 0) return;
  ahead.take(',');
  if (ahead.blanks() > 0) reader = ahead;
}

DateParts take_apart(std::string_view text) noexcept {
  DateParts parts;
  if (text.size() < 6 || text.size() > 64) return parts;
  Reader reader{text};
  skip_weekday(reader);
  parts.fields[0] = read_field(reader);
  parts.separator = read_separator(reader);
  parts.fields[1] = read_field(reader);
  const char second = read_separator(reader);
  parts.fields[2] = read_field(reader);
  reader.good = reader.good && parts.separator != 0 && second == parts.separator;
  if (reader.good && !reader.done()) {
    if (!reader.take('T')) reader.good = read_separator(reader) == ' ';
    if (reader.good) read_clock(reader, parts);
  }
  parts.good = reader.good && reader.done();
  return parts;
}

// The places of year, month and day among the fields.
struct Places {
  int year, month, day;
};
constexpr Places places_of(DateOrder order) noexcept {
  return order == DateOrder::ymd ? Places{0, 1, 2} : order == DateOrder::dmy ? Places{2, 1, 0} : Places{2, 0, 1};
}

// Days since 1970 in that order; nothing when the fields cannot stand for them.
std::optional<std::int64_t> day_of(const DateParts& parts, DateOrder order, bool short_year_first) noexcept {
  const Places at = places_of(order);
  const Field &year = parts.fields[at.year], &month = parts.fields[at.month], &day = parts.fields[at.day];
  const int named = parts.named();
  if (named >= 0 ? named != at.month : parts.separator == ' ') return std::nullopt;
  if (month.digits > 2 || day.digits == 0 || day.digits > 2) return std::nullopt;
  int y = year.value;
  if (year.digits == 2) {
    const bool padded = named >= 0 || parts.separator == '/' || (month.digits == 2 && day.digits == 2);  // 1.2.10 may be a version
    if (!padded || (order == DateOrder::ymd && !short_year_first)) return std::nullopt;
    y += y < kPivot ? 2000 : 1900;
  } else if (year.digits != 4 || y == 0) {
    return std::nullopt;
  }
  if (!real_day(y, month.value, day.value)) return std::nullopt;
  return day_number(y, month.value, day.value);
}

constexpr std::array kOrders = {DateOrder::ymd, DateOrder::dmy, DateOrder::mdy};

}  // namespace

std::optional<double> parse_date(std::string_view text, const DateStyle& style) noexcept {
  const DateParts parts = take_apart(text);
  if (!parts.good || parts.separator != style.separator || (parts.named() >= 0) != style.named) return std::nullopt;
  const std::optional<std::int64_t> day = day_of(parts, style.order, style.short_year_first);
  if (!day) return std::nullopt;
  return static_cast<double>(*day) * 86400.0 + parts.clock;
}

DateShape shape_of_date(std::string_view text, bool short_year_first) noexcept {
  DateShape shape;
  const DateParts parts = take_apart(text);
  if (!parts.good) return shape;
  for (const DateOrder order : kOrders) {
    if (day_of(parts, order, short_year_first)) shape.orders |= order_bit(order);
  }
  shape.separator = parts.separator;
  shape.named = parts.named() >= 0;
  shape.clock = parts.has_clock;
  shape.offset = parts.has_offset;
  return shape;
}

std::string date_style_name(const DateStyle& style) {
  std::string words[3];
  const Places at = places_of(style.order);
  words[at.year] = style.short_year_first ? "yy" : "yyyy";
  words[at.month] = style.named ? "mon" : "mm";
  words[at.day] = "dd";
  return words[0] + style.separator + words[1] + style.separator + words[2];
}

std::optional<DateStyle> date_style_named(std::string_view name) {
  for (const DateOrder order : kOrders) {
    for (const char separator : {'-', '.', '/', ' '}) {
      for (const int kind : {0, 1, 2, 3}) {
        const DateStyle style{order, separator, (kind & 1) != 0, (kind & 2) != 0 && order == DateOrder::ymd};
        if (date_style_name(style) == name) return style;
      }
    }
  }
  return std::nullopt;
}

std::string_view date_order_name(DateOrder order) noexcept {
  constexpr std::array<std::string_view, 3> kNames = {"ymd", "dmy", "mdy"};
  return kNames[static_cast<std::size_t>(order)];
}

std::optional<DateOrder> date_order_named(std::string_view name) noexcept {
  for (const DateOrder order : kOrders) {
    if (date_order_name(order) == name) return order;
  }
  return std::nullopt;
}

namespace {

struct CalendarDay {
  int year, month, day;
};

// Inverse of day_number: 400-year eras of 146097 days, years that begin in March.
CalendarDay calendar_day(double days) noexcept {
  const std::int64_t z = static_cast<std::int64_t>(days) + 719468;
  const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const std::int64_t day_of_era = z - era * 146097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const auto day = static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
  const auto month = static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  return {static_cast<int>(year_of_era + era * 400 + (month <= 2 ? 1 : 0)), month, day};
}

}  // namespace

std::string date_text(double seconds) {
  const double days = std::floor(seconds / 86400.0);
  const auto rest = static_cast<int>(seconds - days * 86400.0);
  const auto [year, month, day] = calendar_day(days);
  char buffer[64];
  const int length = rest == 0 ? std::snprintf(buffer, sizeof buffer, "%04d-%02d-%02d", year, month, day)
                               : std::snprintf(buffer, sizeof buffer, "%04d-%02d-%02d %02d:%02d:%02d", year, month, day, rest / 3600,
                                               rest / 60 % 60, rest % 60);
  return std::string(buffer, static_cast<std::size_t>(length));
}

std::string day_in_words(double seconds) {
  const auto [year, month, day] = calendar_day(std::floor(seconds / 86400.0));
  std::string name(kMonths[static_cast<std::size_t>(month - 1)]);
  name[0] = static_cast<char>(name[0] - 'a' + 'A');
  return std::to_string(day) + " " + name + " " + std::to_string(year);
}

}  // namespace chainrule::data
