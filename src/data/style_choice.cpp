// Every cell says which styles it fits; the column's style is the one that most cells fit, and what that leaves open is told.
#include "data/style_choice.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include "chainrule/error.h"

namespace chainrule::data {
namespace {

constexpr std::size_t kLongestUnit = 8;  // bytes of what may be a unit behind numbers
constexpr std::size_t kNoRow = std::numeric_limits<std::size_t>::max();

// Keeps the cell that stands first in the file.
void keep_first(NamedCell& cell, std::size_t row, const std::string& text) {
  if (cell.row == NamedCell::kNone || row < cell.row) remember_cell(cell = {}, row, text);
}

void keep_last(NamedCell& cell, std::size_t row, const std::string& text) {
  if (cell.row == NamedCell::kNone || row > cell.row) remember_cell(cell = {}, row, text);
}

char given_decimal(const ReadOptions& options) {
  if (options.decimal.empty() || options.decimal == "." || options.decimal == ",") return options.decimal.empty() ? '\0' : options.decimal[0];
  throw Error("E0102", "decimal", "\"" + options.decimal + "\" cannot be a decimal mark", "use . or ,");
}

std::optional<ThousandsMark> given_thousands(const ReadOptions& options) {
  if (options.thousands.empty()) return std::nullopt;
  if (const auto mark = thousands_mark(options.thousands)) return mark;
  throw Error("E0102", "thousands", "\"" + options.thousands + "\" cannot stand between thousands", "use , . blank ' or none");
}

using Shapes = std::vector<NumberShape>;

bool has_unit(const NumberShape& shape, std::string_view unit) noexcept { return shape.unit == unit || (shape.unit.empty() && shape.zero); }

// The unit of most cells.
std::string_view commonest_unit(const Shapes& shapes, const CountedLevels& levels) {
  std::map<std::string_view, std::size_t> cells;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (shapes[i].styles != 0 && !(shapes[i].zero && shapes[i].unit.empty())) cells[shapes[i].unit] += levels.cells[i];
  }
  std::string_view best;
  std::size_t most = 0;
  for (const auto& [unit, count] : cells) {
    if (count > most) std::tie(best, most) = std::pair(unit, count);
  }
  return best;
}

// The styles that most cells fit.
StyleSet commonest_styles(const Shapes& shapes, const CountedLevels& levels, std::string_view unit, StyleSet allowed, std::size_t& most) {
  std::array<std::size_t, kNumberStyles> cells{};
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (!has_unit(shapes[i], unit)) continue;
    for (std::size_t style = 0; style < kNumberStyles; ++style) cells[style] += (shapes[i].styles >> style & 1u) != 0 ? levels.cells[i] : 0;
  }
  most = 0;
  StyleSet best = 0;
  for (std::size_t style = 0; style < kNumberStyles; ++style) {
    if ((allowed >> style & 1u) == 0 || cells[style] < most) continue;
    if (cells[style] > most) best = 0;
    most = cells[style];
    best |= static_cast<StyleSet>(1u << style);
  }
  return most == 0 ? StyleSet{0} : best;
}

const NumberStyle& first_of(StyleSet styles) { return number_styles()[static_cast<std::size_t>(std::countr_zero(styles))]; }

/// What the cells tell where a mark with three digits behind it may be a decimal mark or stand between thousands.
struct Evidence {
  bool comma = false, point = false;  ///< such marks
  bool trailing_zero = false;
  bool small = false, large = false;  ///< whole numbers without a mark, of up to three digits, and of more
};

Evidence evidence_of(const Shapes& shapes) {
  Evidence evidence;
  for (const NumberShape& shape : shapes) {
    evidence.comma |= shape.doubtful_mark == ',';
    evidence.point |= shape.doubtful_mark == '.';
    evidence.trailing_zero |= shape.trailing_zero;
    evidence.small |= shape.digits >= 1 && shape.digits <= 3;
    evidence.large |= shape.digits > 3;
  }
  return evidence;
}

