// CsvReader's passes over the records: plain ones many at a time, by several threads where the text is large.
#include <algorithm>
#include <optional>

#include "data/csv_reader.h"
#include "files/interruption.h"

namespace chainrule::data {
namespace {

constexpr std::size_t kRowsBeforeGuess = 1024, kBytesBeforeGuess = std::size_t{32} << 10;  // either is enough
constexpr std::size_t kWindowBytes = std::size_t{64} << 10;  // they and the places of their fields stay in the L2 cache
constexpr std::size_t kWideWindowBytes = std::size_t{192} << 10, kEnoughRows = 128;  // where rows are long, so that a column has a few more
constexpr std::size_t kSharedWindowBytes = std::size_t{256} << 10;  // for several threads: between two windows they wait for each other
constexpr std::size_t kBetweenLooks = std::size_t{1} << 20;  // whether reading shall end
constexpr std::size_t kFewestSharedBytes = std::size_t{32} << 10;

}  // namespace

// Lines are kept only once they differ from row + 1 + header. `rows` lines in a row, before they are counted.
void CsvReader::keep_lines(std::uint64_t line, std::size_t rows) {
  const std::size_t row = table_.rows;
  if (table_.lines.empty()) {
    if (line == table_.line(row)) return;
    table_.lines.reserve(row + rows);
    for (std::size_t r = 0; r < row; ++r) table_.lines.push_back(table_.rows_before + r + 1 + (table_.has_header ? 1 : 0));
  }
  for (std::size_t r = 0; r < rows; ++r) table_.lines.push_back(line + r);
}

// From the bytes of the first rows to the number of all rows; a wrong guess costs only time.
void CsvReader::reserve_rows(const CsvScanner& scanner, std::size_t size) {
  const double share = static_cast<double>(size) / static_cast<double>(scanner.position());
  const auto rows = static_cast<std::size_t>(share * 1.03 * static_cast<double>(table_.rows)) + 1;
  for (ColumnBuilder& builder : builders_) builder.reserve(rows);
}

// Plain records many at a time, all others one by one. take_plain calls what it is given once, which looks for the next plain records.
template <class TakePlain, class TakeRecord>
void CsvReader::walk(CsvScanner& scanner, std::string_view text, TakePlain take_plain, TakeRecord take_record) {
  std::optional<PlainRecordFinder> finder;
  if (kernels_ != nullptr) finder.emplace(text, dialect_.separator, names_.size(), *kernels_);
  std::size_t window = workers_ ? kSharedWindowBytes : kWindowBytes;
  PlainRecords next;
  const auto look_ahead = [&] {
    next = finder ? finder->find(scanner.position(), window) : PlainRecords{};
    if (next.rows > 0) window = std::clamp(kEnoughRows * (next.bytes / next.rows), window, std::max(window, kWideWindowBytes));
  };
  std::size_t next_look = 0;
  for (look_ahead();;) {
    if (scanner.position() >= next_look) {
      end_if_asked(options_.stop, table_.source);
      next_look = scanner.position() + kBetweenLooks;
    }
    if (next.rows > 0) {
      const PlainRecords records = next;
      const std::uint64_t line = scanner.next_line();
      scanner.skip(records.bytes, records.rows);
      take_plain(records, line, look_ahead);
      continue;
    }
    cells_.clear();
    if (!next_record(scanner)) return;
    take_record();
    look_ahead();
  }
}

void CsvReader::read_rows(CsvScanner& scanner, std::string_view text) {
  bool reserved = false;
  const auto count_rows = [&](std::uint64_t line, std::size_t rows) {
    keep_lines(line, rows);
    table_.rows += rows;
    if (reserved || (table_.rows < kRowsBeforeGuess && scanner.position() < kBytesBeforeGuess)) return;
    reserve_rows(scanner, text.size());
    reserved = true;
  };
  const auto take_record = [&] {
    check_width(cells_.size(), scanner.line());
    add_record();
    count_rows(scanner.line(), 1);
  };
  const auto take_plain = [&](const PlainRecords& records, std::uint64_t line, const auto& look_ahead) {
    add_plain(records, look_ahead);
    count_rows(line, records.rows);
  };
  walk(scanner, text, take_plain, take_record);
}

void CsvReader::add_record() {
  for (std::size_t c = 0; c < cells_.size(); ++c) {
    if (wishes_[c] != ColumnWish::dropped) builders_[c].add(cells_[c], missing_, met_);
  }
}

// Column by column: the same few branches for all cells of a column.
void CsvReader::add_plain(const PlainRecords& records, const std::function<void()>& look_ahead) {
  const auto read = [&](std::size_t c, MissingCounts& counts) {
    if (wishes_[c] != ColumnWish::dropped) builders_[c].add_fields(records, c, missing_, counts, *kernels_);
  };
  if (workers_ && records.bytes >= kFewestSharedBytes) return workers_->run(records.columns, look_ahead, read);
  for (std::size_t c = 0; c < records.columns; ++c) read(c, met_);
  look_ahead();
}

// A second pass for columns that began with numbers and turned out to be text: only these cells are looked at.
void CsvReader::read_again(const std::vector<std::size_t>& columns, CsvScanner& scanner, std::string_view text) {
  for (std::size_t c : columns) builders_[c] = ColumnBuilder({ColumnWish::categorical, dialect_.decimal}, text.size() / names_.size());
  MissingCounts counted = met_;
  const auto take_record = [&] {
    for (std::size_t c : columns) builders_[c].add(cells_[c], missing_, counted);
  };
  const auto take_plain = [&](const PlainRecords& records, std::uint64_t, const auto& look_ahead) {
    for (std::size_t c : columns) builders_[c].add_fields(records, c, missing_, counted, *kernels_);
    look_ahead();
  };
  walk(scanner, text, take_plain, take_record);
}

}  // namespace chainrule::data
