// What a column of texts stands for: numbers or dates of one style, or categories; and what stays open.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/shown_text.h"
#include "chainrule/error.h"
#include "data/column_typing.h"

namespace chainrule::data {
namespace {

constexpr double kNoValue = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kFewestForNote = 5;         // with fewer values a half says little
constexpr std::size_t kMostComparedLevels = 100;  // with more, case is the least that differs

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_yes_no_pair(const std::vector<std::string>& levels) {
  if (levels.size() != 2) return false;
  std::string words[2];
  for (int i = 0; i < 2; ++i) {
    for (char c : levels[static_cast<std::size_t>(i)].substr(0, 6)) words[i].push_back(lower(c));
  }
  constexpr std::string_view kPairs[][2] = {{"true", "false"}, {"yes", "no"}, {"t", "f"}, {"y", "n"}};
  for (const auto& pair : kPairs) {
    if ((words[0] == pair[0] && words[1] == pair[1]) || (words[0] == pair[1] && words[1] == pair[0])) return true;
  }
  return false;
}

// Cells by the values of their texts; NaN where there is none.
Cells<double> numbers_by_code(const Column& column, const std::vector<double>& values) {
  Cells<double> numbers;
  numbers.reserve(column.codes.size());
  for (const std::int32_t code : column.codes) numbers.push_back(code < 0 ? kNoValue : values[static_cast<std::size_t>(code)]);
  return numbers;
}

void make_dates(Column& column, const DateStyle& style) {
  std::vector<double> seconds;
  seconds.reserve(column.levels.size());
  for (const std::string& level : column.levels) seconds.push_back(parse_date(level, style).value_or(kNoValue));
  column.numbers = numbers_by_code(column, seconds);
  column.type = ColumnType::date;
  column.style = CellStyle{{}, style};
  column.codes = {};
  column.levels = {};
}

void make_numbers(Column& column, const NumberChoice& choice, bool keeps_texts) {
  std::vector<double> values;
  values.reserve(column.levels.size());
  for (const std::string& level : column.levels) values.push_back(parse_number(level, choice.style).value);
  column.numbers = numbers_by_code(column, values);
  column.integers = std::all_of(values.begin(), values.end(), [](double value) { return value == std::nearbyint(value); });
  column.finite = true;
  column.type = ColumnType::numeric;
  column.style = CellStyle{choice.style, {}};
  if (keeps_texts || choice.losing.row != NamedCell::kNone) return;
  column.codes = {};
  column.levels = {};
}

std::string counted_cells(std::size_t count, const std::string& what) { return std::to_string(count) + " " + what + (count == 1 ? "" : "s"); }

std::string line_of(const ColumnPlace& place, const NamedCell& cell) { return "line " + std::to_string(place.table->line(cell.row)); }
std::string quoted_with_line(const ColumnPlace& place, const NamedCell& cell) { return "\"" + cell.text + "\" (" + line_of(place, cell) + ")"; }

// A number as text, as a column would show it.
std::string value_text(const std::string& cell, const NumberStyle& style) {
  Column one;
  one.numbers = {parse_number(cell, style).value};
  return one.text(0);
}

// `--decimal ,` or `--thousands ,`: what makes a mark with three digits behind it what that style takes it for.
std::string settling_flag(const NumberStyle& style, char mark) {
  return (style.decimal == mark ? "--decimal " : "--thousands ") + std::string(1, mark);
}

void note_open_number(Column& column, const NumberChoice& choice, const ColumnPlace& place, std::vector<std::string>& notes) {
  const char mark = choice.doubtful.text.find(',') != std::string::npos ? ',' : '.';
  const std::string readings = value_text(choice.doubtful.text, choice.style) + " or " + value_text(choice.doubtful.text, choice.other);
  const std::string hint = "give " + settling_flag(choice.style, mark) + " for " + value_text(choice.doubtful.text, choice.style) + ", " +
                           settling_flag(choice.other, mark) + " for " + value_text(choice.doubtful.text, choice.other);
  notes.push_back("warning: " + place.column() + ": " + quoted_with_line(place, choice.doubtful) + " may be " + readings + ", and no cell decides; read as " +
                  value_text(choice.doubtful.text, choice.style) + "; " + hint);
  column.doubt = std::make_shared<const Error>("E0347", place.cell(choice.doubtful.row), "\"" + choice.doubtful.text + "\" may be " + readings + ", and no cell of this column decides",
                       hint);
}

void note_losing(const NumberChoice& choice, const ColumnPlace& place, std::vector<std::string>& notes) {
  if (choice.losing.row == NamedCell::kNone) return;
  notes.push_back(place.column() + ": as a number " + quoted_with_line(place, choice.losing) +
                  (has_leading_zero(choice.losing.text) ? " loses its leading zeros" : " loses digits beyond 2^53") +
                  "; classes and groups keep it as it is written, --categorical " + shell_word(place.name) + " does so for inputs");
}

void finish_numbers(Column& column, const NumberChoice& choice, const ColumnPlace& place, const TextRules& rules, std::vector<std::string>& notes) {
  make_numbers(column, choice, rules.keeps_texts);
  const std::string style = style_text(choice.style);
  const bool known = rules.decimal_given && choice.style == NumberStyle{choice.style.decimal, Grouping::none, {}};
  if (choice.trust == NumberChoice::Trust::open) {
    note_open_number(column, choice, place, notes);
  } else if (choice.trust == NumberChoice::Trust::likely && rules.likely_points != nullptr) {
    rules.likely_points->push_back({place.column(), choice.doubtful.text});
  } else if (!style.empty() && !known) {
    notes.push_back(place.column() + ": " + style + " (detected)" +
                    (choice.example.row == NamedCell::kNone
                         ? ""
                         : ", " + quoted_with_line(place, choice.example) + " is " + value_text(choice.example.text, choice.style)));
  }
  note_losing(choice, place, notes);
}

void note_dates(const DateChoice& choice, const ColumnPlace& place, std::vector<std::string>& notes) {
  std::string note = place.column() + ": dates, " + date_style_name(choice.style);
  if (choice.offsets > 0) note += ", taken to UTC by their offsets";
  if (choice.offsets > 0 && choice.offsets < choice.clocks) {
    note += " (" + counted_cells(choice.clocks - choice.offsets, "time") + " without offset: taken as UTC)";
  }
  notes.push_back(note);
}

// Every order that is open, as `each` puts it, with " or " between them.
template <class Each>
std::string either_order(const DateChoice& choice, Each each) {
  std::string text;
  for (const DateOrder order : {DateOrder::dmy, DateOrder::mdy, DateOrder::ymd}) {
    if ((choice.orders & order_bit(order)) != 0) text += (text.empty() ? "" : " or ") + each(order);
  }
  return text;
}

// Nothing is read that half of the world would read otherwise.
void note_open_date(Column& column, const DateChoice& choice, const ColumnPlace& place, std::vector<std::string>& notes) {
  const bool two = choice.last.row != choice.first.row;
  const std::string days = either_order(choice, [&](DateOrder order) {
    const DateStyle style{order, choice.style.separator, false, order == DateOrder::ymd};
    return day_in_words(parse_date(choice.first.text, style).value_or(0));
  });
  const std::string message = quoted_with_line(place, choice.first) + " may be " + days + ", and no cell decides" +
                              (two ? " (the last one is " + quoted_with_line(place, choice.last) + ")" : "");
  const std::string hint = "give " + either_order(choice, [](DateOrder order) { return "--date-order " + std::string(date_order_name(order)); });
  notes.push_back("warning: " + place.column() + ": " + message + "; read as text; " + hint);
  column.doubt = std::make_shared<const Error>("E0348", place.cell(choice.first.row), message, hint);
}

// At least half of at least five values: hardly a category.
bool half_of_them(const StyleFit& fit) noexcept { return fit.fitting + fit.others >= kFewestForNote && fit.fitting >= fit.others; }

struct Mixture {
  const StyleFit& fit;
  std::string kind;   ///< "number", "date"
  std::string style;  ///< of the cells that are, "" for plain numbers
};

std::string mixture_hint(const Mixture& mixture) {
  return mixture.style.empty() ? "" : "the other cells are " + mixture.kind + "s (" + mixture.style + "); ";
}

[[noreturn]] void throw_other(const Mixture& mixture, const ColumnPlace& place) {
  throw Error("E0301", place.cell(mixture.fit.first_other.row), "cannot read \"" + mixture.fit.first_other.text + "\" as a " + mixture.kind,
              mixture_hint(mixture) + slip_hint(mixture.fit.first_other.text, place.name) + first_line_advice(place, mixture.fit.first_other.row));
}

void note_mixture(Column& column, const Mixture& mixture, const ColumnPlace& place, std::vector<std::string>& notes) {
  const StyleFit& fit = mixture.fit;
  const std::string count = counted_cells(fit.fitting, mixture.kind) + (mixture.style.empty() ? "" : " (" + mixture.style + ")");
  const std::string all = std::to_string(fit.fitting + fit.others) + " values";
  const bool half = half_of_them(fit);
  notes.push_back(place.column() + ": " + count + " among " + all + ", read as text (" + line_of(place, fit.first_other) + " has \"" +
                  fit.first_other.text + "\")" + (half ? "; if that means nothing, give --missing " + shell_word(fit.first_other.text) : ""));
  if (!half) return;
  column.doubt = std::make_shared<const Error>("E0349", place.cell(fit.first_other.row),
                       "\"" + fit.first_other.text + "\" is no " + mixture.kind + ", but " + std::to_string(fit.fitting) + " of " + all + " of this column are",
                       mixture_hint(mixture) + "correct the cell, or remove the row" + first_line_advice(place, mixture.fit.first_other.row));
}

void finish_mixture(Column& column, const NumberChoice& number, const DateChoice& date, const ColumnPlace& place, const TextRules& rules,
                    std::vector<std::string>& notes) {
  if (number.out_of_range > 0 && number.out_of_range == number.others) throw_out_of_range(number.first_other, place.table->line(number.first_other.row), place);
  const bool dates = date.fitting > number.fitting && rules.wish != ColumnWish::numeric;
  const Mixture mixture = dates ? Mixture{date, "date", date_style_name(date.style)} : Mixture{number, "number", style_text(number.style)};
  const bool slip = nearly_all(mixture.fit.fitting, mixture.fit.others) || (rules.all != nullptr && nearly_all(rules.all->numbers, rules.all->texts));
  if (slip || (rules.wish == ColumnWish::numeric && mixture.fit.others > 0)) throw_other(mixture, place);
  const bool plain = !dates && mixture.style.empty();
  if (mixture.fit.fitting > 0 && (plain || half_of_them(mixture.fit))) note_mixture(column, mixture, place, notes);
}

// Numbers with a unit that is not understood are no categories either.
void note_unknown_unit(Column& column, const CountedLevels& levels, const ColumnPlace& place, std::vector<std::string>& notes) {
  const UnknownUnit found = find_unknown_unit(levels);
  if (levels.all < kFewestForNote || 2 * found.cells < levels.all) return;
  const std::string count = std::to_string(found.cells) + " of " + std::to_string(levels.all) + " values";
  const std::string hint = "write the numbers without it to have numbers";
  notes.push_back(place.column() + ": " + count + " are numbers with \"" + found.unit + "\" behind them, as " + quoted_with_line(place, found.first) +
                  ": read as text; " + hint);
  column.doubt = std::make_shared<const Error>("E0349", place.cell(found.first.row), count + " of this column are numbers with \"" + found.unit + "\" behind them, as \"" +
                       found.first.text + "\"", hint);
}

// Yes and yes are two categories; few people want them to be.
void note_cases(const Column& column, const ColumnPlace& place, std::vector<std::string>& notes) {
  if (column.levels.size() > kMostComparedLevels) return;
  std::map<std::string, const std::string*> known;
  for (const std::string& level : column.levels) {
    std::string small(level);
    std::transform(small.begin(), small.end(), small.begin(), lower);
    const auto [place_of_small, fresh] = known.emplace(std::move(small), &level);
    if (fresh) continue;
    notes.push_back(place.column() + ": \"" + *place_of_small->second + "\" and \"" + level + "\" differ in case alone, and are two categories");
    return;
  }
}

// Some text looks like a number, a date or a number with a unit; in columns of words none does, and their cells need not be counted.
bool may_hold_values(const std::vector<std::string>& levels) {
  return std::any_of(levels.begin(), levels.end(), [](const std::string& level) {
    if (level.find_first_of("0123456789") == std::string::npos) return false;
    const bool digit_first = level.front() >= '0' && level.front() <= '9';
    return digit_first || shape_of_number(level).styles != 0 || shape_of_date(level).orders != 0;
  });
}

}  // namespace

void finish_texts(Column& column, const ColumnPlace& place, const TextRules& rules, std::vector<std::string>& notes) {
  column.boolean = is_yes_no_pair(column.levels);
  if (column.levels.empty() || column.boolean) return;
  if (rules.wish != ColumnWish::numeric && !may_hold_values(column.levels)) return note_cases(column, place, notes);
  const CountedLevels levels(column);
  const NumberChoice number = choose_number_style(levels, rules.styles, rules.wish == ColumnWish::numeric);
  if (number.others == 0) return finish_numbers(column, number, place, rules, notes);
  const DateChoice date = choose_date_style(levels, rules.styles);
  if (date.others > 0 || rules.wish == ColumnWish::numeric) {
    finish_mixture(column, number, date, place, rules, notes);
    if (number.fitting == 0 && date.fitting == 0) note_unknown_unit(column, levels, place, notes);
    note_cases(column, place, notes);
    return;
  }
  if (date.open()) return note_open_date(column, date, place, notes);
  make_dates(column, date.style);
  note_dates(date, place, notes);
}

std::string number_in_words(const std::string& cell, char decimal) { return value_text(cell, {decimal, Grouping::none, {}}); }

ThousandthsCount count_thousandths(const Cells<double>& values) noexcept {
  ThousandthsCount count;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    ++count.values;
    const double size = std::abs(value), thousandths = size * 1000;
    const bool whole = size == std::nearbyint(size);
    if (size >= 1000 || (!whole && (size < 1 || std::abs(thousandths - std::nearbyint(thousandths)) > 1e-6))) return count;
    count.whole += whole ? 1 : 0;
  }
  count.all = count.values > 0;
  return count;
}

void finish_dates(Column& column, const ColumnPlace& place, const DateStyle& style) {
  const std::vector<std::string> levels = column.levels;
  const Cells<std::int32_t> codes = column.codes;
  make_dates(column, style);
  for (std::size_t row = 0; row < codes.size(); ++row) {
    if (codes[row] < 0 || !std::isnan(column.numbers[row])) continue;
    const std::string& text = levels[static_cast<std::size_t>(codes[row])];
    throw Error("E0321", place.cell(row), "cannot read \"" + text.substr(0, 60) + "\" as a date", "the model learned this column as dates, " +
                date_style_name(style) + "; correct the cell, or train again" + first_line_advice(place, row));
  }
}

}  // namespace chainrule::data
