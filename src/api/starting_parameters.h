// The parameters a run starts from: drawn, and where a layer asks for it fitted to the first rows.
#pragma once

#include <vector>

#include "api/network_choice.h"
#include "train/data_part.h"

namespace chainrule::api {

/// net::initial_parameters; then, first layer to last, each layer with Initializer::data_dependent is fitted to at most
/// 256 training rows of weight above 0, the first ones of the seed's order: a unit's weights are divided by the
/// standard deviation of its z, its bias becomes minus the mean of the new z. A unit whose z never varies keeps its
/// weights. Computed by the fp64 reference, so it is the same for every engine, instruction set and thread count.
std::vector<float> starting_parameters(const NetworkChoice& choice, const training::DataPart& train);

}  // namespace chainrule::api
