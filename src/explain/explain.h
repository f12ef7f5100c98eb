// Why a network answers as it does for one row: the chain rule's factors and the weights to blame, in fp64 on the reference engine.
#pragma once

#include <cstddef>
#include <span>

#include "chainrule/explain.h"
#include "chainrule/network_spec.h"

namespace chainrule::explain {

/// The loss of samples' row `row` taken apart as in prediction (no masks, running statistics, row weight 1). parameters: in layout order.
/// samples need y or labels. prediction and truth are plain numbers or class indices; the caller may put names in their place.
Explanation explain_sample(const NetworkSpec& network, std::span<const float> parameters, const Samples& samples, std::size_t row,
                           std::size_t top);

}  // namespace chainrule::explain
