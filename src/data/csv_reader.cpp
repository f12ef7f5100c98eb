// Reading CSV text: encoding, dialect, one pass over the records, then one type per column.
#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "chainrule/error.h"
#include "data/column_builder.h"
#include "data/column_typing.h"
#include "data/csv_dialect.h"
#include "data/csv_scanner.h"
#include "data/encoding.h"
#include "data/missing_markers.h"
#include "data/table.h"

namespace chainrule::data {
namespace {

constexpr std::size_t kMostColumns = 1000000;
constexpr std::size_t kRowsBeforeGuess = 1024;

std::string at_line(const std::string& source, std::uint64_t line) { return source + " line " + std::to_string(line); }

class CsvReader {
 public:
  CsvReader(std::string_view text, const std::string& source, const ReadOptions& options)
      : options_(options), missing_(options.missing) {
    table_.source = source;
    text_ = check_encoding(text, source, table_.notes);
    dialect_ = detect_dialect(text_, options, missing_);
    table_.has_header = dialect_.header;
    table_.notes.insert(table_.notes.end(), dialect_.notes.begin(), dialect_.notes.end());
  }

  Table read() {
    CsvScanner scanner(text_, dialect_.separator);
    read_first_record(scanner);
    apply_wishes();
    read_rows(scanner);
    note_decisions(scanner);
    finish_columns();
    return std::move(table_);
  }

 private:
  using Status = CsvScanner::Status;

  bool next_record(CsvScanner& scanner) {
    switch (scanner.read_record(cells_)) {
      case Status::record: return true;
      case Status::end: return false;
      case Status::open_quote:
        throw Error("E0308", at_line(table_.source, scanner.quote_line()), "a quote opens here and is never closed",
                    "close it, or write a quotation mark inside a quoted text twice");
      case Status::text_after_quote: break;
    }
    throw Error("E0316", at_line(table_.source, scanner.next_line()),
                "text follows the closing quote of the field that opened in line " + std::to_string(scanner.quote_line()),
                "write a quotation mark inside a quoted text twice, or check the separator with --separator");
  }

  void read_first_record(CsvScanner& scanner) {
    if (!next_record(scanner)) {
      throw Error("E0302", table_.source, "the file is empty", "check that it was written completely");
    }
    if (cells_.size() > kMostColumns) {
      throw Error("E0317", at_line(table_.source, scanner.line()), std::to_string(cells_.size()) + " fields in one line",
                  "give the right separator with --separator");
    }
    first_line_ = scanner.line();
    if (dialect_.header) {
      take_names();
      if (!next_record(scanner)) {
        throw Error("E0303", table_.source, "a header and no data below it", "check that the file was written completely, or give --no-header");
      }
      return;
    }
    for (std::size_t c = 0; c < cells_.size(); ++c) names_.push_back(std::to_string(c));
  }

  // Empty and repeated names get a name of their own, and a note.
  void take_names() {
    std::unordered_set<std::string> used;
    for (std::string_view cell : cells_) {
      if (!cell.empty()) used.emplace(cell);
    }
    std::unordered_set<std::string> taken;
    for (std::size_t c = 0; c < cells_.size(); ++c) {
      std::string name(cells_[c]);
      if (name.empty() || taken.contains(name)) {
        const std::string stem = name.empty() ? "column_" + std::to_string(c) : name + "." + std::to_string(c);
        std::string fresh = stem;
        for (std::size_t i = 2; used.contains(fresh) || taken.contains(fresh); ++i) fresh = stem + "." + std::to_string(i);
        table_.notes.push_back("column " + std::to_string(c) + ": " + (name.empty() ? "no name" : "the name \"" + name + "\" again") +
                               ", called \"" + fresh + "\"");
        name = fresh;
      }
      taken.insert(name);
      names_.push_back(std::move(name));
    }
  }

  std::size_t find(const std::string& name_or_number) const {
    const auto found = std::find(names_.begin(), names_.end(), name_or_number);
    if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
    if (!name_or_number.empty() && name_or_number.size() < 8 && name_or_number.find_first_not_of("0123456789") == std::string::npos) {
      const std::size_t number = std::stoul(name_or_number);
      if (number < names_.size()) return number;
    }
    const std::vector<std::string_view> candidates(names_.begin(), names_.end());
    const std::string nearest = nearest_name(name_or_number, candidates);
    throw Error("E0310", table_.source, "there is no column \"" + name_or_number + "\"",
                nearest.empty() ? "the columns are numbered from 0 to " + std::to_string(names_.size() - 1)
                                : "did you mean \"" + nearest + "\"?");
  }

  void apply_wishes() {
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
    if (std::count(wishes_.begin(), wishes_.end(), ColumnWish::dropped) == std::ssize(wishes_)) {
      throw Error("E0314", table_.source, "every column is dropped", "drop fewer columns");
    }
    for (ColumnWish wish : wishes_) builders_.emplace_back(wish, dialect_.decimal);
  }

