// Counts the masks that the engine draws, through networks whose outputs are the masks themselves.
#pragma once

#include <cstdint>
#include <vector>

#include "chainrule/laboratory.h"

namespace chainrule::laboratory {

/// Which masks to look at: those of hidden layer `layer` of a run with this seed.
struct MaskRequest {
  DropoutSpec dropout;
  std::size_t layer = 0, fan_in = 1, units = 1;
  std::uint64_t seed = 0;
  double tail = 0.001;  ///< error of both bounds together
};

/// The masks of 64 rows (dropconnect: up to 64 inputs) and at most 256 units in the first steps, until 40,000 are drawn.
MaskCheck check_masks(const MaskRequest& request);

}  // namespace chainrule::laboratory
