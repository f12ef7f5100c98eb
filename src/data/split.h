// Cutting the rows of a table into training, validation and test rows; a pure function of table, request and seed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chainrule/kinds.h"
#include "data/table.h"

namespace chainrule::data {

/// Shares of all rows, each in [0, 1), together below 1; 0: no such part. A share above 0 gives at least one row.
struct SplitRequest {
  SplitKind kind = SplitKind::automatic;  ///< automatic: stratified when classes are given, else random
  double validation = 0, test = 0;
  std::uint64_t seed = 0;
  std::string column;                     ///< group: the column; time: the column, or "" for the order of the rows
};

/// Row numbers, ascending within each part; together every row once.
struct Split {
  std::vector<std::uint32_t> train, validation, test;
  std::size_t duplicate_rows_across = 0;  ///< validation and test rows that are, cell for cell, also training rows
  SplitKind kind = SplitKind::random;     ///< what automatic became
};

/// `classes`: class of each row (-1: missing, a class of its own), for stratified; empty when there are none.
/// random: rows in shuffled order, the first part is test, the next validation, the rest training.
/// stratified: the same within each class, sizes by largest remainder, so that every part has each class in proportion.
/// time: the latest rows are test, those before validation; rows of one time stay together (without a column the last row is the latest).
/// group: whole groups, drawn in shuffled order.
/// Throws E0310 (unknown column), E0323 (missing value in it), E0324 (text where time is needed), E0325 (too few groups), E0326 (a part
/// stays empty), E0102 (bad shares).
Split split_rows(const Table& table, const SplitRequest& request, std::span<const std::int32_t> classes = {});

/// Validation and test rows whose every cell equals that of some training row.
std::size_t count_duplicates_across(const Table& table, const Split& split);

}  // namespace chainrule::data
