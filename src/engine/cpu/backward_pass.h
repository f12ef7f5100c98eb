// Backward: rows from the output gradient to the inputs (docs/arithmetic.md, items 8, 9 and 11).
#pragma once

#include "engine/cpu/engine_state.h"

namespace chainrule::engine::cpu {

/// Fills dn and dz of all layers; with to_inputs also d_inputs (times the input dropout's m). Barriers only for batch
/// norm.
void backward_rows(EngineState& state, int member, Range rows, bool to_inputs) noexcept;

}  // namespace chainrule::engine::cpu
