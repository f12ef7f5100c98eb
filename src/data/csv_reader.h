// Reading CSV text as a whole, or part by part where the table need not fit in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/column_builder.h"
#include "data/column_typing.h"
#include "data/column_workers.h"
#include "data/csv_dialect.h"
#include "data/csv_scanner.h"
#include "data/missing_markers.h"
#include "data/plain_records.h"
#include "data/table.h"

namespace chainrule::data {

/// What a column of a table is needed for. typed: as its cells are; texts: a category, its cells stay as they are written; unused: not read.
enum class ColumnUse { typed, texts, unused };
/// typed with a style: numbers or dates, each cell read by that style alone.
struct ColumnReading {
  ColumnUse use = ColumnUse::typed;
  ColumnType type = ColumnType::numeric;
  std::optional<CellStyle> style = {};
};

class CsvReader {
 public:
  /// kernels == nullptr: every record on its own, byte by byte; the same tables and errors (tests compare).
  /// known: what a model knows of the text; nullptr: nothing. Options, kernels and it must outlive the reader.
  CsvReader(const std::string& source, const ReadOptions& options, const FieldKernels* kernels = &best_field_kernels(),
            const KnownText* known = nullptr);

  /// Judges the text by its beginning and reads the names: the bytes of mark and header. Nothing when they do not fit into `text`
  /// although it is not the last part, nor when it has less than two lines: the second one shows whether the first one is a header.
  std::optional<std::size_t> open(std::string_view text, bool last = true);
  /// The whole table from the bytes behind the header.
  Table read_rest(std::string_view text);

  /// Names and numbers of the columns that are not dropped; no rows.
  Table header() const;
  /// How columns are read from now on, by their number in the file.
  void set_uses(std::vector<ColumnReading> uses);
  /// The rows that `text` holds completely; `taken` becomes the number of their bytes.
  Table read_part(std::string_view text, bool last, std::size_t& taken);
  /// The line that the next part begins with.
  std::uint64_t next_line() const noexcept { return next_line_; }
  /// Behind the last part: throws E0303 when there was no row.
  void finish_parts() const;

 private:
  bool next_record(CsvScanner& scanner);
  std::size_t skip_lines(std::string_view text) const;
  void take_names(const std::vector<std::string_view>& cells);
  void keep_reading(std::string_view record, std::uint64_t line);
  [[noreturn]] void throw_no_rows() const;
  std::optional<std::size_t> place_of_name(const std::string& name_or_number) const;
  std::size_t find(const std::string& name_or_number) const;
  void apply_wishes();
  void start_builders(std::size_t bytes);
  void start_workers(std::size_t bytes);
  std::string comment_hint() const;
  void check_width(std::size_t fields, std::uint64_t line) const;
  void keep_lines(std::uint64_t line, std::size_t rows);
  void reserve_rows(const CsvScanner& scanner, std::size_t size);
  template <class TakePlain, class TakeRecord>
  void walk(CsvScanner& scanner, std::string_view text, TakePlain take_plain, TakeRecord take_record);
  void read_rows(CsvScanner& scanner, std::string_view text);
  void add_plain(const PlainRecords& records, const std::function<void()>& look_ahead);
  void add_record();
  void read_again(const std::vector<std::size_t>& columns, CsvScanner& scanner, std::string_view text);
  void finish_columns(std::string_view text, CsvScanner::Part part);
  void finish_column(std::size_t c, Typing typing);
  bool known(std::size_t c) const noexcept;
  ColumnManner manner_of(std::size_t c) const;
  bool needs_closer_look(std::size_t c);
  void apply_given_marks();
  void note_likely_points();
  void count_cells();
  ColumnPlace place_of(std::size_t c) const { return {&table_, c, names_[c]}; }

  const ReadOptions& options_;
  const FieldKernels* kernels_;
  const KnownText* known_;
  char comment_ = '\0';
  MissingMarkers missing_;
  MissingCounts met_;
  CsvDialect dialect_;
  Table table_;  ///< or the part that is being read
  std::vector<std::string> names_;
  std::vector<ColumnWish> wishes_;
  std::vector<ColumnReading> uses_;      ///< empty: all typed
  std::vector<CellStyle> styles_;        ///< by column, where uses_ has one: it, changed by the options
  std::vector<bool> labels_, groups_;    ///< by column
  std::vector<DoubtfulPoint> likely_points_;
  std::vector<ColumnBuilder> builders_;
  std::optional<ColumnWorkers> workers_;  ///< while a large text is read as a whole
  std::vector<CellCounts> counts_;       ///< of earlier parts, by column
  std::vector<std::string_view> cells_;  ///< of a record
  std::uint64_t first_line_ = 1, next_line_ = 1;
  std::size_t blank_lines_ = 0, comment_lines_ = 0;
};

}  // namespace chainrule::data
