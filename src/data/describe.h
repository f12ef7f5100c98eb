// What a table holds: per column type, missing, distinct values and ranges; duplicates; which column is likely to be predicted.
#pragma once

#include <string>
#include <vector>

#include "chainrule/table.h"
#include "data/table.h"

namespace chainrule::data {

Description describe_table(const Table& table);
/// The dense block's columns first, then the others, in file order.
std::vector<ColumnInfo> column_infos(const Table& table);
/// values: rows x names.size(), row-major; NaN is missing. Throws E0340 (no rows or columns), E0309 (infinite value).
Table table_from_matrix(const double* values, std::size_t rows, std::vector<std::string> names);

}  // namespace chainrule::data
