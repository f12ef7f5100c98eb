// Every optimiser's update of one element, in one place, for scalars and vectors alike.
#pragma once

#include <cstddef>
#include <cstdint>

#include "chainrule/network_spec.h"

namespace chainrule::math {

/// The constants of one step, computed in double from the spec, the step number and the scheduled rates; engines round to their type.
/// Meanings of a..h per optimiser are stated beside its update function.
struct UpdateConstants {
  double learning_rate = 0;
  double weight_decay = 0;
  double a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
};

/// t counts from 1.
UpdateConstants update_constants(const OptimizerSpec& spec, std::uint64_t t, double learning_rate, double weight_decay);

/// How many state vectors (0 to 4) the optimiser keeps per parameter, and what each starts at.
std::size_t state_count(const OptimizerSpec& spec) noexcept;
double state_start(const OptimizerSpec& spec, std::size_t state) noexcept;
/// "m", "v", ... for files and for people.
const char* state_name(const OptimizerSpec& spec, std::size_t state) noexcept;

}  // namespace chainrule::math
