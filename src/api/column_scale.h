// Values and columns that are out of all proportion.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "chainrule/network.h"
#include "data/table.h"

namespace chainrule::api {

struct ScaleFinding {
  double value = 0, limit = 1e4, failure = 1e6;  ///< warning from limit on, failed from failure on
  std::string detail;
};

/// The worst of three measures, each against its own limit: the distance of a value from its column's median in spreads (quartile range, or
/// the middle distance from the median when most values are equal); a column's spread against the median of the other columns'; and the
/// largest input that the network would see.
ScaleFinding worst_scale(std::span<const data::Column* const> columns, std::span<const std::uint32_t> rows, const Samples& samples,
                         std::span<const std::string> input_names, const data::Table& table);

}  // namespace chainrule::api
