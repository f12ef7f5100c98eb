// A table as a model needs it: its columns read by use, not by what the cells look like; CSV text of any size in parts of bounded size.
#pragma once

#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/csv_reader.h"
#include "data/decoding.h"
#include "data/input.h"
#include "data/table.h"

namespace chainrule::data {

/// Asked once about a CSV text: how its columns (a table without rows) are used, by their number in the file. What it throws passes through.
using TableUses = std::function<std::vector<ColumnReading>(const Table& header)>;

/// What a model knows of the table it is given.
struct KnownTable {
  TableUses uses;
  std::optional<KnownText> text;  ///< nothing: the model's own table was no text, or version 0.1.0 wrote it; texts are judged afresh
};

/// read_table() for a model. Arrays are read as ever.
Table read_table(const std::string& path, const ReadOptions& options, const KnownTable& known, SourceDigest* digest = nullptr);

/// The same in parts: text of up to 4 MiB in one, larger text in parts of 1 MiB or one record, which has at most kLongestRecord bytes; arrays
/// as a whole. A file that changes on the way is found at its end: E0341.
class TableStream {
 public:
  /// read_ahead: a thread of its own reads the next part while the caller works on this one. Only files are read ahead: reading a pipe
  /// cannot be given up.
  TableStream(const std::string& path, const ReadOptions& options, KnownTable known, bool read_ahead = false);
  TableStream(const TableStream&) = delete;
  TableStream& operator=(const TableStream&) = delete;

  /// The next rows; nothing behind the last. Faults are those of read_table(), found part by part: of several the first in the file is told.
  std::optional<Table> next();

 private:
  void open(const std::string& path);
  std::optional<Table> read_next();
  std::optional<Table> read_part();
  void check_open_record() const;
  bool start_reading();
  void read_more(std::size_t size);
  bool open_parts();

  ReadOptions options_;
  KnownTable known_;
  std::string source_;
  std::optional<Table> whole_;
  std::unique_ptr<ByteStream> stream_;
  std::unique_ptr<DecodedStream> text_source_;
  std::vector<std::string> notes_;   ///< for the next part
  std::optional<CsvReader> reader_;  ///< when the table comes in parts
  std::vector<char> text_;           ///< [begin_, end_) was read and not yet taken
  std::size_t begin_ = 0, end_ = 0;
  std::size_t bytes_read_ = 0;
  bool last_ = false, done_ = false;
  bool read_ahead_ = false;
  std::future<std::optional<Table>> ahead_;  ///< last: waited for before all else goes
};

}  // namespace chainrule::data
