// Prediction: tiles of rows through the network, keeping nothing.
#pragma once

#include "engine/cpu/engine_state.h"
#include "engine/cpu/prediction_team.h"

namespace chainrule::engine::cpu {

/// Row-major x [rows, inputs] to outputs [rows, outputs]; with the averaged weights when asked for and kept. Allocates
/// nothing.
void predict(EngineState& state, PredictionTeam& team, const float* x, std::size_t rows, bool average, float* outputs) noexcept;

}  // namespace chainrule::engine::cpu
