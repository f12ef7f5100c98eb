// The JSON of `race` and `dropout`.
#pragma once

#include <string>
#include <vector>

#include "chainrule/laboratory.h"

namespace chainrule::cli {

/// {"races": [...]}, one object without a newline at the end; numbers that are not finite become null.
std::string races_json(const std::vector<Race>& races);
std::string dropout_json(const DropoutComparison& comparison);

}  // namespace chainrule::cli
