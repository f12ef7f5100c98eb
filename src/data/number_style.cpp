// Signs, units and groups are taken off a cell; what is left is a plain number, read as ever.
#include "data/number_style.h"

#include <algorithm>
#include <cmath>

namespace chainrule::data {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kLongestGrouped = 64;  // bytes: far more digits than a double has
constexpr std::size_t kFewestBeyond = 16;              // digits of such a number

// Longer ones before those that they begin or end with.
constexpr std::array kUnits = {
    "%"sv,   "US$"sv, "CA$"sv, "AU$"sv, "NZ$"sv, "HK$"sv, "A$"sv,  "C$"sv,  "R$"sv,  "S$"sv,  "$"sv,   "USD"sv, "EUR"sv, "GBP"sv, "CHF"sv,
    "JPY"sv, "CNY"sv, "RMB"sv, "INR"sv, "AUD"sv, "CAD"sv, "NZD"sv, "SEK"sv, "NOK"sv, "DKK"sv, "PLN"sv, "CZK"sv, "HUF"sv, "RUB"sv, "TRY"sv,
    "BRL"sv, "MXN"sv, "ZAR"sv, "KRW"sv, "SGD"sv, "HKD"sv, "THB"sv, "IDR"sv, "MYR"sv, "PHP"sv, "VND"sv, "ILS"sv, "AED"sv, "SAR"sv, "EGP"sv,
    "NGN"sv, "ARS"sv, "CLP"sv, "COP"sv, "PEN"sv, "RON"sv, "BGN"sv, "UAH"sv, "TWD"sv, "KWD"sv, "BTC"sv, "Fr."sv, "Rs."sv, "Rs"sv,  "kr."sv,
    "kr"sv,  "z\xc5\x82"sv, "K\xc4\x8d"sv, "Ft"sv, "\xc2\xa3"sv /* pound */, "\xc2\xa5"sv /* yen */, "\xef\xbf\xa5"sv /* wide yen */};

// The signs of U+20A0 to U+20BF (euro, rupee, won, rouble, ...) are three bytes that differ in the last.
constexpr std::string_view kCurrencyBlock =
    "\xe2\x82\xa0\xe2\x82\xa1\xe2\x82\xa2\xe2\x82\xa3\xe2\x82\xa4\xe2\x82\xa5\xe2\x82\xa6\xe2\x82\xa7\xe2\x82\xa8\xe2\x82\xa9\xe2\x82\xaa"
    "\xe2\x82\xab\xe2\x82\xac\xe2\x82\xad\xe2\x82\xae\xe2\x82\xaf\xe2\x82\xb0\xe2\x82\xb1\xe2\x82\xb2\xe2\x82\xb3\xe2\x82\xb4\xe2\x82\xb5"
    "\xe2\x82\xb6\xe2\x82\xb7\xe2\x82\xb8\xe2\x82\xb9\xe2\x82\xba\xe2\x82\xbb\xe2\x82\xbc\xe2\x82\xbd\xe2\x82\xbe\xe2\x82\xbf"sv;

constexpr std::array kBlanks = {" "sv, "\xc2\xa0"sv, "\xe2\x80\x89"sv, "\xe2\x80\xaf"sv};
constexpr std::array kApostrophes = {"'"sv, "\xe2\x80\x99"sv};
constexpr std::string_view kMinus = "\xe2\x88\x92"sv;  // U+2212

bool decimal_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// How many bytes of `list` the text begins (front) or ends with; 0: none.
template <class List>
std::size_t bytes_of(std::string_view text, const List& list, bool front) noexcept {
  for (const std::string_view word : list) {
    if (front ? text.starts_with(word) : text.ends_with(word)) return word.size();
  }
  return 0;
}

/// The bytes that a unit may begin or end with: nearly every text is ruled out by them.
struct UnitEnds {
  std::array<bool, 256> front{}, back{};
  constexpr UnitEnds() {
    const auto keep = [this](std::string_view unit) {
      front[static_cast<unsigned char>(unit.front())] = true;
      back[static_cast<unsigned char>(unit.back())] = true;
    };
    for (const std::string_view unit : kUnits) keep(unit);
    for (std::size_t i = 0; i < kCurrencyBlock.size(); i += 3) keep(kCurrencyBlock.substr(i, 3));
  }
};
constexpr UnitEnds kUnitEnds;

std::string_view unit_at(std::string_view text, bool front) noexcept {
  if (text.empty() || !(front ? kUnitEnds.front[static_cast<unsigned char>(text.front())] : kUnitEnds.back[static_cast<unsigned char>(text.back())])) return {};
  for (const std::string_view unit : kUnits) {
    if (front ? text.starts_with(unit) : text.ends_with(unit)) return unit;
  }
  for (std::size_t i = 0; i < kCurrencyBlock.size(); i += 3) {
    const std::string_view unit = kCurrencyBlock.substr(i, 3);
    if (front ? text.starts_with(unit) : text.ends_with(unit)) return unit;
  }
  return {};
}

struct Peeled {
  std::string_view body;  ///< begins and ends with a digit or a mark; empty: no number
  std::string_view unit;
  bool sign = false, negative = false, bracketed = false;
};

void drop(std::string_view& text, std::size_t bytes, bool front) noexcept {
  if (front) text.remove_prefix(bytes);
  else text.remove_suffix(bytes);
}

// Takes one thing off one end. False: there is none, or it may not stand there.
bool peel_end(Peeled& cell, bool front) noexcept {
  std::string_view& text = cell.body;
  if (const std::size_t blank = bytes_of(text, kBlanks, front)) return drop(text, blank, front), true;
  const std::size_t minus = (front ? text.starts_with('-') : text.ends_with('-'))             ? 1
                            : (front ? text.starts_with(kMinus) : text.ends_with(kMinus)) ? kMinus.size()
                                                                                          : 0;
  const bool plus = minus == 0 && front && text.starts_with('+');
  if (minus > 0 || plus) {
    if (cell.sign || cell.bracketed) return false;
    cell.sign = true;
    cell.negative = minus > 0;
    return drop(text, plus ? 1 : minus, front), true;
  }
  const std::string_view unit = unit_at(text, front);
  if (unit.empty() || !cell.unit.empty()) return false;
  cell.unit = unit;
  return drop(text, unit.size(), front), true;
}

bool peel_brackets(Peeled& cell) noexcept {
  if (cell.sign || cell.bracketed || cell.body.size() < 3 || cell.body.front() != '(' || cell.body.back() != ')') return false;
  cell.bracketed = cell.negative = true;
  cell.body = cell.body.substr(1, cell.body.size() - 2);
  return true;
}

Peeled peel(std::string_view text) noexcept {
  Peeled cell;
  cell.body = text;
  const auto is_end = [](char c) { return decimal_digit(c) || c == '.' || c == ','; };
  const auto ends_well = [&] { return !cell.body.empty() && is_end(cell.body.back()) && !unit_at(cell.body, false).ends_with('.'); };
  while (!cell.body.empty()) {
    if (!is_end(cell.body.front())) {
      if (!peel_brackets(cell) && !peel_end(cell, true)) return {};
    } else if (!ends_well()) {
      if (!peel_end(cell, false)) return {};
    } else {
      return cell;
    }
  }
  return {};
}

// Bytes of the mark between groups that the text begins with.
std::size_t group_mark(std::string_view text, const NumberStyle& style) noexcept {
  switch (style.grouping) {
    case Grouping::none: return 0;
    case Grouping::mark: return text.starts_with(style.decimal == '.' ? ',' : '.') ? 1 : 0;
    case Grouping::indian: return text.starts_with(',') ? 1 : 0;
    case Grouping::blank: return bytes_of(text, kBlanks, true);
    case Grouping::apostrophe: return bytes_of(text, kApostrophes, true);
  }
  return 0;
}

/// The sizes of the groups of digits before the decimal mark, in order.
class Groups {
 public:
  explicit Groups(Grouping grouping) noexcept : inner_(grouping == Grouping::indian ? 2 : 3) {}
  // False: no group may be behind this one, which has another behind it.
  bool add(std::size_t digits) noexcept {
    const bool good = count_ == 0 ? digits >= 1 && digits <= inner_ : digits == inner_;
    ++count_;
    return good;
  }
  bool finish(std::size_t digits) const noexcept { return digits == 3; }

