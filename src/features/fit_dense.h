// Learning center and scale of a dense block.
#pragma once

#include <cstdint>
#include <span>

#include "data/table.h"
#include "features/feature_set.h"

namespace chainrule::features {

/// Fills features.dense; does nothing when the table has no dense block. Throws Error E0309 for an infinite value.
void fit_dense(FeatureSet& features, const data::Table& table, std::span<const std::uint32_t> rows);

}  // namespace chainrule::features