struct Verdict {
  bool thousands;
  NumberChoice::Trust trust;
};

// Currencies of countries that write a decimal point; their prices have two decimals.
bool writes_points(std::string_view unit) noexcept {
  constexpr std::string_view kUnits[] = {"USD", "GBP", "JPY", "CNY", "RMB", "INR", "AUD", "CAD", "NZD", "HKD", "SGD", "KRW", "THB", "PHP", "ILS", "CHF",
                                         "MYR", "TWD", "NGN", "EGP", "Rs", "Rs.", "\xc2\xa3", "\xc2\xa5", "\xef\xbf\xa5", "\xe2\x82\xb9"};
  return (unit.ends_with('$') && unit != "R$") || std::find(std::begin(kUnits), std::end(kUnits), unit) != std::end(kUnits);
}

// Nobody drops the zeros of 1,5 but writes those of 1,070: with whole numbers beside them three digits are a group.
Verdict judge_comma(const Evidence& evidence, const std::string& unit, char file_mark) {
  using Trust = NumberChoice::Trust;
  if (writes_points(unit)) return {true, Trust::certain};
  if (evidence.small && !evidence.large) return {true, file_mark == ',' ? Trust::open : Trust::certain};
  if (file_mark != 0) return {file_mark == '.', Trust::certain};
  return {true, Trust::open};
}

// Programs print 1.234 everywhere: the point is the decimal mark unless something speaks against it.
Verdict judge_point(const Evidence& evidence, char file_mark) {
  using Trust = NumberChoice::Trust;
  if (evidence.large) return {false, Trust::certain};
  if (!evidence.small) return {file_mark == ',', file_mark != 0 ? Trust::certain : Trust::likely};
  if (file_mark == '.') return {false, Trust::likely};
  if (evidence.trailing_zero || file_mark == ',') return {true, Trust::certain};
  return {false, Trust::open};
}

// Chooses among styles that all fit the same cells.
void settle(NumberChoice& choice, StyleSet fitting, const Shapes& shapes, const CountedLevels& levels, char file_mark) {
  const StyleSet points = fitting & styles_with_decimal('.'), commas = fitting & styles_with_decimal(',');
  const std::string unit = choice.style.unit;
  choice.style = first_of(fitting);
  choice.style.unit = unit;
  const Evidence evidence = evidence_of(shapes);
  if (points == 0 || commas == 0 || (!evidence.comma && !evidence.point)) return;
  const Verdict verdict = evidence.comma ? judge_comma(evidence, unit, file_mark) : judge_point(evidence, file_mark);
  const bool decimal_point = verdict.thousands == evidence.comma;
  choice.style = first_of(decimal_point ? points : commas);
  choice.other = first_of(decimal_point ? commas : points);
  choice.style.unit = choice.other.unit = unit;
  choice.trust = evidence.comma && evidence.point ? NumberChoice::Trust::open : verdict.trust;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (shapes[i].doubtful_mark != 0) keep_first(choice.doubtful, levels.first_row[i], levels.texts[i]);
  }
}

void count_numbers(NumberChoice& choice, const Shapes& shapes, const CountedLevels& levels) {
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (levels.cells[i] == 0) continue;
    const bool fits = has_unit(shapes[i], choice.style.unit) && parse_number(levels.texts[i], choice.style).kind == CellKind::number;
    if (!fits) {
      choice.others += levels.cells[i];
      choice.out_of_range += shapes[i].out_of_range ? levels.cells[i] : 0;
      keep_first(choice.first_other, levels.first_row[i], levels.texts[i]);
      continue;
    }
    choice.fitting += levels.cells[i];
    if (is_beyond_doubles(levels.texts[i]) || has_leading_zero(levels.texts[i])) keep_first(choice.losing, levels.first_row[i], levels.texts[i]);
    if (parse_number(levels.texts[i], '.').kind != CellKind::number || shapes[i].doubtful_mark != 0) {
      keep_first(choice.example, levels.first_row[i], levels.texts[i]);
    }
  }
}

