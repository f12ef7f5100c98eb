// How columns became inputs, in a line for each kind of column.
#pragma once

#include <string>
#include <vector>

#include "features/feature_set.h"

namespace chainrule::api {

/// Scaling, filling of missing cells, inputs per category, parts of dates: what `train` decided by itself. docs/features.md.
std::vector<std::string> encoding_lines(const features::FeatureSet& features);

}  // namespace chainrule::api