 private:
  std::size_t inner_, count_ = 0;
};

// A body with marks between groups as plain digits with a point. 0: it is none, or has no such mark.
std::size_t without_groups(std::string_view body, const NumberStyle& style, char (&to)[kLongestGrouped + 1]) noexcept {
  if (body.size() > kLongestGrouped || body.front() == '0' || !decimal_digit(body.front())) return 0;
  Groups groups(style.grouping);
  std::size_t size = 0, run = 0, at = 0, marks = 0;
  for (; at < body.size() && body[at] != style.decimal;) {
    if (decimal_digit(body[at])) {
      to[size++] = body[at++];
      ++run;
      continue;
    }
    const std::size_t mark = group_mark(body.substr(at), style);
    if (mark == 0 || !groups.add(run)) return 0;
    at += mark;
    run = 0;
    ++marks;
  }
  if (marks == 0 || !groups.finish(run)) return 0;
  if (at < body.size()) to[size++] = '.', ++at;
  for (; at < body.size(); ++at) {
    if (!decimal_digit(body[at])) return 0;
    to[size++] = body[at];
  }
  return size;
}

ParsedNumber parse_body(std::string_view body, const NumberStyle& style) noexcept {
  if (style.grouping == Grouping::indian && std::count(body.begin(), body.end(), ',') < 2) return parse_body(body, {'.', Grouping::mark, {}});
  const ParsedNumber plain = parse_number(body, style.decimal);
  if (plain.kind != CellKind::text || style.grouping == Grouping::none) return plain;
  char digits[kLongestGrouped + 1];
  const std::size_t size = without_groups(body, style, digits);
  return size == 0 ? ParsedNumber{} : parse_number({digits, size}, '.');
}

void look_at_mark(std::string_view body, NumberShape& shape) noexcept {
  const std::size_t at = body.find_first_not_of("0123456789");
  if (at == std::string_view::npos) {
    shape.digits = body.size();
    return;
  }
  const bool three = at >= 1 && at <= 3 && body.front() != '0' && body.size() == at + 4 && (body[at] == ',' || body[at] == '.') &&
                     body.find_first_not_of("0123456789", at + 1) == std::string_view::npos;
  if (!three) return;
  shape.doubtful_mark = body[at];
  shape.trailing_zero = body.back() == '0';
}

}  // namespace