bool all_bracketed(const Shapes& shapes) {
  return std::all_of(shapes.begin(), shapes.end(), [](const NumberShape& shape) { return shape.styles == 0 || shape.bracketed; });
}

/// Days in one spelling but for the order.
struct DateSpelling {
  char separator;
  bool named;
  auto operator<=>(const DateSpelling&) const = default;
};

using DateShapes = std::vector<DateShape>;

DateSpelling commonest_spelling(const DateShapes& shapes, const CountedLevels& levels) {
  std::map<DateSpelling, std::size_t> cells;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (shapes[i].orders != 0) cells[{shapes[i].separator, shapes[i].named}] += levels.cells[i];
  }
  const auto more = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto best = std::max_element(cells.begin(), cells.end(), more);
  return best == cells.end() ? DateSpelling{0, false} : best->first;
}

// 24-01-31 may begin with the year, where the order is not given otherwise; 24/01/31 and 24.01.31 only where it is given.
DateShape shape_for(const std::string& text, const StyleRules& rules) {
  const DateShape shape = shape_of_date(text);
  const bool hyphens = !rules.order && text.size() >= 8 && text[2] == '-' && text[5] == '-';
  return hyphens || rules.order == DateOrder::ymd ? shape_of_date(text, true) : shape;
}

// A given order settles days and months in figures; a year of four digits in front and months by name speak for themselves.
DateOrders allowed_orders(const DateShape& shape, const StyleRules& rules) {
  if (shape.named || !rules.order) return shape.orders;
  const DateOrders year_first = order_bit(DateOrder::ymd);
  if (shape.orders == year_first) return shape.orders;
  return shape.orders & order_bit(*rules.order);
}

// The orders that most cells fit.
DateOrders commonest_orders(const std::vector<DateOrders>& fits, const CountedLevels& levels) {
  std::size_t cells[3] = {}, most = 1;
  for (std::size_t i = 0; i < fits.size(); ++i) {
    for (unsigned order = 0; order < 3; ++order) cells[order] += (fits[i] >> order & 1u) != 0 ? levels.cells[i] : 0;
  }
  for (const std::size_t count : cells) most = std::max(most, count);
  DateOrders best = 0;
  for (unsigned order = 0; order < 3; ++order) best |= static_cast<DateOrders>(cells[order] == most ? 1u << order : 0u);
  return best;
}

}  // namespace

const NumberStyle& StyleRules::first() const { return first_of(numbers); }

StyleRules style_rules(const ReadOptions& options) {
  StyleRules rules;
  const char decimal = given_decimal(options);
  const auto thousands = given_thousands(options);
  if (decimal != 0) rules.numbers &= styles_with_decimal(decimal);
  if (thousands) {
    if (decimal != 0 && thousands->decimal != 0 && decimal != thousands->decimal) {
      throw Error("E0120", "decimal, thousands", "both are \"" + options.decimal + "\"", "give two different marks, or one of the two options");
    }
    StyleSet grouped = styles_with_grouping(thousands->grouping);
    if (options.thousands == ",") grouped |= styles_with_grouping(Grouping::indian);
    rules.numbers &= thousands->decimal != 0 ? grouped & styles_with_decimal(thousands->decimal) : grouped;
  }
  rules.order = date_order_named(options.date_order);
  if (!rules.order && !options.date_order.empty()) {
    throw Error("E0102", "date-order", "\"" + options.date_order + "\" is no order of day, month and year", "use dmy, mdy or ymd");
  }
  return rules;
}

CountedLevels::CountedLevels(const Column& column)
    : texts(column.levels), cells(column.levels.size(), 0), first_row(column.levels.size(), kNoRow) {
  for (std::size_t row = 0; row < column.codes.size(); ++row) {
    if (column.codes[row] < 0) continue;
    const auto code = static_cast<std::size_t>(column.codes[row]);
    if (cells[code]++ == 0) first_row[code] = row;
    ++all;
  }
}

