// Reading CSV text: encoding, dialect, one pass over the records, then one type per column.
#include "data/csv_reader.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "base/usable_cores.h"
#include "chainrule/error.h"
#include "data/arriving_text.h"
#include "data/encoding.h"
#include "files/interruption.h"

namespace chainrule::data {
namespace {

constexpr std::size_t kMostColumns = 1000000;
constexpr std::size_t kSharedBytes = std::size_t{1} << 20;
constexpr std::size_t kMostThreads = 64;
constexpr std::size_t kDialectBytes = std::size_t{4} << 20;  // more than a dialect is judged by, unless lines are huge

// Behind the first two lines: where they are huge the dialect is judged by both, or names could not be told from what is below them.
std::optional<std::size_t> end_of_two_lines(std::string_view text) {
  const std::size_t first = text.find('\n');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = text.find('\n', first + 1);
  return second == std::string_view::npos ? std::nullopt : std::optional(second + 1);
}

std::string at_line(const std::string& source, std::uint64_t line) { return source + " line " + std::to_string(line); }

[[noreturn]] void throw_no_rows(const std::string& source) {
  throw Error("E0303", source, "a header and no data below it", "check that the file was written completely, or give --no-header");
}

}  // namespace

std::optional<std::size_t> CsvReader::open(std::string_view text, bool last) {
  const std::string_view body = skip_mark(text, table_.source, table_.notes);
  check_utf8(last ? body : whole_lines(body), table_.source, 1, options_.stop);
  const std::optional<std::size_t> two_lines = end_of_two_lines(body);
  if (!last && !two_lines) return std::nullopt;
  dialect_ = detect_dialect(body.substr(0, std::max(kDialectBytes, two_lines.value_or(body.size()))), options_, missing_);
  table_.has_header = dialect_.header;
  table_.notes.insert(table_.notes.end(), dialect_.notes.begin(), dialect_.notes.end());
  CsvScanner scanner(body, dialect_.separator, {1, last});
  cells_.clear();
  if (!next_record(scanner)) {
    if (!last) return std::nullopt;
    throw Error("E0302", table_.source, "the file is empty", "check that it was written completely");
  }
  if (cells_.size() > kMostColumns) {
    throw Error("E0317", at_line(table_.source, scanner.line()), std::to_string(cells_.size()) + " fields in one line",
                "give the right separator with --separator");
  }
  first_line_ = scanner.line();
  const std::size_t mark = text.size() - body.size();
  if (dialect_.header) {
    take_names(cells_);
    next_line_ = scanner.next_line();
    blank_lines_ = scanner.blank_lines();
    apply_wishes();
    return mark + scanner.position();
  }
  for (std::size_t c = 0; c < cells_.size(); ++c) names_.push_back(std::to_string(c));
  apply_wishes();
  return mark;
}

Table CsvReader::read_rest(std::string_view text) {
  const CsvScanner::Part part{next_line_, true};
  CsvScanner scanner(text, dialect_.separator, part);
  start_builders(text.size());
  start_workers(text.size());
  read_rows(scanner, text);
  if (workers_) workers_->add_counts_to(met_);
  workers_.reset();
  if (table_.rows == 0) throw_no_rows(table_.source);
  const std::string note = missing_.note(met_);
  if (!note.empty()) table_.notes.push_back(note);
  blank_lines_ += scanner.blank_lines();
  if (blank_lines_ > 0) table_.notes.push_back("blank lines: " + std::to_string(blank_lines_) + " skipped");
  finish_columns(text, part);
  return std::move(table_);
}

Table CsvReader::header() const {
  Table table;
  table.source = table_.source;
  table.has_header = dialect_.header;
  for (std::size_t c = 0; c < names_.size(); ++c) {
    if (wishes_[c] == ColumnWish::dropped) continue;
    table.columns.emplace_back();
    table.columns.back().name = names_[c];
    table.columns.back().number = c;
  }
  return table;
}

void CsvReader::set_uses(std::vector<ColumnReading> uses) {
  uses_ = std::move(uses);
  counts_.assign(names_.size(), {});
  apply_given_marks();
}

Table CsvReader::read_part(std::string_view text, bool last, std::size_t& taken) {
  const std::string_view lines = last ? text : whole_lines(text);
  check_utf8(lines, table_.source, next_line_, options_.stop);
  const CsvScanner::Part part{next_line_, last};
  CsvScanner scanner(lines, dialect_.separator, part);
  start_builders(lines.size());
  read_rows(scanner, lines);
  taken = scanner.position();
  next_line_ = scanner.next_line();
  count_cells();
  finish_columns(lines, part);
  Table done = header();
  std::swap(done, table_);
  table_.columns.clear();
  table_.rows_before = done.rows_before + done.rows;
  return done;
}

// Between the parts only sums are kept, so that a fault is told from a mixture as in a table that is read as a whole.
void CsvReader::count_cells() {
  for (std::size_t c = 0; c < names_.size(); ++c) {
    if (wishes_[c] != ColumnWish::dropped) counts_[c].add(builders_[c], table_);
  }
}

void CsvReader::finish_parts() const {
  if (table_.rows_before == 0) throw_no_rows(table_.source);
  for (std::size_t c = 0; c < names_.size(); ++c) {
    const bool texts = uses_[c].use == ColumnUse::texts && wishes_[c] != ColumnWish::numeric;  // of a category any cell is fine
    const bool open = wishes_[c] != ColumnWish::dropped && wishes_[c] != ColumnWish::categorical && uses_[c].use != ColumnUse::typed && !texts;
    if (open) check_counts(counts_[c], wishes_[c], place_of(c));
  }
}

// False: the text, or the part, is over.
bool CsvReader::next_record(CsvScanner& scanner) {
  const std::size_t begin = scanner.position();
  switch (scanner.append_record(cells_)) {
    case CsvScanner::Status::record:
      if (scanner.position() - begin > kLongestRecord) throw_long_record(table_.source, scanner.line());
      return true;
    case CsvScanner::Status::end:
    case CsvScanner::Status::cut_off: return false;
    case CsvScanner::Status::open_quote:
      throw Error("E0308", at_line(table_.source, scanner.quote_line()), "a quote opens here and is never closed",
                  "close it, or write a quotation mark inside a quoted text twice");
    case CsvScanner::Status::text_after_quote: break;
  }
  throw Error("E0316", at_line(table_.source, scanner.next_line()),
              "text follows the closing quote of the field that opened in line " + std::to_string(scanner.quote_line()),
              "write a quotation mark inside a quoted text twice, or check the separator with --separator");
}

// Empty and repeated names get a name of their own, and a note.
void CsvReader::take_names(const std::vector<std::string_view>& cells) {
  const std::unordered_set<std::string_view> used(cells.begin(), cells.end());
  std::unordered_set<std::string_view> taken;  // views of names_
  names_.reserve(cells.size());
  for (std::size_t c = 0; c < cells.size(); ++c) {
    std::string name(cells[c]);
    if (name.empty() || taken.contains(name)) {
      const std::string stem = name.empty() ? "column_" + std::to_string(c) : name + "." + std::to_string(c);
      std::string fresh = stem;
      for (std::size_t i = 2; used.contains(fresh) || taken.contains(fresh); ++i) fresh = stem + "." + std::to_string(i);
      table_.notes.push_back("column " + std::to_string(c) + ": " + (name.empty() ? "no name" : "the name \"" + name + "\" again") +
                             ", called \"" + fresh + "\"");
      name = fresh;
    }
    taken.insert(names_.emplace_back(std::move(name)));
  }
}

std::optional<std::size_t> CsvReader::place_of_name(const std::string& name_or_number) const {
  const auto found = std::find(names_.begin(), names_.end(), name_or_number);
  if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
  if (!name_or_number.empty() && name_or_number.size() < 8 && name_or_number.find_first_not_of("0123456789") == std::string::npos) {
    const std::size_t number = std::stoul(name_or_number);
    if (number < names_.size()) return number;
  }
  return std::nullopt;
}

std::size_t CsvReader::find(const std::string& name_or_number) const {
  if (const auto place = place_of_name(name_or_number)) return *place;
  const std::vector<std::string_view> candidates(names_.begin(), names_.end());
  const std::string nearest = nearest_name(name_or_number, candidates);
  throw Error("E0310", table_.source, "there is no column \"" + name_or_number + "\"",
              nearest.empty() ? "the columns are numbered from 0 to " + std::to_string(names_.size() - 1)
                              : "did you mean \"" + nearest + "\"?");
}

void CsvReader::apply_wishes() {
  wishes_.assign(names_.size(), ColumnWish::none);
  const std::pair<ColumnWish, const std::vector<std::string>*> lists[] = {{ColumnWish::categorical, &options_.categorical},
                                                                         {ColumnWish::numeric, &options_.numeric},
                                                                         {ColumnWish::dropped, &options_.drop}};
  for (const auto& [wish, list] : lists) {
    for (const std::string& name : *list) {
      ColumnWish& old = wishes_[find(name)];
      const bool conflict = wish == ColumnWish::numeric && old == ColumnWish::categorical;
      if (conflict) throw Error("E0120", "categorical, numeric", "both name column \"" + name + "\"", "name it in one of them");
      old = wish;
    }
  }
  const auto marked = [&](const std::vector<std::string>& wanted) {  // unknown ones are told where they are used
    std::vector<bool> marks(names_.size(), false);
    for (const std::string& name : wanted) {
      if (const auto c = place_of_name(name)) marks[*c] = true;
    }
    return marks;
  };
  labels_ = marked(options_.labels);
  groups_ = marked(options_.groups);
  if (std::count(wishes_.begin(), wishes_.end(), ColumnWish::dropped) == std::ssize(wishes_)) {
    throw Error("E0314", table_.source, "every column is dropped", "drop fewer columns");
  }
}

// Only where the threads' start is nothing beside the reading.
void CsvReader::start_workers(std::size_t bytes) {
  const int threads = options_.threads > 0 ? options_.threads : usable_cores();
  const int most = static_cast<int>(std::min<std::size_t>(names_.size(), kMostThreads));
  if (kernels_ != nullptr && bytes >= kSharedBytes && std::min(threads, most) > 1) workers_.emplace(std::min(threads, most), missing_.no_counts());
}

void CsvReader::check_width(std::size_t fields, std::uint64_t line) const {
  if (fields == names_.size()) return;
  throw Error("E0307", at_line(table_.source, line),
              "found " + std::to_string(fields) + (fields == 1 ? " field" : " fields") + ", expected " +
                  std::to_string(names_.size()) + " as in line " + std::to_string(first_line_),
              "the separator is " + separator_name(dialect_.separator) +
                  "; a text that holds it needs quotes around it, another separator needs --separator");
}

Table read_csv_text(std::string_view text, const std::string& source, const ReadOptions& options) {
  if (text.empty()) throw Error("E0302", source, "the file is empty", "check that it was written completely");
  CsvReader reader(source, options);
  const std::size_t begin = *reader.open(text);
  return reader.read_rest(text.substr(begin));
}

}  // namespace chainrule::data