const std::array<NumberStyle, kNumberStyles>& number_styles() noexcept {
  static const std::array<NumberStyle, kNumberStyles> styles = {{{'.', Grouping::none, {}},
                                                                 {'.', Grouping::mark, {}},
                                                                 {'.', Grouping::indian, {}},
                                                                 {'.', Grouping::blank, {}},
                                                                 {'.', Grouping::apostrophe, {}},
                                                                 {',', Grouping::none, {}},
                                                                 {',', Grouping::mark, {}},
                                                                 {',', Grouping::blank, {}},
                                                                 {',', Grouping::apostrophe, {}}}};
  return styles;
}

template <class Wanted>
static StyleSet styles_where(Wanted wanted) noexcept {
  StyleSet set = 0;
  for (std::size_t i = 0; i < kNumberStyles; ++i) set |= static_cast<StyleSet>(wanted(number_styles()[i]) ? 1u << i : 0);
  return set;
}

StyleSet styles_with_decimal(char decimal) noexcept {
  return styles_where([=](const NumberStyle& style) { return style.decimal == decimal; });
}

StyleSet styles_with_grouping(Grouping grouping) noexcept {
  return styles_where([=](const NumberStyle& style) { return style.grouping == grouping; });
}

bool is_unit(std::string_view text) noexcept { return !text.empty() && unit_at(text, true) == text; }

