// Reading CSV text: encoding, dialect, one pass over the records, then one type per column.
#include "data/csv_reader.h"

#include <algorithm>
#include <iterator>

#include "base/shown_text.h"
#include "base/usable_cores.h"
#include "chainrule/error.h"
#include "data/arriving_text.h"
#include "data/encoding.h"
#include "data/header_line.h"
#include "data/preamble.h"
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

// No longer than an error may show, and no character cut.
std::string beginning(std::string_view text) {
  constexpr std::size_t kMost = 60;
  if (text.size() <= kMost) return std::string(text);
  std::size_t size = kMost;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0u) == 0x80u) --size;
  return std::string(text.substr(0, size)) + "...";
}

// The mark of comments; "none" turns off what the model knows.
std::string comment_mark(const ReadOptions& options, const KnownText* known) {
  if (options.comment.empty()) return known != nullptr ? known->reading.comment : "";
  if (options.comment == "none") return "";
  const char c = options.comment[0];
  const bool sensible = options.comment.size() == 1 && c > ' ' && c < 127 && c != '"' && c != '-' && c != '+' && c != '.' && !(c >= '0' && c <= '9') &&
                        !((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
  if (sensible) return options.comment;
  throw Error("E0102", "comment", "\"" + options.comment + "\" cannot begin comments", "use one mark, such as #, or none");
}

}  // namespace

CsvReader::CsvReader(const std::string& source, const ReadOptions& options, const FieldKernels* kernels, const KnownText* known)
    : options_(options), kernels_(kernels), known_(known),
      missing_(missing_markers(known != nullptr ? known->reading.missing : usual_missing_markers(), options.missing)),
      met_(missing_.no_counts()) {
  table_.source = source;
  const std::string comment = comment_mark(options, known);
  if (comment.empty()) return;
  comment_ = comment[0];
  kernels_ = nullptr;  // which know nothing of comments
}

[[noreturn]] void CsvReader::throw_no_rows() const {
  throw Error("E0303", table_.source, dialect_.header ? "a header and no data below it" : "no data",
              "check that the file was written completely" + header_advice(table_));
}

// A model's table need not have a title in front only because the training table had one: where names are known they are looked for.
std::size_t CsvReader::skip_lines(std::string_view text) const {
  if (options_.skip > 0 || known_ == nullptr) return options_.skip;
  const std::size_t skip = known_->reading.skip;
  if (skip == 0 || known_->names.empty()) return skip;
  const std::size_t end = text.find_first_of("\r\n");
  const std::string_view first = text.substr(0, end);
  const auto there = [&](const std::string& name) { return first.find(name) != std::string_view::npos; };
  return std::all_of(known_->names.begin(), known_->names.end(), there) ? 0 : skip;
}

std::optional<std::size_t> CsvReader::open(std::string_view text, bool last) {
  std::string_view body = skip_mark(text, table_.source, table_.notes);
  check_utf8(last ? body : whole_lines(body), table_.source, 1, options_.stop);
  const Preamble preamble = read_preamble(body, skip_lines(body), comment_ == '\0' ? "" : std::string_view(&comment_, 1));
  body.remove_prefix(preamble.bytes);
  const std::optional<std::size_t> two_lines = end_of_two_lines(body);
  if (!last && !two_lines) return std::nullopt;
  const std::uint64_t first = preamble.lines + 1;
  dialect_ = detect_dialect(body.substr(0, std::max(kDialectBytes, two_lines.value_or(body.size()))),
                            {options_, known_, preamble.separator, comment_, first}, missing_);
  table_.has_header = dialect_.header;
  table_.notes.insert(table_.notes.end(), preamble.notes.begin(), preamble.notes.end());
  table_.notes.insert(table_.notes.end(), dialect_.notes.begin(), dialect_.notes.end());
  CsvScanner scanner(body, dialect_.separator, {first, last, comment_});
  cells_.clear();
  if (!next_record(scanner)) {
    if (!last) return std::nullopt;
    throw Error("E0302", table_.source, preamble.lines > 0 ? "nothing is left behind the lines in front" : "the file is empty",
                "check that it was written completely");
  }
  if (cells_.size() > kMostColumns) {
    throw Error("E0317", at_line(table_.source, scanner.line()), std::to_string(cells_.size()) + " fields in one line",
                "give the right separator with --separator");
  }
  first_line_ = next_line_ = scanner.line();
  keep_reading(body.substr(0, scanner.position()), scanner.line());
  const std::size_t front = text.size() - body.size();
  if (dialect_.header) {
    take_names(cells_);
    next_line_ = scanner.next_line();
    blank_lines_ = scanner.blank_lines();
    comment_lines_ = scanner.comment_lines();
    apply_wishes();
    return front + scanner.position();
  }
  next_line_ = first;
  for (std::size_t c = 0; c < cells_.size(); ++c) names_.push_back(std::to_string(c));
  apply_wishes();
  return front;
}

// What a model keeps, and what errors show of the first line.
void CsvReader::keep_reading(std::string_view record, std::uint64_t line) {
  TextReading reading;
  reading.separator = std::string(1, dialect_.separator);
  reading.header = dialect_.header;
  reading.missing = missing_.texts();
  if (comment_ != '\0') reading.comment = std::string(1, comment_);
  reading.skip = options_.skip > 0 || known_ == nullptr ? options_.skip : known_->reading.skip;
  reading.encoding = options_.encoding.empty() && known_ != nullptr ? known_->reading.encoding : options_.encoding;
  table_.reading = std::move(reading);
  table_.header_given = options_.header || options_.no_header;
  const std::size_t end = record.find_last_not_of("\r\n");
  table_.first_line = beginning(record.substr(0, end == std::string_view::npos ? 0 : end + 1));
  table_.first_line_number = line;
}

Table CsvReader::read_rest(std::string_view text) {
  const CsvScanner::Part part{next_line_, true, comment_};
  CsvScanner scanner(text, dialect_.separator, part);
  start_builders(text.size());
  start_workers(text.size());
  read_rows(scanner, text);
  if (workers_) workers_->add_counts_to(met_);
  workers_.reset();
  if (table_.rows == 0) throw_no_rows();
  const std::string note = missing_.note(met_);
  if (!note.empty()) table_.notes.push_back(note);
  blank_lines_ += scanner.blank_lines();
  if (blank_lines_ > 0) table_.notes.push_back("blank lines: " + std::to_string(blank_lines_) + " skipped");
  comment_lines_ += scanner.comment_lines();
  if (comment_lines_ > 0) table_.notes.push_back("comments: " + std::to_string(comment_lines_) + " lines skipped");
  finish_columns(text, part);
  return std::move(table_);
}

Table CsvReader::header() const {
  Table table;
  table.source = table_.source;
  table.has_header = dialect_.header;
  table.file_columns = names_.size();
  table.reading = table_.reading;
  table.first_line = table_.first_line;
  table.first_line_number = table_.first_line_number;
  table.header_given = table_.header_given;
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
  for (std::size_t c = 0; c < uses_.size(); ++c) {
    if (uses_[c].use == ColumnUse::unused) wishes_[c] = ColumnWish::dropped;
  }
  counts_.assign(names_.size(), {});
  apply_given_marks();
}

Table CsvReader::read_part(std::string_view text, bool last, std::size_t& taken) {
  const std::string_view lines = last ? text : whole_lines(text);
  check_utf8(lines, table_.source, next_line_, options_.stop);
  const CsvScanner::Part part{next_line_, last, comment_};
  CsvScanner scanner(lines, dialect_.separator, part);
  start_builders(lines.size());
  read_rows(scanner, lines);
  taken = scanner.position();
  next_line_ = scanner.next_line();
  if (names_.size() == 1 && scanner.blank_lines() > 0) {
    table_.notes.push_back("warning: " + std::to_string(scanner.blank_lines()) + " blank lines are skipped: they are no rows");
  }
  count_cells();
  finish_columns(lines, part);
  Table done = header();
  std::swap(done, table_);
  done.file_columns = names_.size();
  table_.columns.clear();
  table_.rows_before = done.rows_before + done.rows;
  return done;
}

// Between the parts only sums are kept, so that a fault is told from a mixture as in a table that is read as a whole.
void CsvReader::count_cells() {
  for (std::size_t c = 0; c < names_.size(); ++c) {
    if (wishes_[c] == ColumnWish::dropped) continue;
    counts_[c].numbers += builders_[c].numbers();
    counts_[c].texts += builders_[c].texts();
  }
}

void CsvReader::finish_parts() const {
  if (table_.rows_before == 0) throw_no_rows();
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

void CsvReader::take_names(const std::vector<std::string_view>& cells) {
  std::vector<std::string_view> all = cells;
  if (dialect_.row_names) all.insert(all.begin(), "row.names");
  names_ = column_names(all, table_.notes);
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

// For a record of the wrong width that begins like a comment.
std::string CsvReader::comment_hint() const {
  const bool comment = !cells_.empty() && !cells_[0].empty() && cells_[0][0] == '#';
  return comment ? "; if lines that begin with # are comments, give --comment '#'" : "";
}

void CsvReader::check_width(std::size_t fields, std::uint64_t line) const {
  if (fields == names_.size()) return;
  const std::string lines = std::to_string(dialect_.title_lines);
  const std::string title = dialect_.title_lines == 0 ? "" : "what stands above the table is left out by --skip " + lines + "; ";
  throw Error("E0307", at_line(table_.source, line),
              "found " + std::to_string(fields) + (fields == 1 ? " field" : " fields") + ", expected " +
                  std::to_string(names_.size()) + " as in line " + std::to_string(first_line_),
              title + "the separator is " + separator_name(dialect_.separator) +
                  "; a text that holds it needs quotes around it, another separator needs --separator" + comment_hint());
}

Table read_csv_text(std::string_view text, const std::string& source, const ReadOptions& options) {
  if (text.empty()) throw Error("E0302", source, "the file is empty", "check that it was written completely");
  CsvReader reader(source, options);
  const std::size_t begin = *reader.open(text);
  return reader.read_rest(text.substr(begin));
}

}  // namespace chainrule::data
