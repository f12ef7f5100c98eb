// What stands before a table in a text file: skipped lines, comments, and Excel's "sep=;".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chainrule::data {

struct Preamble {
  std::size_t bytes = 0;
  std::size_t lines = 0;
  char separator = '\0';           ///< what "sep=" says; NUL: nothing
  std::vector<std::string> notes;
};

/// `skip` lines go first. `comment`: the mark of comments, which the scanner skips; "": leading lines with # are looked at here. They are
/// comments unless the last one has as many fields as the line below, which begins the data: then it holds the names.
Preamble read_preamble(std::string_view text, std::size_t skip, std::string_view comment);

}  // namespace chainrule::data
