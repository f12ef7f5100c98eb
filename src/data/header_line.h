// Whether a table's first line names its columns: what speaks for it and against it, column by column.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/missing_markers.h"
#include "data/table.h"

namespace chainrule::data {

struct HeaderChoice {
  bool header = false;
  bool doubtful = false;  ///< something speaks for the other reading too
};

/// `records`: the first ones of the table, the line in question in front.
HeaderChoice judge_header(const std::vector<std::vector<std::string_view>>& records, char decimal, const MissingMarkers& missing);

/// Behind the hint of an error that a wrong guess about line 1 can lead to: what it says, how it was read, and the option that reads it the
/// other way. "" where there was nothing to guess.
std::string header_advice(const Table& table);

}  // namespace chainrule::data
