// Which reader a path calls for: decided by what the bytes are, not by the file's name.
#include <algorithm>
#include <map>
#include <new>

#include "chainrule/error.h"
#include "data/idx_folder.h"
#include "data/input.h"
#include "data/npy_array.h"
#include "data/reader.h"

namespace chainrule::data {
namespace {

// Array files have numbered columns; the wishes that make sense for them are few.
void apply_drops(Table& table, const ReadOptions& options) {
  std::vector<std::size_t> drops, dense;
  const std::size_t width = table.width();
  for (const std::string& name : options.drop) {
    const std::size_t place = table.column_called(name) == nullptr ? table.dense.column_called(name) : table.dense.columns;
    if (place < table.dense.columns) dense.push_back(place);
    else drops.push_back(table.find_column(name));
  }
  for (std::vector<std::size_t>* list : {&drops, &dense}) {
    std::sort(list->begin(), list->end());
    list->erase(std::unique(list->begin(), list->end()), list->end());
  }
  for (std::size_t i = drops.size(); i-- > 0;) table.columns.erase(table.columns.begin() + static_cast<std::ptrdiff_t>(drops[i]));
  table.dense.remove(dense);
  table.file_columns = width;
  if (table.width() == 0) throw Error("E0314", table.source, "every column is dropped", "drop fewer columns");
}

void make_categorical(Column& column) {
  Column result;
  result.name = column.name;
  result.number = column.number;
  result.type = ColumnType::categorical;
  std::map<double, std::int32_t> known;
  for (std::size_t row = 0; row < column.numbers.size(); ++row) {
    if (column.missing(row)) {
      result.codes.push_back(-1);
      continue;
    }
    const auto [place, fresh] = known.emplace(column.numbers[row], static_cast<std::int32_t>(result.levels.size()));
    if (fresh) result.levels.push_back(column.text(row));
    result.codes.push_back(place->second);
  }
  column = std::move(result);
}

Table with_options(Table table, const ReadOptions& options) {
  for (const std::string& name : options.numeric) {
    if (table.dense.column_called(name) == table.dense.columns) (void)table.find_column(name);
  }
  for (const std::string& name : options.categorical) {
    table.take_out_of_block(name);
    Column& column = table.columns[table.find_column(name)];
    if (column.type == ColumnType::numeric) make_categorical(column);
  }
  apply_drops(table, options);
  return table;
}

}  // namespace

Table read_bytes(std::string_view bytes, const std::string& source, const ReadOptions& options) {
  if (looks_like_npy(bytes)) return with_options(table_from_npy(bytes, source, options.stop), options);
  if (looks_like_zip(bytes)) return with_options(table_from_npz(bytes, source, options.stop), options);
  if (looks_like_idx(bytes)) return with_options(table_from_idx(bytes, source), options);
  refuse_known_kinds(bytes, source);
  return read_csv_text(bytes, source, options);
}

Table within_memory(const std::string& source, const std::size_t& bytes_read, const std::function<Table()>& read) {
  try {
    return read();
  } catch (const std::bad_alloc&) {
    throw Error("E0490", source, "out of memory after " + std::to_string(bytes_read) + " bytes of it were read",
                "leave columns out with --drop, give a part of the rows, or raise the limit on memory (ulimit -v)");
  }
}

Table read_table(const std::string& path, const ReadOptions& options, SourceDigest* digest) {
  std::size_t bytes_read = 0;
  const InputOptions how{options.stop, &bytes_read, digest};
  return within_memory(path == "-" ? "stdin" : path, bytes_read, [&] {
    if (path != "-" && is_folder(path)) return with_options(read_idx_folder(path, IdxPart::train, how), options);
    const Input input = read_text_input(path, how, {options.encoding, ""});
    Table table = read_bytes(input.bytes, input.source, options);
    table.notes.insert(table.notes.begin(), input.notes.begin(), input.notes.end());
    return table;
  });
}

Table read_idx_test_part(const std::string& folder, const std::atomic<bool>* stop, SourceDigest* digest) {
  std::size_t bytes_read = 0;
  return within_memory(folder, bytes_read, [&] { return read_idx_folder(folder, IdxPart::test, {stop, &bytes_read, digest}); });
}

bool has_idx_test_part(const std::string& path) { return has_idx_part(path, IdxPart::test); }

}  // namespace chainrule::data
