// How a CSV text is written: separator, header; given, or judged from its first records.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chainrule/table.h"
#include "data/column_glance.h"
#include "data/missing_markers.h"
#include "data/text_reading.h"
#include "data/style_choice.h"

namespace chainrule::data {

struct CsvDialect {
  char separator = ',';
  bool header = false;
  char decimal = '.';                 ///< of columns that do not show another one
  StyleRules styles;
  std::vector<ColumnGlance> columns;  ///< of the first records
  std::size_t title_lines = 0;  ///< lines in front that look like a title: they have other numbers of fields than all below them
  bool row_names = false;       ///< the header lacks the first column's name, as R writes it
  std::vector<std::string> notes;
};

/// What goes before judging: the options, or what a model knows (nullptr: nothing), and what the preamble said.
struct DialectHints {
  const ReadOptions& options;
  const KnownText* known = nullptr;
  char named_separator = '\0';
  char comment = '\0';
  std::uint64_t first_line = 1;  ///< of the text
};

/// Looks at up to 1000 records. Throws E0102, E0120 (options that make no sense); leaves faults in the text to the reader.
CsvDialect detect_dialect(std::string_view text, const DialectHints& hints, const MissingMarkers& missing);

/// Names of columns: empty and repeated ones get one of their own, and a note.
std::vector<std::string> column_names(const std::vector<std::string_view>& cells, std::vector<std::string>& notes);

/// "comma", "blanks", ...
std::string separator_name(char separator);

}  // namespace chainrule::data
