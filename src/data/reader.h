// Reading a table from bytes of any supported kind.
#pragma once

#include <string>
#include <string_view>

#include "data/table.h"

namespace chainrule::data {

/// NPY, NPZ, IDX or text, told by the first bytes; already unpacked. `source` names it in errors.
Table read_bytes(std::string_view bytes, const std::string& source, const ReadOptions& options);

}  // namespace chainrule::data
