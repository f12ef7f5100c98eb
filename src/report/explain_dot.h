// The network as a Graphviz graph: inputs and units as nodes, the most blamed weights as edges, thicker for more blame.
#pragma once

#include <string>

#include "chainrule/explanation.h"

namespace chainrule::report {

/// Reads `explanation.edges`; units without such an edge are counted in one node per layer.
std::string explanation_dot(const Explanation& explanation);

}  // namespace chainrule::report
