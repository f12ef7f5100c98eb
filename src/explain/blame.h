// Which weights, units, layers or input columns are most to blame for a loss, and what a small nudge of each really does.
#pragma once

#include <string>
#include <vector>

#include "explain/weight_place.h"

namespace chainrule::explain {

/// The inputs that one column of the table became.
struct InputGroup { std::string name; std::size_t first = 0, count = 0; };

/// Change of the loss when parameter `at` moves by `nudge`: run, not derived. `loss` is the loss before.
double measured_change(LossSurface& surface, double loss, std::size_t at, double nudge);

/// The `top` largest of the gradient's trainable elements; equal ones by position. weights_only: elements of weight matrices.
std::vector<std::size_t> largest_gradients(const net::ParameterLayout& layout, const std::vector<double>& gradients, std::size_t top,
                                           bool weights_only = false);

struct Blame { std::vector<BlameEntry> entries; double norm = 0; };

/// After surface.backward(): single weights, or all of a unit or layer together. A group moves along its own gradient, downhill.
Blame blame_weights(LossSurface& surface, double loss, std::size_t top);
Blame blame_units(LossSurface& surface, double loss, std::size_t top);
Blame blame_layers(LossSurface& surface, double loss, std::size_t top);
/// Runs backward() itself: the columns of the table, all their rows' values moving along dL/dx (scaled feature space).
Blame blame_columns(LossSurface& surface, const std::vector<InputGroup>& columns, std::size_t top);

/// The nudge of one parameter from 0.1 * max(1, |w|), halved `count - 1` times.
std::vector<NudgePoint> nudge_ladder(LossSurface& surface, double loss, std::size_t at, double gradient, std::size_t count);

}  // namespace chainrule::explain
