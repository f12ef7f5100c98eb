// Judging a CSV text by its first records.
#include "data/csv_dialect.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_set>

#include "chainrule/error.h"
#include "data/csv_scanner.h"
#include "data/header_line.h"
#include "data/number.h"

namespace chainrule::data {
namespace {

using Records = std::vector<std::vector<std::string_view>>;

constexpr std::size_t kSampleRecords = 1000;
constexpr std::size_t kSampleBytes = std::size_t{1} << 18;

// The first records under one separator; the scanner owns copies of some fields.
struct Sample {
  Sample(std::string_view text, char separator, const DialectHints& hints, std::size_t most = kSampleRecords)
      : scanner(text, separator, {hints.first_line, true, hints.comment}) {
    std::vector<std::string_view> cells;
    while (records.size() < most && (records.size() < 2 || scanner.position() < kSampleBytes)) {
      status = scanner.read_record(cells);
      if (status != CsvScanner::Status::record) break;
      lines.push_back(scanner.line());
      records.push_back(cells);
    }
  }
  bool broken() const noexcept { return status == CsvScanner::Status::text_after_quote; }

  CsvScanner scanner;
  Records records;
  std::vector<std::uint64_t> lines;
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

// "12,5" but not "1,234,567" or "a,b".
bool comma_number(std::string_view text) noexcept {
  return text.find(',') != std::string_view::npos && parse_number(text, ',').kind == CellKind::number;
}

// Below the first line, commas stand in numbers and nowhere else.
bool commas_are_decimal(const Sample& sample) {
  bool seen = false;
  for (std::size_t r = 1; r < sample.records.size(); ++r) {
    for (const std::string_view cell : sample.records[r]) {
      if (cell.find(',') == std::string_view::npos) continue;
      if (!comma_number(cell)) return false;
      seen = true;
    }
  }
  return seen;
}

// Rare marks before common ones: a comma is often part of a number or a text, a blank nearly always is. Where both fit every line, more fields
// win, unless a comma is seen to be a decimal mark.
char detect_separator(std::string_view text, const DialectHints& hints) {
  char best = ',';
  Fit best_fit{1, 0};
  bool decimal_commas = false;
  for (char separator : {'\t', ';', '|', ','}) {
    const Sample sample(text, separator, hints);
    const Fit fit = measure(sample);
    if (fit.fields < 2) continue;
    const bool same = fit.share > best_fit.share - 1e-9, more = fit.fields > best_fit.fields && best_fit.fields == 2;
    if (fit.share > best_fit.share + 1e-9 || (same && more && !decimal_commas)) {
      best = separator;
      best_fit = fit;
      decimal_commas = commas_are_decimal(sample);
    }
  }
  if (best_fit.share >= 0.9) return best;
  const Fit blanks = measure(Sample(text, ' ', hints));
  return blanks.fields >= 2 && blanks.share > std::max(best_fit.share, 0.9) ? ' ' : best;
}

bool holds_all(const std::vector<std::string>& names, const std::vector<std::string>& wanted) {
  const std::unordered_set<std::string_view> there(names.begin(), names.end());
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& name) { return there.contains(name); });
}

// Is this a line that the model expects in front: one with its names, or of its width, the target left out perhaps?
bool fits(std::string_view text, char separator, const DialectHints& hints) {
  const Sample sample(text, separator, hints, 1);
  if (sample.records.empty()) return false;
  const KnownText& known = *hints.known;
  const std::size_t fields = sample.records[0].size();
  if (known.names.empty()) return fields == known.width || fields + 1 == known.width;
  std::vector<std::string> notes, names = column_names(sample.records[0], notes);
  names.emplace_back("row.names");  // which R's header lacks
  return holds_all(names, known.names);
}

// The first line alone decides, so that no other row can change how a row is read.
char known_separator(std::string_view text, const DialectHints& hints) {
  const char trained = hints.known->reading.separator[0];
  for (const char separator : {trained, '\t', ';', '|', ',', ' '}) {
    if (fits(text, separator, hints)) return separator;
  }
  return trained;
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

// Lines in front with other numbers of fields than all the lines below, which agree.
std::size_t count_title_lines(const Sample& sample) {
  const Fit fit = measure(sample);
  constexpr std::size_t kMostLines = 20;
  std::size_t title = 0;
  while (title < std::min(sample.records.size(), kMostLines) && sample.records[title].size() != fit.fields) ++title;
  if (fit.fields < 2 || title == 0 || title + 2 > sample.records.size()) return 0;
  const bool rest = std::all_of(sample.records.begin() + static_cast<std::ptrdiff_t>(title), sample.records.end(),
                                [&](const auto& record) { return record.size() == fit.fields; });
  return rest ? sample.lines[title] - sample.lines[0] : 0;
}

// A header with one name less than every line has fields, and lines that do not end with a separator: R's write.table.
bool lacks_first_name(const Sample& sample) {
  if (sample.records.size() < 2) return false;
  const std::size_t names = sample.records[0].size();
  const std::unordered_set<std::string_view> different(sample.records[0].begin(), sample.records[0].end());
  if (different.size() != names || different.contains("")) return false;  // a title with separators behind it
  bool ends_empty = true;
  for (std::size_t r = 1; r < sample.records.size(); ++r) {
    if (sample.records[r].size() != names + 1) return false;
    ends_empty = ends_empty && sample.records[r].back().empty();
  }
  return !ends_empty;
}

struct HeaderDecision {
  bool header = false;
  const char* why = "(detected)";
  bool doubtful = false;
};

HeaderDecision decide_header(const Sample& sample, const DialectHints& hints, char decimal, const MissingMarkers& missing) {
  if (hints.options.header || hints.options.no_header) return {hints.options.header, "(given)"};
  if (hints.known != nullptr) return {hints.known->reading.header, "(as in training)"};
  if (lacks_first_name(sample)) return {true};
  const HeaderChoice choice = judge_header(sample.records, decimal, missing);
  return {choice.header, "(detected)", choice.doubtful};
}

std::string header_note(const HeaderDecision& decision) {
  const std::string note = std::string("header: ") + (decision.header ? "the first line names the columns " : "none, columns are numbered from 0 ");
  if (!decision.doubtful) return note + decision.why;
  return "warning: " + note + (decision.header ? "(detected, but it could be data: --no-header reads it so)"
                                               : "(detected, but the first line could be names: --header reads it so)");
}

void warn_of_overriding(const DialectHints& hints, std::vector<std::string>& notes) {
  if (hints.known == nullptr) return;
  const TextReading& trained = hints.known->reading;
  const ReadOptions& given = hints.options;
  if ((given.header || given.no_header) && given.header != trained.header) {
    notes.push_back(std::string("warning: ") + (given.header ? "--header" : "--no-header") + ": the training table " +
                    (trained.header ? "had a header line" : "had none"));
  }
  if (!given.missing.empty()) {
    notes.push_back(given.missing[0].starts_with("only:") ? "warning: --missing replaces the markers of missing cells that the model was trained with"
                                                          : "warning: --missing adds to the markers of missing cells that the model was trained with");
  }
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

std::vector<std::string> column_names(const std::vector<std::string_view>& cells, std::vector<std::string>& notes) {
  const std::unordered_set<std::string_view> used(cells.begin(), cells.end());
  std::unordered_set<std::string> taken;
  std::vector<std::string> names;
  names.reserve(cells.size());
  for (std::size_t c = 0; c < cells.size(); ++c) {
    std::string name(cells[c]);
    if (name.empty() || taken.contains(name)) {
      const bool again = !name.empty();
      const std::string stem = again ? name + "." + std::to_string(c) : "column_" + std::to_string(c);
      std::string fresh = stem;
      for (std::size_t i = 2; used.contains(fresh) || taken.contains(fresh); ++i) fresh = stem + "." + std::to_string(i);
      notes.push_back((again ? "warning: column " : "column ") + std::to_string(c) + ": " + (again ? "the name \"" + name + "\" again" : "no name") +
                      ", called \"" + fresh + "\"");
      name = fresh;
    }
    taken.insert(name);
    names.push_back(std::move(name));
  }
  return names;
}

CsvDialect detect_dialect(std::string_view text, const DialectHints& hints, const MissingMarkers& missing) {
  const ReadOptions& options = hints.options;
  if (options.header && options.no_header) {
    throw Error("E0120", "header, no-header", "the two options exclude each other", "give one of them, or none");
  }
  CsvDialect dialect;
  std::optional<char> given = given_separator(options.separator);
  const char* why = given ? " (given)" : " (detected)";
  if (!given && hints.named_separator != '\0') {
    given = given_separator(std::string(1, hints.named_separator));
    why = " (the first line says so)";
  }
  if (given) dialect.separator = *given;
  else dialect.separator = hints.known != nullptr ? known_separator(text, hints) : detect_separator(text, hints);
  const Sample sample(text, dialect.separator, hints);
  dialect.styles = style_rules(options);
  dialect.decimal = (dialect.styles.numbers & styles_with_decimal('.')) != 0 ? '.' : ',';
  const HeaderDecision header = decide_header(sample, hints, dialect.decimal, missing);
  dialect.header = header.header;
  dialect.row_names = dialect.header && lacks_first_name(sample);
  dialect.title_lines = count_title_lines(sample);
  dialect.columns = glance_at(sample.records, dialect.header, missing);
  if (dialect.row_names) dialect.columns.insert(dialect.columns.begin(), ColumnGlance{});
  dialect.styles.file_mark = file_mark(dialect.columns);
  dialect.notes.push_back("separator: " + separator_name(dialect.separator) + why);
  dialect.notes.push_back(header_note(header));
  if (dialect.row_names) dialect.notes.push_back("header: it lacks the first column's name, as R writes it: called \"row.names\"");
  warn_of_overriding(hints, dialect.notes);
  if (!options.decimal.empty()) dialect.notes.push_back(dialect.decimal == ',' ? "decimal mark: comma (given)" : "decimal mark: point (given)");
  if (!options.thousands.empty()) dialect.notes.push_back("between thousands: \"" + options.thousands + "\" (given)");
  if (!options.date_order.empty()) dialect.notes.push_back("order of dates: " + options.date_order + " (given)");
  return dialect;
}

}  // namespace chainrule::data
