// Forward: rows from the samples to the outputs, and the loss (docs/arithmetic.md, items 1 to 7).
#pragma once

#include "engine/cpu/engine_state.h"

namespace chainrule::engine::cpu {

/// Makes this call's DropConnect weights. Ends with a barrier when there are any.
void mask_weights(EngineState& state, int member) noexcept;
/// Runs rows through all layers. With batch norm members meet at barriers: each must bring its own rows, once.
void forward_rows(EngineState& state, int member, Range rows) noexcept;
/// Losses and output gradients of the rows; clears the member's flag when something is not finite.
void loss_rows(EngineState& state, int member, Range rows) noexcept;
/// The sum of weight times loss over the rows, divided by their number; serial.
double batch_loss(const EngineState& state) noexcept;

}  // namespace chainrule::engine::cpu
