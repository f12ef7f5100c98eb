// Any bytes as an IDX file, also gzip or zstd packed: a table or an Error, never a crash or a large allocation.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "chainrule/error.h"
#include "data/idx_folder.h"
#include "data/input.h"

namespace {
void require(bool good) {
  if (!good) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  try {
    std::string format;
    const std::string unpacked = chainrule::data::unpack(std::string(reinterpret_cast<const char*>(bytes), size), "fuzz.idx", format);
    const chainrule::data::Table table = chainrule::data::table_from_idx(unpacked, "fuzz.idx");
    require(table.rows > 0 && table.width() > 0);
    require(table.dense.bytes.size() == table.rows * table.dense.columns);
    for (const auto& column : table.columns) require(column.size() == table.rows);
  } catch (const chainrule::Error& error) {
    require(!chainrule::explain_error(error.code()).empty());
    require(!error.message().empty() && !error.hint().empty());
  }
  return 0;
}
