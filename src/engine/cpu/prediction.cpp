// Prediction: members take whole tiles of rows, or of few rows some columns of every wide layer.
#include "engine/cpu/prediction.h"

#include <algorithm>

#include "engine/cpu/prediction_tile.h"

namespace chainrule::engine::cpu {
namespace {

/// Runs of rows that one member takes, or `divided`: rows that all members take together, some columns of each wide layer.
void predict_tile(const PredictionCall& call, int member, std::size_t first, int rows, bool skips, const PredictionTeam* divided) {
  EngineState& state = *call.state;
  const Scratch& own = state.work.scratch[static_cast<std::size_t>(member)];
  BatchMatrix in = tile_matrix(own.prediction[0], state.net.inputs, rows);
  read_tile(call, first, rows, in);
  int turn = 1, shared_turn = 0;
  for (const Layer& layer : state.net.layers) {
    if (divided != nullptr && divided->divides(layer, static_cast<std::size_t>(rows))) {
      const BatchMatrix out = tile_matrix(state.work.shared_tiles[shared_turn], layer.out, rows);
      predict_layer(call, layer, in, out, Range::share(layer.out.panels(), member, state.team.size()), rows, own, skips);
      state.team.barrier();
      shared_turn = 1 - shared_turn;  // who is ahead must not write over what others still read
      in = out;
    } else {
      if (divided != nullptr && member > 0 && &layer == &state.net.layers.back()) return;
      const BatchMatrix out = tile_matrix(own.prediction[turn], layer.out, rows);
      predict_layer(call, layer, in, out, {0, layer.out.panels()}, rows, own, skips);
      turn = 1 - turn;
      in = out;
    }
  }
  if (divided == nullptr || member == 0) write_tile(call, first, rows, in);
}

/// A term left out may only change the sign of a zero, so an output of exactly 0 is computed again with all terms.
bool is_doubtful(const PredictionCall& call, std::size_t row) {
  const std::size_t count = call.state->net.spec.outputs();
  const float* outputs = call.outputs + row * count;
  return std::find(outputs, outputs + count, 0.0f) != outputs + count;
}

/// One of `tiles` runs of rows of nearly equal size, by one member.
void predict_part(const PredictionCall& call, int member, std::size_t tile, std::size_t tiles) {
  const std::size_t first = call.rows * tile / tiles;
  const int rows = static_cast<int>(call.rows * (tile + 1) / tiles - first);
  if (rows == 0) return;
  const bool skips = call.skips && rows == 1;
  predict_tile(call, member, first, rows, skips, nullptr);
  if (skips && is_doubtful(call, first)) predict_tile(call, member, first, 1, false, nullptr);
}

/// All rows by all members.
void predict_columns(const PredictionCall& call, const PredictionTeam& divided, bool skips) {
  struct Context {
    const PredictionCall& call;
    const PredictionTeam& divided;
    bool skips;
  } context{call, divided, skips};
  call.state->team.run(
      [](void* given, int member) {
        const Context& shared = *static_cast<const Context*>(given);
        predict_tile(shared.call, member, 0, static_cast<int>(shared.call.rows), shared.skips, &shared.divided);
      },
      &context);
}

void predict_few(const PredictionCall& call, PredictionTeam& team, bool by_team) {
  if (!by_team) return predict_part(call, 0, 0, 1);
  const bool skips = call.skips && call.rows == 1;
  predict_columns(call, team, skips);
  if (skips && is_doubtful(call, 0)) predict_columns(call, team, false);
}

/// As many tiles for each member; who is done first takes those of others, and who is alone all.
void predict_many(PredictionCall& call, bool by_team) {
  EngineState& state = *call.state;
  const std::size_t team = static_cast<std::size_t>(state.team.size()), most = team * kPredictionRows;
  call.tiles_each = (call.rows + most - 1) / most;
  for (int member = 0; member < state.team.size(); ++member) state.prediction_work.fill(member, static_cast<int>(call.tiles_each));
  const auto take_tiles = [](void* context, int member) {
    const PredictionCall& shared = *static_cast<const PredictionCall*>(context);
    shared.state->prediction_work.take(member, [&](int owner, int i) {
      const std::size_t tile = static_cast<std::size_t>(owner) * shared.tiles_each + static_cast<std::size_t>(i);
      predict_part(shared, member, tile, static_cast<std::size_t>(shared.state->team.size()) * shared.tiles_each);
    });
  };
  by_team ? state.team.run(take_tiles, &call) : state.team.run_alone(take_tiles, &call);
}

/// Zeros among the inputs may be left out where weights are finite; a relu at the output would make every such row be
/// computed twice.
bool may_skip(const PackedNetwork& net, bool average) {
  return net.finite && !average && net.layers.back().activation != Activation::relu;
}

/// DropConnect predicts with W * p.
void scale_weights(EngineState& state, const float* parameters) {
  for (const Layer& layer : state.net.layers) {
    if (!layer.drops_weights) continue;
    state.kernels().scale(state.net.masked.data() + layer.weight, parameters + layer.weight,
                          predict_scale(state, layer.dropout), layer.out.size() * static_cast<std::size_t>(layer.in.count));
    if (!state.net.rounds()) continue;
    float* masked = state.net.masked.data() + layer.weight;
    state.kernels().round_bf16(masked, masked, layer.out.size() * static_cast<std::size_t>(layer.in.count));
  }
}

/// bf16: rounds the running mean of the weights where it has changed.
const float* rounded_average(EngineState& state) {
  for (const Layer& layer : state.net.layers) {
    if (!state.average_changed) break;
    state.kernels().round_bf16(state.net.rounded_average.data() + layer.weight, state.net.arena(Part::average) + layer.weight,
                               layer.out.size() * static_cast<std::size_t>(layer.in.count));
  }
  state.average_changed = false;
  return state.net.rounded_average.data();
}

}  // namespace

void predict(EngineState& state, PredictionTeam& team, const float* x, std::size_t rows, bool average, float* outputs) noexcept {
  average = average && state.net.averages();
  PredictionCall call{&state, x, rows, state.net.parameters(), state.net.product_weights(), outputs, !state.net.rounds() && may_skip(state.net, average)};
  if (average) {
    call.parameters = state.net.arena(Part::average);
    call.weights = state.net.rounds() ? rounded_average(state) : call.parameters;
  }
  if (state.net.drops_weights) scale_weights(state, call.parameters);
  if (rows == 1) state.row_weights.prepare(call.weights);
  const bool by_team = team.begin(rows);
  rows <= kFewRows ? predict_few(call, team, by_team) : predict_many(call, by_team);
  team.end(rows);
}

}  // namespace chainrule::engine::cpu