NumberChoice choose_number_style(const CountedLevels& levels, const StyleRules& rules, bool brackets_alone) {
  Shapes shapes;
  shapes.reserve(levels.texts.size());
  for (const std::string& text : levels.texts) shapes.push_back(shape_of_number(text));
  NumberChoice choice;
  const std::string_view unit = commonest_unit(shapes, levels);
  std::size_t most = 0;
  StyleSet styles = commonest_styles(shapes, levels, unit, rules.numbers, most);
  if (!brackets_alone && all_bracketed(shapes)) styles = 0;
  if (styles != 0) {
    choice.style.unit = unit;
    settle(choice, styles, shapes, levels, rules.file_mark);
    count_numbers(choice, shapes, levels);
    return choice;
  }
  choice.others = levels.all;
  for (std::size_t i = 0; i < shapes.size(); ++i) choice.out_of_range += shapes[i].out_of_range ? levels.cells[i] : 0;
  for (std::size_t i = 0; i < shapes.size() && levels.all > 0; ++i) {
    if (levels.cells[i] > 0) keep_first(choice.first_other, levels.first_row[i], levels.texts[i]);
  }
  return choice;
}

UnknownUnit find_unknown_unit(const CountedLevels& levels) {
  std::map<std::string_view, UnknownUnit> units;
  for (std::size_t i = 0; i < levels.texts.size(); ++i) {
    const std::string_view text = levels.texts[i];
    std::size_t end = text.find_last_of("0123456789");
    if (levels.cells[i] == 0 || end == std::string_view::npos || ++end == text.size() || text.size() - end > kLongestUnit) continue;
    if (shape_of_number(text.substr(0, end)).styles == 0) continue;
    std::string_view unit = text.substr(end);
    while (unit.starts_with(' ')) unit.remove_prefix(1);
    UnknownUnit& found = units[unit];
    found.unit = unit;
    found.cells += levels.cells[i];
    keep_first(found.first, levels.first_row[i], levels.texts[i]);
  }
  UnknownUnit best;
  for (const auto& [unit, found] : units) {
    if (found.cells > best.cells) best = found;
  }
  return best;
}

DateChoice choose_date_style(const CountedLevels& levels, const StyleRules& rules) {
  DateShapes shapes;
  shapes.reserve(levels.texts.size());
  for (const std::string& text : levels.texts) shapes.push_back(shape_for(text, rules));
  const DateSpelling spelling = commonest_spelling(shapes, levels);
  std::vector<DateOrders> fits(shapes.size(), 0);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (DateSpelling{shapes[i].separator, shapes[i].named} == spelling) fits[i] = allowed_orders(shapes[i], rules);
  }
  const DateOrders orders = commonest_orders(fits, levels);
  DateChoice choice;
  choice.others = levels.all;
  if (orders == 0) return choice;
  const bool dotted = spelling.separator == '.' && (orders & order_bit(DateOrder::dmy)) != 0;  // written between day, month and year, in this order
  choice.orders = dotted ? order_bit(DateOrder::dmy) : orders;
  const auto order = static_cast<DateOrder>(std::countr_zero(choice.orders));
  choice.style = {order, spelling.separator, spelling.named, false};
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (levels.cells[i] == 0) continue;
    if ((fits[i] & order_bit(order)) == 0) {
      keep_first(choice.first_other, levels.first_row[i], levels.texts[i]);
      continue;
    }
    choice.style.short_year_first |= order == DateOrder::ymd && (shape_of_date(levels.texts[i]).orders & order_bit(order)) == 0;
    choice.fitting += levels.cells[i];
    choice.others -= levels.cells[i];
    choice.clocks += shapes[i].clock ? levels.cells[i] : 0;
    choice.offsets += shapes[i].offset ? levels.cells[i] : 0;
    keep_first(choice.first, levels.first_row[i], levels.texts[i]);
    keep_last(choice.last, levels.first_row[i], levels.texts[i]);
  }
  return choice;
}

}  // namespace chainrule::data
