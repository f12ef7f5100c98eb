// One tile of rows on its way through the network, layer by layer, columns by columns.
#pragma once

#include "engine/cpu/engine_state.h"

namespace chainrule::engine::cpu {

/// What one call of predict() asks for.
struct PredictionCall {
  EngineState* state;
  const float* x;  ///< row-major [rows, inputs]
  std::size_t rows;
  const float* parameters;
  const float* weights;  ///< as products read them
  float* outputs;        ///< row-major [rows, outputs]
  bool skips;            ///< one row leaves out what is multiplied by 0
  std::size_t tiles_each = 0;  ///< of a member
};

/// What activations, or DropConnect's weights, are multiplied by when nothing is dropped.
float predict_scale(const EngineState& state, const DropoutSpec& dropout);

/// A tile of `rows` rows in `memory`. One row alone lies plainly, panel after panel.
BatchMatrix tile_matrix(float* memory, const Columns& columns, int rows);

/// The inputs of rows [first, first + rows) as the first layer sees them.
void read_tile(const PredictionCall& call, std::size_t first, int rows, const BatchMatrix& to);
/// The last layer's outputs into those rows of the call's outputs.
void write_tile(const PredictionCall& call, std::size_t first, int rows, const BatchMatrix& from);

/// Some panels of a layer's outputs; layer norm needs all of them. `own` lends memory.
void predict_layer(const PredictionCall& call, const Layer& layer, const BatchMatrix& in, const BatchMatrix& out, Range panels, int rows,
                   const Scratch& own, bool skips);

}  // namespace chainrule::engine::cpu
