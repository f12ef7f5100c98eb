// One odd name vetoes nothing: points are given column by column, and the larger sum wins.
#include "data/header_line.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_set>

#include "base/shown_text.h"
#include "data/dates.h"
#include "data/number.h"
#include "data/number_style.h"

namespace chainrule::data {
namespace {

using Records = std::vector<std::vector<std::string_view>>;

enum class Kind { nothing, whole, fraction, date, text };

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// "$12.00", "45%", "1,234.50", "(3)": no letters, and a digit.
bool is_decorated_number(std::string_view cell) noexcept {
  bool digit = false;
  for (const char c : cell) {
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') return false;
    digit = digit || is_digit(c);
  }
  return digit;
}

Kind kind_of(std::string_view cell, char decimal, const MissingMarkers& missing) {
  if (missing.contains(cell)) return Kind::nothing;
  const ParsedNumber parsed = parse_number(cell, decimal);
  if (parsed.kind != CellKind::text) {
    const bool digits = std::all_of(cell.begin(), cell.end(), is_digit);
    return digits ? Kind::whole : Kind::fraction;
  }
  if (cell.find_first_of("0123456789") == std::string_view::npos) return Kind::text;  // as most words
  if (shape_of_date(cell).orders != 0) return Kind::date;
  if (shape_of_number(cell).styles != 0) return Kind::fraction;
  return is_decorated_number(cell) ? Kind::fraction : Kind::text;
}

// What people write where a value is missing, without its being a marker.
bool is_stray_word(std::string_view cell) {
  constexpr std::array<std::string_view, 9> kWords = {"n.a.", "na", "missing", "unknown", "none", "nil", "null", "tbd", "n.d."};
  std::string lower;
  for (const char c : cell.substr(0, 8)) lower.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c);
  return std::find(kWords.begin(), kWords.end(), lower) != kWords.end();
}

/// A column below the line in question.
struct Below {
  std::size_t wholes = 0, fractions = 0, dates = 0, texts = 0;
  bool holds_name = false;

  std::size_t values() const noexcept { return wholes + fractions + dates + texts; }
  bool numeric() const noexcept { return 2 * (wholes + fractions) > values(); }
  bool dated() const noexcept { return 2 * dates > values(); }
};

Below look_below(const Records& records, std::size_t column, char decimal, const MissingMarkers& missing) {
  Below below;
  for (std::size_t r = 1; r < records.size(); ++r) {
    if (column >= records[r].size()) continue;
    const std::string_view cell = records[r][column];
    below.holds_name = below.holds_name || cell == records[0][column];
    switch (kind_of(cell, decimal, missing)) {
      case Kind::nothing: break;
      case Kind::whole: ++below.wholes; break;
      case Kind::fraction: ++below.fractions; break;
      case Kind::date: ++below.dates; break;
      case Kind::text: ++below.texts; break;
    }
  }
  return below;
}

/// Whole numbers that stand above numbers: 0, 1, 2, ..., years, or cells of a row?
struct NumberNames {
  std::vector<double> values;
  std::size_t above_fractions = 0, at_own_place = 0;
  bool increasing = true;

  void add(std::string_view name, std::size_t column, const Below& below) {
    const double value = parse_number(name, '.').value;
    increasing = increasing && (values.empty() || value > values.back());
    at_own_place += value == static_cast<double>(column) ? 1 : 0;
    above_fractions += 2 * below.fractions > below.values() ? 1 : 0;
    values.push_back(value);
  }
  bool years() const noexcept {
    return std::all_of(values.begin(), values.end(), [](double v) { return v >= 1900 && v <= 2100; });
  }
  bool series() const noexcept { return values.size() >= 2 && increasing; }
};

constexpr int kStrong = 4, kGood = 3, kFair = 2, kWeak = 1;

class Judge {
 public:
  Judge(const Records& records, char decimal, const MissingMarkers& missing) : records_(records), decimal_(decimal), missing_(missing) {}

  HeaderChoice judge() {
    const std::size_t width = records_[0].size();
    for (std::size_t c = 0; c < width; ++c) weigh(c);
    if (names_ == 0) return {};
    weigh_numbers(width);
    if (pro_ == 0 && con_ == 0) return {words_of_their_own(), marker_};
    return {pro_ > con_, (pro_ > 0 && con_ > 0) || guessed_};
  }

 private:
  void weigh(std::size_t c) {
    const std::string_view name = records_[0][c];
    const Kind kind = kind_of(name, decimal_, missing_);
    marker_ = marker_ || (kind == Kind::nothing && !name.empty());
    if (kind == Kind::nothing) return;
    ++names_;
    const Below below = look_below(records_, c, decimal_, missing_);
    if (below.values() == 0) return;
    const bool values_below = below.numeric() || below.dated();
    if (kind == Kind::text) {
      if (values_below) pro_ += is_stray_word(name) ? 0 : kGood;
      else if (below.holds_name) con_ += kFair;
    } else if (kind == Kind::date) {
      (below.dated() ? con_ : pro_) += below.dated() ? kStrong : kWeak;
    } else if (!values_below) {
      below.holds_name ? con_ += kFair : pro_ += kWeak;
    } else if (below.dated()) {
      pro_ += kWeak;
    } else if (kind == Kind::fraction) {
      con_ += kStrong;
    } else {
      numbers_.add(name, c, below);
    }
  }

  // A series is a header where the columns below are of another kind or the numbers are those of the columns; years among words are names.
  void weigh_numbers(std::size_t width) {
    const std::size_t count = numbers_.values.size();
    if (count == 0) return;
    if (!numbers_.series()) {
      con_ += kFair * static_cast<int>(count);
    } else if (numbers_.at_own_place == width && width >= 3) {
      pro_ += kGood;
      guessed_ = 2 * numbers_.above_fractions <= count;
    } else if (2 * numbers_.above_fractions > count) {
      pro_ += kFair;
      guessed_ = true;
    } else if (numbers_.years() && count < names_) {
      pro_ += kWeak;
      guessed_ = true;
    } else {
      con_ += kWeak;
      guessed_ = pro_ == 0 && (numbers_.at_own_place == width || numbers_.years());
    }
  }

  // In a table of texts alone a header's words are all different and none of them is a value below.
  bool words_of_their_own() const {
    std::unordered_set<std::string_view> words;
    for (const std::string_view cell : records_[0]) {
      if (!missing_.contains(cell) && !words.insert(cell).second) return false;
    }
    for (std::size_t r = 1; r < records_.size(); ++r) {
      for (std::size_t c = 0; c < std::min(records_[r].size(), records_[0].size()); ++c) {
        if (records_[r][c] == records_[0][c] && !missing_.contains(records_[0][c])) return false;
      }
    }
    return true;
  }

  const Records& records_;
  const char decimal_;
  const MissingMarkers& missing_;
  int pro_ = 0, con_ = 0;
  std::size_t names_ = 0;
  NumberNames numbers_;
  bool guessed_ = false, marker_ = false;
};

}  // namespace

HeaderChoice judge_header(const Records& records, char decimal, const MissingMarkers& missing) {
  if (records.empty()) return {};
  return Judge(records, decimal, missing).judge();
}

std::string header_advice(const Table& table) {
  if (!table.reading || table.first_line.empty()) return "";
  const std::string line = "; line " + std::to_string(table.first_line_number) + ", \"" + printable(table.first_line) + "\", ";
  if (table.reading->header) return line + "was read as the names of the columns: if it is data, give --no-header";
  return line + "was read as data: if it names the columns, " + (table.header_given ? "leave out --no-header" : "give --header");
}

}  // namespace chainrule::data
