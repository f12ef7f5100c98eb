// The learning-rate range test (Smith 2017, "Cyclical learning rates", section 3.3).
#pragma once

#include "api/network_choice.h"
#include "api/prepared_data.h"
#include "chainrule/train.h"

namespace chainrule::api {

/// From 1e-6 to 10, 30 steps a decade, on the training rows with a fresh network; stops when the smoothed loss has
/// risen to four times its lowest value. suggested: a tenth of the rate at the lowest smoothed loss. Throws Error E0218
/// for lbfgs, which has no rate.
RateSearch search_learning_rate(const TrainSettings& settings, const NetworkChoice& choice, const PreparedData& data);

}  // namespace chainrule::api
