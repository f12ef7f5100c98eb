// Reading a table from bytes of any supported kind.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "data/table.h"

namespace chainrule::data {

/// NPY, NPZ, IDX or text, told by the first bytes; already unpacked. `source` names it in errors.
Table read_bytes(std::string_view bytes, const std::string& source, const ReadOptions& options);

/// Runs `read`, which counts the bytes it has read of `source`: memory that runs out on the way is told as that file's fault, E0490.
Table within_memory(const std::string& source, const std::size_t& bytes_read, const std::function<Table()>& read);

/// Throws E0318 for files of a known kind that is no table here, to say so by name: other formats, a web page in the place of a file, a
/// pointer that stands for a file, a model given as the table.
void refuse_known_kinds(std::string_view bytes, const std::string& source);

}  // namespace chainrule::data
