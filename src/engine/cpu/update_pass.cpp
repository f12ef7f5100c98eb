// The unit of work is a block of one weight panel: its gradient in L1, the optimiser on it, its transposed copy.
#include "engine/cpu/update_pass.h"

#include <cmath>
#include <iterator>

namespace chainrule::engine::cpu {
namespace {

std::size_t size_of(int n) { return static_cast<std::size_t>(n); }

/// Sum over the batch: compute(rows, out) per run of rows, runs added in a binary tree; `spare` holds `size` floats per
/// level.
template <class F>
void sum_runs(const EngineState& state, std::uint64_t first, std::uint64_t count, float* out, float* spare,
              std::size_t size, const F& compute) {
  if (count > 1) {
    sum_runs(state, first, count / 2, out, spare, size, compute);
    sum_runs(state, first + count / 2, count / 2, spare, spare + size, size, compute);
    state.kernels().add(out, spare, size);
    return;
  }
  const std::uint64_t rows = static_cast<std::uint64_t>(state.frame.rows), shards = state.net.training.shards;
  compute(Range{static_cast<int>(rows * first / shards), static_cast<int>(rows * (first + 1) / shards)}, out);
}

template <class F>
void sum_rows(const EngineState& state, int member, float* out, std::size_t size, const F& compute) {
  sum_runs(state, 0, state.net.training.shards, out,
           state.work.scratch[size_of(member)].block + size_of(kBlockDepth * kBlockColumns), size, compute);
}

constexpr int kSliceRows = 96;  // of inputs and output gradients that stay in cache while all panels of a block use them

/// A batch's inputs that do not stay in the second-level cache from block to block.
bool inputs_stream(const Layer& layer, int rows) { return size_of(rows) * layer.in.size() * sizeof(float) > std::size_t{1} << 19; }

/// The next slice of a panel of inputs, in pieces as large as a panel's gradient, which is how the kernel fetches.
void fetch_inputs(const BatchMatrix& x, int q, int row, std::size_t piece, GradientBlock& block) {
  if (q >= x.columns.panels()) return;
  const float *next = x.at(q, row), *end = next + size_of(kSliceRows * x.columns.width(q));
  for (; next < end && block.ahead_count < static_cast<int>(std::size(block.ahead)); next += piece) block.ahead[block.ahead_count++] = next;
}

/// Item 10 for some panels of a block, over some rows: panel i of the block goes to out + i * stride.
void add_up_rows(const EngineState& state, const WorkItem& item, Range rows, float* out, std::size_t stride, bool update_follows) {
  const PackedNetwork& net = state.net;
  const Layer& layer = net.layers[size_of(item.layer)];
  const BatchMatrix &x = state.work.operand_of(size_of(item.layer)), &dz = state.work.layers[size_of(item.layer)].dz_operand;
  const int slice = item.panels > 1 ? kSliceRows : std::max(rows.size(), 1);
  const bool fetches = update_follows && net.state_streams(layer);  // weights and optimiser state of the block, for the update
  const bool streams = inputs_stream(layer, rows.size());
  int row = rows.begin;
  do {
    const int row_end = rows.end - row < slice + slice / 2 ? rows.end : row + slice;
    for (int i = 0; i < item.panels; ++i) {
      const int p = item.panel + i, width = layer.out.width(p);
      GradientBlock block{x.data, x.stride, layer.in.padded(), dz.panel(p), width, layer.out.used(p), row, row_end, item.k.begin, item.k.end,
                          out + size_of(i) * stride, row > rows.begin, 0, {}};
      // As many panels of inputs as of outputs share a block: each of these fetches one of those.
      if (streams && row_end < rows.end)
        fetch_inputs(x, item.k.begin / layer.in.panel + i, row_end, size_of(item.k.size()) * size_of(width), block);
      if (fetches && row_end == state.frame.rows) {
        const std::size_t place = layer.weight_panel(p) + size_of(item.k.begin) * size_of(width);
        block.ahead[block.ahead_count++] = net.parameters() + place;
        for (int s = 0; s < net.states(); ++s) block.ahead[block.ahead_count++] = net.state(s) + place;
      }
      state.kernels().gradient(block);
    }
    row = row_end;
  } while (row < rows.end);
}

/// Item 10 for a block of weights: panel i of the block goes to g + i * stride.
void block_gradient(const EngineState& state, int member, const WorkItem& item, float* g, std::size_t stride, bool update_follows) {
  const std::size_t l = size_of(item.layer);
  const Layer& layer = state.net.layers[l];
  if (state.net.training.shards == 1) add_up_rows(state, item, {0, state.frame.rows}, g, stride, update_follows);
  for (int i = 0; i < item.panels; ++i) {
    const WorkItem single = item.of_panel(item.panel + i);
    const std::size_t width = size_of(layer.out.width(single.panel)), size = size_of(item.k.size()) * width;
    float* out = g + size_of(i) * stride;
    if (state.net.training.shards > 1) {
      sum_rows(state, member, out, size,
               [&](Range rows, float* to) { add_up_rows(state, single, rows, to, 0, update_follows); });
    }
    if (!state.masked(l)) continue;
    const float* mask = state.net.masks.data() + layer.weight_panel(single.panel) + size_of(item.k.begin) * width;
    state.kernels().multiply(out, out, mask, size);
  }
}

/// Chain down the rows of one panel.
void vector_gradient(const EngineState& state, int member, const BatchMatrix& a, const BatchMatrix* b, int p,
                     float* g) {
  const int width = a.columns.width(p);
  sum_rows(state, member, g, size_of(width), [&](Range rows, float* out) {
    state.kernels().column_chain({a.panel(p), b == nullptr ? nullptr : b->panel(p), out, width, rows.begin, rows.end});
  });
}

/// Calls f(offset of the panel in the arenas, real columns, width, gradient(float* out)) for each vector of the item.
template <class F>
void for_vectors(const EngineState& state, int member, const WorkItem& item, F f) {
  const int p = item.panel;
  const auto visit = [&](std::size_t place, const BatchMatrix& a, const BatchMatrix* b) {
    if (place == kAbsent) return;
    f(place + size_of(p * a.columns.panel), a.columns.used(p), a.columns.width(p),
      [&, b](float* g) { vector_gradient(state, member, a, b, p, g); });
  };
  if (item.layer < 0) {
    visit(state.net.input_scale, state.work.d_inputs, &state.work.before_scale);
    return;
  }
  const Layer& layer = state.net.layers[size_of(item.layer)];
  const LayerBatch& batch = state.work.layers[size_of(item.layer)];
  visit(layer.bias, batch.dz, nullptr);
  visit(layer.prelu, batch.da_mask, &batch.negative);
  visit(layer.norm_scale, batch.dn, &batch.xhat);
  visit(layer.norm_shift, batch.dn, nullptr);
}

UpdateRule rule_for(const EngineState& state, bool weights) {
  UpdateRule rule = update_rule(state.net, weights);
  rule.constants = &state.frame.update;
  rule.fades = state.net.denormals.fades();
  rule.looks = state.net.denormals.looks();
  return rule;
}

/// Items 13 to 15 and 17 on `size` elements at `place` of the arenas.
UpdateResult update_elements(EngineState& state, const UpdateRule& rule, std::size_t place, std::size_t size, int width,
                             int columns, const float* g, bool average) {
  PackedNetwork& net = state.net;
  UpdateBlock block{g, net.parameters() + place, {}, size, width, columns};
  for (int i = 0; i < net.states(); ++i) block.state[i] = net.state(i) + place;
  const UpdateResult result = state.kernels().update(rule, block);
  if (average)
    state.kernels().average(net.arena(Part::average) + place, block.w, state.frame.average_gain, size);
  return result;
}

/// The copies of a block's new weights that products read.
void copy_block(EngineState& state, const Layer& layer, const WorkItem& item) {
  const std::size_t width = size_of(layer.out.width(item.panel));
  state.net.round_weights(layer.weight_panel(item.panel) + size_of(item.k.begin) * width, size_of(item.k.size()) * width);
  if (item.layer == 0 && state.net.input_scale == kAbsent) return;  // nobody asks for the gradient at the inputs
  state.net.transpose(layer, item.panel, item.k, state.net.product_weights(), state.net.transposed.data());
}

/// One panel of a block.
UpdateResult update_panel(EngineState& state, const UpdateRule& rule, const WorkItem& item, const float* g) {
  const Layer& layer = state.net.layers[size_of(item.layer)];
  const int width = layer.out.width(item.panel);
  const bool limited = state.net.spec.loss.max_norm > 0;  // then limit_norms does the rest
  const UpdateResult result = update_elements(
      state, rule, layer.weight_panel(item.panel) + size_of(item.k.begin) * size_of(width),
      size_of(item.k.size()) * size_of(width), width, layer.out.used(item.panel), g, state.net.averages() && !limited);
  if (!limited) copy_block(state, layer, item);
  return result;
}

UpdateResult update_weights(EngineState& state, const UpdateRule& rule, const WorkItem& item, const float* g, std::size_t stride) {
  UpdateResult result;
  for (int i = 0; i < item.panels; ++i) result.join(update_panel(state, rule, item.of_panel(item.panel + i), g + size_of(i) * stride));
  return result;
}

/// Where the gradients of an item's first panel lie in their arena, and how far apart those of its panels are.
struct ArenaBlock {
  std::size_t place, stride;
};
ArenaBlock arena_block(const Layer& layer, const WorkItem& item) {
  return {layer.weight_panel(item.panel) + size_of(item.k.begin) * size_of(layer.out.width(item.panel)),
          size_of(layer.out.panel) * size_of(layer.in.count)};
}

void report(EngineState& state, int member, UpdateResult result) {
  state.flags[size_of(member)].update_fine = result.fine;
  state.flags[size_of(member)].slowed = result.slowed;
}

/// Running statistics are not updated here but averaged, and looked at.
bool finish_running_statistics(EngineState& state, const WorkItem& item) {
  if (item.layer < 0 || state.net.layers[size_of(item.layer)].mean == kAbsent) return true;
  const Layer& layer = state.net.layers[size_of(item.layer)];
  bool fine = true;
  for (std::size_t place : {layer.mean, layer.variance}) {
    const std::size_t at = place + size_of(item.panel * layer.out.panel);
    const float* values = state.net.parameters() + at;
    for (int i = 0; i < layer.out.used(item.panel); ++i) fine = fine && std::isfinite(values[i]);
    if (!state.net.averages()) continue;
    state.kernels().average(state.net.arena(Part::average) + at, values, state.frame.average_gain,
                            size_of(layer.out.width(item.panel)));
  }
  return fine;
}

/// Norms of one item's gradients by unit, into Workspace::norms.
void square_panel(EngineState& state, const PackedTensor& place, int p) {
  const bool weights = place.tensor.role == net::Role::weight;
  const std::size_t depth = place.tensor.columns, start = size_of(p * place.columns.panel);
  const std::size_t at = place.packed + start * depth;
  state.kernels().square_chain(rule_for(state, weights), state.net.arena(Part::gradients) + at,
                               weights ? state.net.parameters() + at : nullptr, depth, place.columns.width(p),
                               state.work.norms.data() + place.norms + start);
}

void square_gradients(EngineState& state, int member) {
  int turn = 0;
  for (const PackedTensor& place : state.net.tensors) {
    if (!place.tensor.info.trainable) continue;
    for (int p = 0; p < place.columns.panels(); ++p) {
      if (turn++ % state.members() == member) square_panel(state, place, p);
    }
  }
}

double gradient_norm(const EngineState& state) {
  double squares = 0;
  for (const PackedTensor& place : state.net.tensors) {
    if (!place.tensor.info.trainable) continue;
    double of_tensor = 0;
    for (std::size_t row = 0; row < place.tensor.rows; ++row) of_tensor += state.work.norms[place.norms + row];
    squares += of_tensor;
  }
  return std::sqrt(squares);
}

/// Item 16 for one panel of weights.
void limit_panel(EngineState& state, const WorkItem& item) {
  const Layer& layer = state.net.layers[size_of(item.layer)];
  const int width = layer.out.width(item.panel), depth = layer.in.count;
  float* w = state.net.parameters() + layer.weight_panel(item.panel);
  const double limit = state.net.spec.loss.max_norm;
  double squares[64];
  UpdateRule rule{};
  state.kernels().square_chain(rule, w, nullptr, size_of(depth), width, squares);
  alignas(64) float factors[64];
  bool any = false;
  for (int j = 0; j < width; ++j) {
    const double length = std::sqrt(squares[j]);
    factors[j] = length > limit ? static_cast<float>(limit / length) : 1.0f;
    any = any || length > limit;
  }
  for (int k = 0; any && k < depth; ++k) {
    float* row = w + size_of(k) * size_of(width);
    state.kernels().multiply(row, row, factors, size_of(width));
  }
  if (state.net.averages()) {
    state.kernels().average(state.net.arena(Part::average) + layer.weight_panel(item.panel), w,
                            state.frame.average_gain, size_of(depth) * size_of(width));
  }
  copy_block(state, layer, item);
}

}  // namespace

UpdateRule update_rule(const PackedNetwork& net, bool weights) {
  const TrainingSpec& training = net.training;
  const LossSpec& loss = net.spec.loss;
  UpdateRule rule{};
  rule.shape = math::update_shape(training.optimizer);
  rule.decays = weights || training.optimizer.decay_all;
  rule.l1 = weights ? loss.l1 : 0;
  rule.l2 = weights ? loss.l2 : 0;
  rule.clip_value = training.clip_value;
  return rule;
}

void store_gradients(EngineState& state, int member) noexcept {
  float* arena = state.net.arena(Part::gradients);
  state.gradient_work.take(member, [&](int owner, int i) {
    const WorkItem& item = state.items[size_of(owner)][size_of(i)];
    if (item.vectors) {
      for_vectors(state, member, item, [&](std::size_t place, int, int, auto gradient) { gradient(arena + place); });
    } else {
      const ArenaBlock block = arena_block(state.net.layers[size_of(item.layer)], item);
      block_gradient(state, member, item, arena + block.place, block.stride, false);
    }
  });
}

void update_fused(EngineState& state, int member) noexcept {
  const UpdateRule for_weights = rule_for(state, true), for_others = rule_for(state, false);
  float* g = state.work.scratch[size_of(member)].block;
  UpdateResult result;
  state.update_work.take(member, [&](int owner, int i) {
    const WorkItem& item = state.items[size_of(owner)][size_of(i)];
    if (!item.vectors) {
      const std::size_t stride = size_of(kBlockDepth) * size_of(state.net.inputs.panel);
      block_gradient(state, member, item, g, stride, true);
      result.join(update_weights(state, for_weights, item, g, stride));
      return;
    }
    for_vectors(state, member, item, [&](std::size_t place, int columns, int width, auto gradient) {
      gradient(g);
      result.join(update_elements(state, for_others, place, size_of(width), width, columns, g, state.net.averages()));
    });
    result.fine = finish_running_statistics(state, item) && result.fine;
  });
  report(state, member, result);
}

double update_stored(EngineState& state, int member) noexcept {
  UpdateRule for_weights = rule_for(state, true), for_others = rule_for(state, false);
  double norm = 0;
  if (state.net.training.clip_norm > 0) {
    square_gradients(state, member);
    state.team.barrier();
    norm = gradient_norm(state);
    const bool scaled = norm > state.net.training.clip_norm;
    for (UpdateRule* rule : {&for_weights, &for_others}) {
      rule->scaled = scaled;
      rule->scale = scaled ? static_cast<float>(state.net.training.clip_norm / norm) : 1.0f;
    }
  }
  const float* arena = state.net.arena(Part::gradients);
  UpdateResult result;
  state.update_work.take(member, [&](int owner, int i) {
    const WorkItem& item = state.items[size_of(owner)][size_of(i)];
    if (!item.vectors) {
      const ArenaBlock block = arena_block(state.net.layers[size_of(item.layer)], item);
      result.join(update_weights(state, for_weights, item, arena + block.place, block.stride));
      return;
    }
    for_vectors(state, member, item, [&](std::size_t place, int columns, int width, auto) {
      result.join(update_elements(state, for_others, place, size_of(width), width, columns, arena + place, state.net.averages()));
    });
    result.fine = finish_running_statistics(state, item) && result.fine;
  });
  report(state, member, result);
  return norm;
}

void limit_norms(EngineState& state, int member) noexcept {
  if (!(state.net.spec.loss.max_norm > 0)) return;
  state.team.barrier();
  for (std::size_t i = size_of(member); i < state.panels.size(); i += size_of(state.members())) limit_panel(state, state.panels[i]);
}

}  // namespace chainrule::engine::cpu