  void check_width(const CsvScanner& scanner) const {
    if (cells_.size() == names_.size()) return;
    throw Error("E0307", at_line(table_.source, scanner.line()),
                "found " + std::to_string(cells_.size()) + (cells_.size() == 1 ? " field" : " fields") + ", expected " +
                    std::to_string(names_.size()) + " as in line " + std::to_string(first_line_),
                "the separator is " + separator_name(dialect_.separator) +
                    "; a text that holds it needs quotes around it, another separator needs --separator");
  }

  // Lines are kept only once they differ from row + 1 + header.
  void keep_line(std::uint64_t line) {
    const std::size_t row = table_.rows;
    if (table_.lines.empty()) {
      if (line == table_.line(row)) return;
      table_.lines.reserve(row + 1);
      for (std::size_t r = 0; r < row; ++r) table_.lines.push_back(r + 1 + (table_.has_header ? 1 : 0));
    }
    table_.lines.push_back(line);
  }

  // From the bytes of the first rows to the number of all rows; a wrong guess costs only time.
  void reserve_rows(const CsvScanner& scanner) {
    const double share = static_cast<double>(text_.size()) / static_cast<double>(scanner.position());
    const auto rows = static_cast<std::size_t>(share * 1.03 * static_cast<double>(kRowsBeforeGuess)) + 16;
    for (ColumnBuilder& builder : builders_) builder.reserve(rows);
  }

  // Standing on the first data record.
  void read_rows(CsvScanner& scanner) {
    do {
      check_width(scanner);
      keep_line(scanner.line());
      for (std::size_t c = 0; c < cells_.size(); ++c) {
        if (wishes_[c] == ColumnWish::dropped) continue;
        if (missing_.meet(cells_[c])) builders_[c].add_missing();
        else builders_[c].add(cells_[c]);
      }
      if (++table_.rows == kRowsBeforeGuess) reserve_rows(scanner);
    } while (next_record(scanner));
  }

  // A second pass for columns that began with numbers and turned out to be text: only these cells are looked at.
  void read_again(const std::vector<std::size_t>& columns, CsvScanner& scanner) {
    if (dialect_.header) next_record(scanner);
    for (std::size_t c : columns) builders_[c] = ColumnBuilder(ColumnWish::categorical, dialect_.decimal);
    while (next_record(scanner)) {
      for (std::size_t c : columns) {
        if (missing_.contains(cells_[c])) builders_[c].add_missing();
        else builders_[c].add(cells_[c]);
      }
    }
  }

  void note_decisions(const CsvScanner& scanner) {
    const std::string note = missing_.note();
    if (!note.empty()) table_.notes.push_back(note);
    if (scanner.blank_lines() > 0) table_.notes.push_back("blank lines: " + std::to_string(scanner.blank_lines()) + " skipped");
  }

  void finish_columns() {
    std::vector<Typing> typings(names_.size(), Typing::texts);
    std::vector<std::size_t> again;
    for (std::size_t c = 0; c < names_.size(); ++c) {
      if (wishes_[c] == ColumnWish::dropped) continue;
      typings[c] = choose_typing(builders_[c], {&table_, c, names_[c]}, table_.notes);
      if (typings[c] == Typing::read_again) again.push_back(c);
    }
    CsvScanner second_scanner(text_, dialect_.separator);
    if (!again.empty()) read_again(again, second_scanner);
    for (std::size_t c = 0; c < names_.size(); ++c) {
      if (wishes_[c] != ColumnWish::dropped) finish_column(c, typings[c]);
    }
  }

  void finish_column(std::size_t c, Typing typing) {
    const bool numeric = typing == Typing::numeric;
    Column column = numeric ? builders_[c].take_numbers(names_[c]) : builders_[c].take_texts(names_[c]);
    column.number = c;
    if (numeric) finish_numbers(column);
    else if (wishes_[c] != ColumnWish::categorical) finish_texts(column, {&table_, c, names_[c]}, table_.notes);
    table_.columns.push_back(std::move(column));
  }

  const ReadOptions& options_;
  MissingMarkers missing_;
  std::string_view text_;
  CsvDialect dialect_;
  Table table_;
  std::vector<std::string> names_;
  std::vector<ColumnWish> wishes_;
  std::vector<ColumnBuilder> builders_;
  std::vector<std::string_view> cells_;
  std::uint64_t first_line_ = 1;
};

}  // namespace

Table read_csv_text(std::string_view text, const std::string& source, const ReadOptions& options) {
  if (text.empty()) throw Error("E0302", source, "the file is empty", "check that it was written completely");
  return CsvReader(text, source, options).read();
}

}  // namespace chainrule::data
