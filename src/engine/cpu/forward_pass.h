// Forward: a member's rows from the samples to the outputs, and the loss (docs/arithmetic.md, items 1 to 7).
#pragma once

#include "engine/cpu/engine_state.h"

namespace chainrule::engine::cpu {

/// Makes this call's DropConnect weights. Ends with a barrier when there are any.
void mask_weights(EngineState& state, int member) noexcept;
/// Runs the member's rows through all layers. Meets the others at barriers when there is batch norm.
void forward_rows(EngineState& state, int member) noexcept;
/// Losses and output gradients of the member's rows; clears its flag when something is not finite.
void loss_rows(EngineState& state, int member) noexcept;
/// The weighted mean of the row losses; serial.
double batch_loss(const EngineState& state) noexcept;

}  // namespace chainrule::engine::cpu