ParsedNumber parse_number(std::string_view text, const NumberStyle& style) noexcept {
  const Peeled cell = peel(text);
  if (cell.body.empty()) return parse_number(text, style.decimal).kind == CellKind::out_of_range ? ParsedNumber{CellKind::out_of_range, 0} : ParsedNumber{};
  ParsedNumber parsed = parse_body(cell.body, style);
  const bool bare_zero = cell.unit.empty() && parsed.value == 0;
  if (cell.unit != style.unit && !bare_zero) return {};
  if (cell.negative) parsed.value = -parsed.value;
  return parsed;
}

NumberShape shape_of_number(std::string_view text) noexcept {
  NumberShape shape;
  const Peeled cell = peel(text);
  if (cell.body.empty()) {
    shape.out_of_range = parse_number(text, '.').kind == CellKind::out_of_range;
    return shape;
  }
  double value = 1;
  for (std::size_t i = 0; i < kNumberStyles; ++i) {
    const ParsedNumber parsed = parse_body(cell.body, number_styles()[i]);
    shape.out_of_range = shape.out_of_range || parsed.kind == CellKind::out_of_range;
    if (parsed.kind != CellKind::number) continue;
    shape.styles |= static_cast<StyleSet>(1u << i);
    value = parsed.value;
  }
  shape.unit = cell.unit;
  shape.zero = value == 0;
  shape.bracketed = cell.bracketed;
  look_at_mark(cell.body, shape);
  return shape;
}

namespace {

// Behind the sign; "": something else than digits stands there.
std::string_view digits_alone(std::string_view text) noexcept {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return text.find_first_not_of("0123456789") == std::string_view::npos ? text : std::string_view{};
}

}  // namespace

bool has_leading_zero(std::string_view text) noexcept {
  const std::string_view digits = digits_alone(text);
  return digits.size() >= 2 && digits.front() == '0';
}

bool is_beyond_doubles(std::string_view text) noexcept {
  const std::string_view digits = text.size() < kFewestBeyond ? std::string_view{} : digits_alone(text);
  return digits.size() >= kFewestBeyond && parse_number(digits, '.').value >= kAllDigitsHeld;
}

std::optional<ThousandsMark> thousands_mark(std::string_view text) noexcept {
  if (text == ",") return ThousandsMark{Grouping::mark, '.'};
  if (text == ".") return ThousandsMark{Grouping::mark, ','};
  if (text == "blank" || text == "space" || (!text.empty() && bytes_of(text, kBlanks, true) == text.size())) return ThousandsMark{Grouping::blank};
  if (!text.empty() && bytes_of(text, kApostrophes, true) == text.size()) return ThousandsMark{Grouping::apostrophe};
  if (text == "none") return ThousandsMark{Grouping::none};
  return std::nullopt;
}

std::string thousands_word(const NumberStyle& style) {
  switch (style.grouping) {
    case Grouping::none: return "";
    case Grouping::mark: return style.decimal == '.' ? "," : ".";
    case Grouping::indian: return ",";
    case Grouping::blank: return "blank";
    case Grouping::apostrophe: return "'";
  }
  return "";
}

std::string style_text(const NumberStyle& style) {
  std::string text = style.decimal == ',' ? "decimal mark: comma" : "";
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  switch (style.grouping) {
    case Grouping::none: break;
    case Grouping::mark: add(style.decimal == '.' ? "commas between thousands" : "points between thousands"); break;
    case Grouping::indian: add("commas between Indian groups of digits"); break;
    case Grouping::blank: add("blanks between thousands"); break;
    case Grouping::apostrophe: add("apostrophes between thousands"); break;
  }
  if (style.unit == "%") add("percentages as written (45% is 45)");
  else if (!style.unit.empty()) add("amounts in " + style.unit);
  return text;
}

}  // namespace chainrule::data
