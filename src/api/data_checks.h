// What is wrong with a table before any network sees it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chainrule/explain.h"
#include "chainrule/kinds.h"
#include "data/table.h"
#include "train/data_part.h"

namespace chainrule::api {

struct DataSubject {
  const data::Table& table;
  std::span<const std::uint32_t> rows;      ///< training rows
  std::string target;
  bool classification = false;
  Loss loss = Loss::squared_error;
  std::span<const std::string> ignored;     ///< columns that are not inputs: row weights, groups
  std::span<const std::string> input_names; ///< of samples' columns
  Samples samples;                          ///< the table as the network sees it
  std::size_t held_out = 0, overlapping = 0;  ///< validation and test rows, and how many of them are training rows too
};

/// "wrong_loss", "leak", "constant_column", "unscaled_column", "missing_cells", "duplicate_rows" and, with rows held out, "split_overlap".
std::vector<CheckItem> check_data(const DataSubject& subject);

}  // namespace chainrule::api
