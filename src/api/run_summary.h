// What a finished run comes to: what a constant answer would have scored, and a verdict in words.
#pragma once

#include <string>
#include <vector>

#include "api/prepared_data.h"
#include "chainrule/train.h"

namespace chainrule::api {

/// Of the parts that were measured in `result`.
Baseline baseline_of(const PreparedData& data, const TrainResult& result);

/// Judged on the validation rows, or the test rows, or what there is. `epochs`: the most the run could have taken.
std::string verdict_of(const TrainResult& result, std::uint64_t epochs);

}  // namespace chainrule::api
