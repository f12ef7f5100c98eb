// A table of any size: large CSV text comes in parts of bounded size, all else as a whole.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/csv_reader.h"
#include "data/input.h"
#include "data/table.h"

namespace chainrule::data {

class TableStream {
 public:
  /// As read_table(). `uses` is asked once, when the table comes in parts: how its columns (a table without rows) are used, by their number
  /// in the file. What it throws passes through.
  using Uses = std::function<std::vector<ColumnUse>(const Table& header)>;
  TableStream(const std::string& path, const ReadOptions& options, Uses uses);

  /// The next rows; nothing behind the last. Faults are those of read_table(), found part by part: of several the first in the file is told.
  std::optional<Table> next();

 private:
  void read_more(std::size_t size);
  bool open_parts(const Uses& uses);

  ReadOptions options_;
  std::optional<Table> whole_;
  std::unique_ptr<ByteStream> stream_;
  std::optional<CsvReader> reader_;  ///< when the table comes in parts
  std::vector<char> text_;           ///< [begin_, end_) was read and not yet taken
  std::size_t begin_ = 0, end_ = 0;
  bool last_ = false, done_ = false;
  std::string source_;
};

}  // namespace chainrule::data
