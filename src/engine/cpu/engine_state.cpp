// Builds the state of a plan, divides the work among the members, and prepares each call.
#include "engine/cpu/engine_state.h"

#include "math/losses.h"

namespace chainrule::engine::cpu {
namespace {

/// Fused multiply-adds per row that a panel's vectors cost about as much as.
constexpr double kVectorCost = 8;
constexpr int kFinest = 16;  // inputs; small enough to share a tiny net among many threads, divides every panel

double cost(const PackedNetwork& net, const WorkItem& item) {
  if (item.layer < 0) return net.inputs.width(item.panel) * kVectorCost;
  double width = 0;
  for (int p = item.panel; p < item.panel + item.panels; ++p)
    width += net.layers[static_cast<std::size_t>(item.layer)].out.width(p);
  return item.vectors ? width * kVectorCost : width * item.k.size();
}

/// Panels that share a block, so that its inputs are read once for all of them. Only where enough blocks remain for the team.
int panels_of_block(const Layer& layer) {
  const int most = std::max(1, kBlockColumns / layer.out.panel);
  return layer.out.panels() < 4 * most ? 1 : most;
}

/// The finest division: some inputs of one output panel. Last layer first: its inputs are still in cache.
std::vector<WorkItem> all_items(const PackedNetwork& net) {
  std::vector<WorkItem> items;
  for (int l = static_cast<int>(net.layers.size()) - 1; l >= 0; --l) {
    const Layer& layer = net.layers[static_cast<std::size_t>(l)];
    const int most = panels_of_block(layer);
    for (int p = 0, end; p < layer.out.panels(); p = end) {
      end = std::min(p + most, layer.out.panels());
      if (end - p > 1 && layer.out.width(end - 1) != layer.out.width(p)) --end;  // a narrower last panel stays alone
      for (int k = 0; k < layer.in.count; k += kFinest)
        items.push_back({l, p, false, {k, std::min(k + kFinest, layer.in.count)}, end - p});
      for (int v = p; v < end; ++v) items.push_back({l, v, true, {}});
    }
  }
  for (int p = 0; net.input_scale != kAbsent && p < net.inputs.panels(); ++p) items.push_back({-1, p, true, {}});
  return items;
}

bool continues(const WorkItem& before, const WorkItem& item) {
  return !before.vectors && !item.vectors && before.layer == item.layer && before.panel == item.panel &&
         before.k.end == item.k.begin;
}

/// Gives each member a run of neighbouring items of equal cost; neighbours within a panel are joined up to `most`
/// inputs.
std::vector<std::vector<WorkItem>> divide(const PackedNetwork& net, const std::vector<WorkItem>& items, int members,
                                          int most) {
  double total = 0, done = 0;
  for (const WorkItem& item : items) total += cost(net, item);
  std::vector<std::vector<WorkItem>> shares(static_cast<std::size_t>(members));
  for (const WorkItem& item : items) {
    const double middle = done + cost(net, item) / 2;
    done += cost(net, item);
    const int member = std::min(members - 1, static_cast<int>(middle / total * members));
    std::vector<WorkItem>& share = shares[static_cast<std::size_t>(member)];
    if (!share.empty() && continues(share.back(), item) && item.k.end - share.back().k.begin <= most) {
      share.back().k.end = item.k.end;
    } else {
      share.push_back(item);
    }
  }
  return shares;
}

std::vector<WorkItem> whole_panels(const PackedNetwork& net) {
  std::vector<WorkItem> items;
  for (std::size_t l = 0; l < net.layers.size(); ++l) {
    for (int p = 0; p < net.layers[l].out.panels(); ++p)
      items.push_back({static_cast<int>(l), p, false, {0, net.layers[l].in.count}});
  }
  return items;
}

DropoutNow dropout_now(const DropoutSpec& spec, Mode mode, double factor) noexcept {
  DropoutNow now;
  const double rate = spec.rate * factor;
  now.constants = math::dropout_constants(spec.kind, rate);
  if (!(rate > 0)) return now;
  now.masks = mode != Mode::predict;
  now.scaled = mode == Mode::predict;
  return now;
}

}  // namespace

EngineState::EngineState(const NetworkSpec& spec, const TrainingSpec& training, const KernelTable& kernels, int threads,
                         std::size_t max_batch)
    : net(spec, training, kernels),
      team(threads),
      work(net, max_batch, team.size()),
      gradient_work(team.size()),
      update_work(team.size()),
      prediction_work(team.size()),
      row_weights(net) {
  frame.dropout.resize(net.layers.size());
  items = divide(net, all_items(net), team.size(), kBlockDepth);
  panels = whole_panels(net);
  flags.resize(static_cast<std::size_t>(team.size()));
}

void EngineState::reset_work() noexcept {
  for (int member = 0; member < team.size(); ++member) {
    for (SharedWork* queue : {&gradient_work, &update_work}) queue->fill(member, static_cast<int>(items[static_cast<std::size_t>(member)].size()));
  }
}

DrawRow EngineState::draws(Purpose purpose, std::size_t layer, std::uint32_t row) const {
  const std::uint64_t seed = net.training.seed;
  return {{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
          row,
          static_cast<std::uint32_t>(frame.step),
          static_cast<std::uint32_t>(purpose) << 24 | (static_cast<std::uint32_t>(layer) & 0xffffffu)};
}

void EngineState::round_rows(const BatchMatrix& from, const BatchMatrix& to, Range rows) const {
  if (!net.rounds()) return;
  for (int p = 0; p < from.columns.panels(); ++p) {
    const std::size_t size = static_cast<std::size_t>(rows.size()) * static_cast<std::size_t>(from.columns.width(p));
    net.kernels.round_bf16(to.at(p, rows.begin), from.at(p, rows.begin), size);
  }
}

const float* EngineState::weights(std::size_t l) const {
  return masked(l) ? net.masked.data() : net.product_weights();
}

const float* EngineState::transposed(std::size_t l) const {
  return masked(l) ? net.masked_transposed.data() : net.transposed.data();
}

void prepare_frame(EngineState& state, const Samples& samples, std::span<const std::uint32_t> rows, Mode mode,
                   const StepControl& control) noexcept {
  Frame& frame = state.frame;
  Workspace& work = state.work;
  frame.samples = samples;
  frame.rows = static_cast<int>(rows.size());
  frame.mode = mode;
  frame.step = control.step;
  frame.set_update(control, state.net.training.ema);
  frame.running_share = control.running_share;
  frame.input_noise = mode == Mode::train && state.net.spec.input_noise > 0;
  frame.input_dropout = dropout_now(state.net.spec.input_dropout, mode, control.dropout_factor);
  frame.weights_masked = false;
  for (std::size_t l = 0; l < frame.dropout.size(); ++l) {
    frame.dropout[l] = dropout_now(state.net.layers[l].dropout, mode, control.dropout_factor);
    frame.weights_masked = frame.weights_masked || state.masked(l);
  }
  const double count = static_cast<double>(rows.size());
  frame.mass = samples.weights == nullptr ? math::RowMass{count, count} : math::RowMass{};
  frame.weights = samples.weights == nullptr ? nullptr : work.row_weight.data();
  for (std::size_t r = 0; r < rows.size(); ++r) {
    work.rows[r] = rows[r];
    work.ids[r] = samples.ids == nullptr ? rows[r] : samples.ids[rows[r]];
    if (samples.weights == nullptr) continue;
    work.row_weight[r] = samples.weights[rows[r]];
    frame.mass.add(static_cast<double>(work.row_weight[r]));
  }
  const Loss kind = state.net.spec.loss.kind;
  const double targets =
      kind == Loss::cross_entropy ? 1.0 : static_cast<double>(math::target_count(kind, state.net.spec.outputs()));
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const double weight = frame.weights == nullptr ? 1.0 : static_cast<double>(frame.weights[r]);
    work.row_scale[r] = frame.mass.weight > 0 ? static_cast<float>(weight / (count * targets)) : 0.0f;
  }
  frame.moving_statistics = mode == Mode::train && frame.mass.weight > 0;
  for (MemberFlags& flag : state.flags) flag = {};
}

}  // namespace chainrule::engine::cpu
