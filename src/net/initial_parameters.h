// The parameters a network starts training from: a pure function of its spec and the seed.
#pragma once

#include <cstdint>
#include <vector>

#include "chainrule/network_spec.h"

namespace chainrule::net {

/// In ParameterLayout order. Weights by each layer's initialiser; biases, shifts and running means 0; scales and running variances 1;
/// prelu slopes the layer's activation parameter. REQUIRES a spec that check_spec() accepts.
std::vector<float> initial_parameters(const NetworkSpec& spec, std::uint64_t seed);

}  // namespace chainrule::net
