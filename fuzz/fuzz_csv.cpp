// Any bytes as CSV text: a table or an Error, never a crash; and a table must be consistent and read the same twice.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "chainrule/error.h"
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  try {
    const data::Table table = data::read_csv_text(text, "fuzz.csv", options_of(bytes[0]));
    check(table);
  } catch (const chainrule::Error& error) {
    require(!chainrule::explain_error(error.code()).empty());
    require(!error.message().empty() && !error.hint().empty());
  }
  return 0;
}
