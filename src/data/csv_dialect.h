// How a CSV text is written: separator, header; given, or judged from its first records.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chainrule/table.h"
#include "data/column_glance.h"
#include "data/missing_markers.h"
#include "data/style_choice.h"

namespace chainrule::data {

struct CsvDialect {
  char separator = ',';
  bool header = false;
  char decimal = '.';                 ///< of columns that do not show another one
  StyleRules styles;
  std::vector<ColumnGlance> columns;  ///< of the first records
  std::vector<std::string> notes;
};

/// Looks at up to 1000 records. Throws E0102, E0120 (options that make no sense); leaves faults in the text to the reader.
CsvDialect detect_dialect(std::string_view text, const ReadOptions& options, const MissingMarkers& missing);

/// "comma", "blanks", ...
std::string separator_name(char separator);

}  // namespace chainrule::data
