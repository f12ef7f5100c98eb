// Judging a CSV text by its first records.
#include "data/csv_dialect.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_set>

#include "chainrule/error.h"
#include "data/csv_scanner.h"
#include "data/dates.h"
#include "data/number.h"

namespace chainrule::data {
namespace {

using Records = std::vector<std::vector<std::string_view>>;

constexpr std::size_t kSampleRecords = 1000;
constexpr std::size_t kSampleBytes = std::size_t{1} << 18;

// The first records under one separator; the scanner owns copies of some fields.
struct Sample {
  Sample(std::string_view text, char separator) : scanner(text, separator) {
    std::vector<std::string_view> cells;
    while (records.size() < kSampleRecords && (records.size() < 2 || scanner.position() < kSampleBytes)) {
      status = scanner.read_record(cells);
      if (status != CsvScanner::Status::record) break;
      records.push_back(cells);
    }
  }
  bool broken() const noexcept { return status == CsvScanner::Status::text_after_quote; }

  CsvScanner scanner;
  Records records;
  CsvScanner::Status status = CsvScanner::Status::end;
};

// How well a separator fits: the commonest number of fields, and the share of records that have it.
struct Fit {
  std::size_t fields = 1;
  double share = 0;
};

Fit measure(const Sample& sample) {
  std::map<std::size_t, std::size_t> counts;
  for (const auto& record : sample.records) ++counts[record.size()];
  Fit fit;
  std::size_t best = 0;
  for (const auto& [fields, count] : counts) {
    if (count >= best) {
      best = count;
      fit.fields = fields;
    }
  }
  if (best > 0 && !sample.broken()) fit.share = static_cast<double>(best) / static_cast<double>(sample.records.size());
  return fit;
}

// Rare marks before common ones: a comma is often part of a number or a text, a blank nearly always is.
char detect_separator(std::string_view text) {
  char best = ',';
  double best_share = 0;
  for (char separator : {'\t', ';', '|', ','}) {
    const Fit fit = measure(Sample(text, separator));
    if (fit.fields >= 2 && fit.share > best_share + 1e-9) {
      best = separator;
      best_share = fit.share;
    }
  }
  if (best_share >= 0.9) return best;
  const Fit blanks = measure(Sample(text, ' '));
  return blanks.fields >= 2 && blanks.share > std::max(best_share, 0.9) ? ' ' : best;
}

std::optional<char> given_separator(const std::string& text) {
  if (text.empty()) return std::nullopt;
  if (text == "\\t" || text == "tab") return '\t';
  if (text == "blank" || text == "blanks" || text == "space") return ' ';
  const char c = text[0];
  const bool sensible = text.size() == 1 && c > 0 && c != '"' && c != '\n' && c != '\r' && c != '.' && c != '-' && c != '+' &&
                        !(c >= '0' && c <= '9') && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
  if (!sensible) {
    throw Error("E0102", "separator", "\"" + text + "\" cannot be a separator", "use one of , ; | tab or blanks");
  }
  return c;
}

bool is_value(std::string_view cell, char decimal) {
  if (parse_number(cell, decimal).kind != CellKind::text) return true;
  const bool digit = cell.find_first_of("0123456789") != std::string_view::npos;  // most words have none
  return digit && (shape_of_number(cell).styles != 0 || shape_of_date(cell).orders != 0);
}

// Does a later record show that the first one is of another kind (text above numbers)?
bool text_above_numbers(const Records& records, char decimal, const MissingMarkers& missing) {
  for (std::size_t c = 0; c < records[0].size(); ++c) {
    std::size_t values = 0, numbers = 0;
    for (std::size_t r = 1; r < records.size(); ++r) {
      if (c >= records[r].size() || missing.contains(records[r][c])) continue;
      ++values;
      numbers += is_value(records[r][c], decimal) ? 1 : 0;
    }
    if (values > 0 && 2 * numbers > values) return true;
  }
  return false;
}

// In a table of texts alone a header's words are all different and none of them is a value below.
bool words_of_their_own(const Records& records) {
  std::unordered_set<std::string_view> words;
  for (std::string_view cell : records[0]) {
    if (!words.insert(cell).second) return false;
  }
  for (std::size_t r = 1; r < records.size(); ++r) {
    for (std::size_t c = 0; c < std::min(records[r].size(), records[0].size()); ++c) {
      if (records[r][c] == records[0][c]) return false;
    }
  }
  return true;
}

bool detect_header(const Records& records, char decimal, const MissingMarkers& missing) {
  if (records.empty()) return false;
  std::size_t empty = 0;
  for (std::string_view cell : records[0]) {
    empty += cell.empty() ? 1 : 0;
    if (is_value(cell, decimal)) return false;
    if (!cell.empty() && missing.contains(cell)) return false;
  }
  if (empty == records[0].size()) return false;
  return text_above_numbers(records, decimal, missing) || words_of_their_own(records);
}

}  // namespace

std::string separator_name(char separator) {
  switch (separator) {
    case ',': return "comma";
    case ';': return "semicolon";
    case '\t': return "tab";
    case '|': return "bar";
    case ' ': return "blanks";
    default: return std::string("\"") + separator + "\"";
  }
}

CsvDialect detect_dialect(std::string_view text, const ReadOptions& options, const MissingMarkers& missing) {
  if (options.header && options.no_header) {
    throw Error("E0120", "header, no-header", "the two options exclude each other", "give one of them, or none");
  }
  CsvDialect dialect;
  const std::optional<char> given = given_separator(options.separator);
  dialect.separator = given ? *given : detect_separator(text);
  const Sample sample(text, dialect.separator);
  dialect.styles = style_rules(options);
  dialect.decimal = (dialect.styles.numbers & styles_with_decimal('.')) != 0 ? '.' : ',';
  const bool header_given = options.header || options.no_header;
  dialect.header = header_given ? options.header : detect_header(sample.records, dialect.decimal, missing);
  dialect.columns = glance_at(sample.records, dialect.header, missing);
  dialect.styles.file_mark = file_mark(dialect.columns);
  dialect.notes.push_back("separator: " + separator_name(dialect.separator) + (given ? " (given)" : " (detected)"));
  dialect.notes.push_back(std::string("header: ") + (dialect.header ? "the first line names the columns" : "none, columns are numbered from 0") +
                          (header_given ? " (given)" : " (detected)"));
  if (!options.decimal.empty()) dialect.notes.push_back(dialect.decimal == ',' ? "decimal mark: comma (given)" : "decimal mark: point (given)");
  if (!options.thousands.empty()) dialect.notes.push_back("between thousands: \"" + options.thousands + "\" (given)");
  if (!options.date_order.empty()) dialect.notes.push_back("order of dates: " + options.date_order + " (given)");
  return dialect;
}

}  // namespace chainrule::data
