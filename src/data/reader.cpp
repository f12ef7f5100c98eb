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
  std::vector<std::size_t> drops;
  for (const std::string& name : options.drop) drops.push_back(table.find_column(name));
  std::sort(drops.begin(), drops.end());
  drops.erase(std::unique(drops.begin(), drops.end()), drops.end());
  for (std::size_t i = drops.size(); i-- > 0;) table.columns.erase(table.columns.begin() + static_cast<std::ptrdiff_t>(drops[i]));
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
  for (const std::string& name : options.numeric) (void)table.find_column(name);
  for (const std::string& name : options.categorical) {
    Column& column = table.columns[table.find_column(name)];
    if (column.type == ColumnType::numeric) make_categorical(column);
  }
  apply_drops(table, options);
  return table;
}

}  // namespace

void refuse_known_binaries(std::string_view bytes, const std::string& source) {
  using namespace std::string_view_literals;
  constexpr std::pair<std::string_view, const char*> kKnown[] = {
      {"PAR1"sv, "a Parquet file"}, {"SQLite format 3"sv, "an SQLite database"}, {"\x89HDF"sv, "an HDF5 file"}, {"%PDF-"sv, "a PDF document"},
      {"\x89PNG"sv, "a PNG image"},  {"ARROW1"sv, "an Arrow file"},                {"\xd0\xcf\x11\xe0"sv, "an old Excel workbook"},
      {"BZh"sv, "a bzip2 stream"},   {"\xfd" "7zXZ"sv, "an xz stream"}};
  for (const auto& [magic, name] : kKnown) {
    if (bytes.starts_with(magic)) throw Error("E0318", source, std::string("this is ") + name, "convert it to CSV first");
  }
}

Table read_bytes(std::string_view bytes, const std::string& source, const ReadOptions& options) {
  if (looks_like_npy(bytes)) return with_options(table_from_npy(bytes, source, options.stop), options);
  if (looks_like_zip(bytes)) return with_options(table_from_npz(bytes, source, options.stop), options);
  if (looks_like_idx(bytes)) return with_options(table_from_idx(bytes, source), options);
  refuse_known_binaries(bytes, source);
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
    const Input input = read_input(path, how);
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
