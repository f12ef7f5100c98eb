// One weight of a network: its name for people, its place in the parameter vector, and what one row adds to its gradient.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chainrule/explanation.h"
#include "explain/loss_surface.h"

namespace chainrule::explain {

/// tensor points into the layout it was found in. unit and input: row and column of a weight matrix; vectors have input 0.
struct WeightPlace {
  const net::Tensor* tensor = nullptr;
  std::size_t at = 0, unit = 0, input = 0;
};

WeightPlace place_at(const net::ParameterLayout& layout, std::size_t at);
/// "layers.1.weight[3,17]" for matrices, "layers.1.bias[3]" for vectors.
std::string weight_name(const net::ParameterLayout& layout, std::size_t at);
/// The place behind such a name; throws Error E0111 with the nearest tensor or the sizes there are. Running statistics have no gradient
/// and are refused too.
WeightPlace find_weight(const net::ParameterLayout& layout, std::string_view name);

/// Row r's part of dL/dw after backward(), as factors: dL/da * da/dn * dn/dz * dz/dw. A norm over the units of a row, or over the rows of a
/// training batch, mixes them, so there dL/dz is one factor.
std::vector<ChainFactor> gradient_factors(Network& network, const WeightPlace& place, std::size_t r);
/// The same as one number: all rows' parts add up to the gradient.
double row_gradient(Network& network, const WeightPlace& place, std::size_t r);

}  // namespace chainrule::explain
