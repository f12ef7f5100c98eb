// Initial weights of every kind, each a pure function of seed, layer, unit and input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "chainrule/kinds.h"

namespace chainrule::math {

/// One weight tensor to be filled: [units, inputs], row-major.
struct WeightShape {
  std::size_t units = 0, inputs = 0;
};

/// `automatic` by activation: lecun_normal for selu, he_normal for relu, leaky_relu, prelu, elu, celu, gelu, silu,
/// mish, softplus;
/// glorot_uniform otherwise. Any other kind is returned as it is.
Initializer resolve_initializer(Initializer kind, Activation activation) noexcept;

/// Fills `weights` (units*inputs floats) from Purpose::initial_weights draws of (seed, layer): row = unit, element =
/// input.
/// `kind` is resolved. parameter: constant the value, normal the deviation, uniform the half width; 0 means 0.01.
/// Normal numbers reach +-5.42 deviations. Biases start at 0 and are not drawn.
/// data_dependent draws normal rows of deviation 1/sqrt(inputs); a training run then fits them to its first rows
/// (api/starting_parameters.h). A network in memory, which knows no rows yet, keeps the draws.
void fill_weights(std::span<float> weights, WeightShape shape, Initializer kind, double parameter, std::uint64_t seed,
                  std::uint32_t layer);

}  // namespace chainrule::math
