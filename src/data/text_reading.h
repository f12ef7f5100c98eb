// How a text table was read, kept in a model so that the next file is read the same way.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace chainrule::data {

struct TextReading {
  std::string separator;             ///< one character; ' ': runs of blanks
  bool header = false;
  std::vector<std::string> missing;  ///< all markers besides the empty cell
  std::string comment;               ///< lines that begin with it are skipped; "": none
  std::size_t skip = 0;              ///< lines before the table
  std::string encoding;              ///< "": UTF-8

  bool operator==(const TextReading&) const = default;
};

/// What a trained model knows of a text it is given: it is read as the training table was, unless an option says otherwise.
struct KnownText {
  TextReading reading;
  std::vector<std::string> names;  ///< the first line holds them; empty: columns are found by number
  std::size_t width = 0;           ///< columns of the training table, the target included
};

}  // namespace chainrule::data
