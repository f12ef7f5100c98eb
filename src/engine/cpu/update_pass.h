// After the barrier: gradients over the whole batch, clipping, the optimiser (docs/arithmetic.md, items 10 and 12 to
// 17).
#pragma once

#include "engine/cpu/engine_state.h"

namespace chainrule::engine::cpu {

/// Penalties, clipping and decay of weights or of vectors; the step's constants are still missing.
UpdateRule update_rule(const PackedNetwork& net, bool weights);

/// Writes gradients into their arena, item by item until none is left.
void store_gradients(EngineState& state, int member) noexcept;
/// Gradient and update of block after block, until none is left: nothing is stored.
void update_fused(EngineState& state, int member) noexcept;
/// Update from the stored gradients. Clips by norm, meeting the others at barriers, and returns the norm (0 when off).
double update_stored(EngineState& state, int member) noexcept;
/// After either update: max-norm (behind a barrier).
void limit_norms(EngineState& state, int member) noexcept;

}  // namespace chainrule::engine::cpu
