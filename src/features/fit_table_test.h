// Tests: features fitted to a table that is written out in the test.
#pragma once

#include <numeric>
#include <string>
#include <vector>

#include "features/feature_set.h"

namespace chainrule::features {

inline data::Table csv(const std::string& text, ReadOptions options = {}) { return data::read_csv_text(text, "t.csv", options); }

inline std::vector<std::uint32_t> all_rows(const data::Table& table) {
  std::vector<std::uint32_t> rows(table.rows);
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

inline FeatureSet fit_all(const data::Table& table, const std::string& target, bool classification = true,
                          std::vector<std::string> ignored = {}) {
  return fit(table, all_rows(table), target, classification, ignored);
}

}  // namespace chainrule::features
