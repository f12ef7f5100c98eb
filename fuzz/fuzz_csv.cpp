// Any bytes as CSV text: a table or an Error, never a crash; a table must be consistent, and every loop must give the same table or error as
// reading each record on its own.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "chainrule/error.h"
#include "data/csv_reader.h"
#include "data/describe.h"
#include "data/table.h"

namespace {

using chainrule::ReadOptions;
namespace data = chainrule::data;

void require(bool good) {
  if (!good) std::abort();
}

// The first byte chooses options, so that every branch is reachable; the text follows.
ReadOptions options_of(std::uint8_t byte) {
  constexpr const char* kSeparators[] = {"", "", "", ",", ";", "\t", " ", "|"};
  ReadOptions options;
  options.separator = kSeparators[byte & 7];
  options.header = (byte & 24) == 8;
  options.no_header = (byte & 24) == 16;
  if ((byte & 32) != 0) options.decimal = ",";
  if ((byte & 64) != 0) options.categorical = {"0"};
  if ((byte & 128) != 0) options.missing = {"x"};
  return options;
}

void check(const data::Table& table) {
  require(table.rows > 0 && table.width() > 0);
  require(table.lines.empty() || table.lines.size() == table.rows);
  for (const data::Column& column : table.columns) {
    require(column.size() == table.rows);
    for (std::size_t row = 0; row < table.rows; ++row) {
      require(column.missing(row) == column.text(row).empty());
      if (column.type == data::ColumnType::categorical) require(column.codes[row] < static_cast<std::int32_t>(column.levels.size()));
    }
    require(&table.columns[table.find_column(column.name)] == &column);
  }
  for (std::size_t row = 1; row < table.rows; ++row) require(table.line(row) > table.line(row - 1));
  require(data::describe_table(table).columns.size() == table.width());
}

data::Table read(std::string_view text, const ReadOptions& options, const data::FieldKernels* kernels) {
  data::CsvReader reader("fuzz.csv", options, kernels);
  const std::size_t begin = *reader.open(text);
  return reader.read_rest(text.substr(begin));
}

void check_same(const data::Table& table, const data::Table& other) {
  require(table.rows == other.rows && table.lines == other.lines && table.notes == other.notes && table.columns.size() == other.columns.size());
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const data::Column &one = table.columns[c], &two = other.columns[c];
    require(one.name == two.name && one.type == two.type && one.integers == two.integers && one.codes == two.codes && one.levels == two.levels);
    require(one.numbers.size() == two.numbers.size());
    require(one.numbers.empty() || std::memcmp(one.numbers.data(), two.numbers.data(), one.numbers.size() * sizeof(double)) == 0);
  }
}

// `expected`: the error's text, "" for none.
void check_loops(std::string_view text, const ReadOptions& options, const data::Table& table, const std::string& expected) {
  const data::FieldKernelList list = data::runnable_field_kernels();
  const data::FieldKernels* all[] = {nullptr, list.kernels[0]};  // the fastest is what read_csv_text takes
  for (const data::FieldKernels* kernels : all) {
    std::string found;
    try {
      check_same(read(text, options, kernels), table);
    } catch (const chainrule::Error& error) {
      found = error.what();
    }
    require(found == expected);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const ReadOptions options = options_of(bytes[0]);
  data::Table table;
  std::string fault;
  try {
    table = data::read_csv_text(text, "fuzz.csv", options);
    check(table);
  } catch (const chainrule::Error& error) {
    require(!chainrule::explain_error(error.code()).empty());
    require(!error.message().empty() && !error.hint().empty());
    fault = error.what();
  }
  if (!text.empty()) check_loops(text, options, table, fault);
  return 0;
}
