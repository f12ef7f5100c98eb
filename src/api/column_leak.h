// Does one column alone give the target away?
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/table.h"

namespace chainrule::api {

/// How well a column predicts, from 0 (no better than the most frequent class or the mean) to 1 (perfectly).
struct ColumnSkill {
  std::string column;
  double skill = 0;
};

/// Every column but the target and the ignored ones, best first. Half of the rows (at most 4000 are looked at) teach a one-dimensional rule:
/// the class of the nearest value, or a line between neighbouring values; the other half judges it. Empty below 40 rows.
std::vector<ColumnSkill> column_skills(const data::Table& table, std::span<const std::uint32_t> rows, const std::string& target,
                                       bool classification, std::span<const std::string> ignored);

}  // namespace chainrule::api
