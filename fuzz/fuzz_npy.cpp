// Any bytes as an NPY or NPZ file: a table or an Error, never a crash or a large allocation.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "chainrule/error.h"
#include "data/npy_array.h"

namespace {
void require(bool good) {
  if (!good) std::abort();
}

void check(const chainrule::data::Table& table) {
  require(table.rows > 0 && table.width() > 0);
  const std::size_t cells = table.rows * table.dense.columns;
  require(table.dense.bytes.size() == cells || table.dense.values.size() == cells);
  for (const auto& column : table.columns) require(column.size() == table.rows);
  for (float value : table.dense.values) require(!std::isinf(value));
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  try {
    check(chainrule::data::looks_like_zip(text) ? chainrule::data::table_from_npz(text, "fuzz.npz")
                                               : chainrule::data::table_from_npy(text, "fuzz.npy"));
  } catch (const chainrule::Error& error) {
    require(!chainrule::explain_error(error.code()).empty());
    require(!error.message().empty() && !error.hint().empty());
  }
  return 0;
}
