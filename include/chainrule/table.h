// Tables read from files: typed columns, and what the reader decided on its own.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "chainrule/kinds.h"

namespace chainrule {

namespace data { struct Table; }

/// How to read a file; everything unset is detected and reported.
struct ReadOptions {
  std::string separator;                 ///< "" = detect; "," ";" "\t" "|" or " " (runs of blanks)
  bool no_header = false;                ///< true: the first line is data; false: detect... see header
  bool header = false;                   ///< true: the first line is a header for certain
  /// Markers of missing cells, added to the usual ones (NA, ?, null, ...) and to the empty cell. From one that begins with "only:" on they take
  /// the place of the usual ones; {"only:"}: only the empty cell is missing.
  std::vector<std::string> missing;
  std::string decimal;                   ///< "." or ",", for all columns; "" = each column decides
  std::string thousands;                 ///< "," "." "blank" "'" or "none", for all columns; "" = each column decides
  std::string date_order;                ///< "dmy", "mdy" or "ymd" of days in figures; "" = each column decides
  std::vector<std::string> labels, groups;  ///< columns that may be classes, and groups: their numbers keep texts such as 01
  std::size_t skip = 0;                  ///< lines before the table
  std::string comment;                   ///< one mark; lines that begin with it are skipped; "" = # in front of the table only; "none" = none
  std::string encoding;                  ///< of a text: "latin-1", "utf-16" or any name iconv knows; "" = UTF-8, or as a byte order mark says
  std::vector<std::string> categorical, numeric, drop;  ///< columns by name or number
  const std::atomic<bool>* stop = nullptr;  ///< becomes true: reading ends with Error E0590
  int threads = 0;                       ///< for large CSV texts; 0: one per usable core; the table is the same
};

struct ColumnInfo {
  std::string name;
  std::string type;               ///< "numeric", "categorical", "date", "boolean", "text", "constant", "empty"
  std::size_t missing = 0;
  std::size_t distinct = 0;       ///< distinct values other than missing
  double minimum = 0, maximum = 0, mean = 0, deviation = 0;  ///< numeric and date (seconds since 1970)
  std::vector<std::pair<std::string, std::size_t>> top;      ///< most frequent values and their counts, at most 10
};

/// An immutable table; cheap to copy (shared).
class Table {
 public:
  /// path: CSV/TSV, "-" for stdin, .gz or .zst of any, .npy, .npz, an IDX file or a folder with IDX files (the train part).
  /// Throws Error E03xx naming file, line and column, or E0401 when the file cannot be opened.
  static Table read(const std::string& path, const ReadOptions& options = {});
  /// The t10k part of an IDX folder; throws E0338 when there is none.
  static Table read_test_part(const std::string& folder);
  static bool has_test_part(const std::string& path);
  /// rows x columns numbers, row-major; NaN is missing. Throws E0223 (no rows, no names, no values), E0309 (an infinite value).
  static Table from_matrix(const double* values, std::size_t rows, std::vector<std::string> names);

  std::size_t rows() const;
  std::vector<ColumnInfo> columns() const;
  /// One line per decision of the reader: separator, header, decimal mark, missing markers, encoding.
  const std::vector<std::string>& notes() const;

  explicit Table(std::shared_ptr<const data::Table> table) : table_(std::move(table)) {}
  /// Throws Error E0226 when the table was moved from, as every call does.
  const data::Table& data() const;

 private:
  std::shared_ptr<const data::Table> table_;
};

/// What `chainrule describe` shows.
struct Description {
  std::size_t rows = 0;
  std::vector<ColumnInfo> columns;
  std::size_t duplicate_rows = 0;
  std::string suggested_target, suggested_task, why;
  std::vector<std::string> notes;
};
Description describe(const Table& table);

}  // namespace chainrule
