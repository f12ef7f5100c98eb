// The target column: classes, or center and scale.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "data/table.h"
#include "features/feature_set.h"

namespace chainrule::features {

/// Index into table.columns; throws Error E0311 with the nearest name.
std::size_t find_target(const data::Table& table, const std::string& name_or_number);

/// Fills features.target; throws Error E0312, E0313, E0315, E0309, E0321.
void fit_target(FeatureSet& features, const data::Table& table, std::span<const std::uint32_t> rows, std::size_t index, bool classification);

}  // namespace chainrule::features
