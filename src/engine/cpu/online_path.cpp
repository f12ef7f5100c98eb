// Decides which networks may learn row by row and hands the kernel its pointers.
#include "engine/cpu/online_path.h"

#include "engine/cpu/update_pass.h"
#include "math/losses.h"

namespace chainrule::engine::cpu {
namespace {

/// Beyond this many weights more threads are worth their barriers.
constexpr std::size_t kMostWeights = std::size_t{1} << 17;

bool layer_suits(const Layer& layer) {
  return layer.norm == Norm::none && !layer.residual && !layer.drops_units && !layer.drops_weights &&
         layer.prelu == kAbsent;
}

bool network_suits(const PackedNetwork& net, int members) {
  std::size_t weights = 0;
  for (const Layer& layer : net.layers) {
    if (!layer_suits(layer)) return false;
    weights += layer.in.size() * layer.out.size();
  }
  const NetworkSpec& spec = net.spec;
  return (members == 1 || weights <= kMostWeights) && net.input_scale == kAbsent && !(spec.input_noise > 0) &&
         !(spec.input_dropout.rate > 0) && !(net.training.clip_norm > 0) && !(spec.loss.max_norm > 0) &&
         !net.averages() && net.training.shards == 1 && !net.rounds();
}

}  // namespace

OnlinePath::OnlinePath(PackedNetwork& net, int members) : net_(net), suits_(network_suits(net, members)) {
  if (!suits_) return;
  weight_rule_ = update_rule(net, true);
  bias_rule_ = update_rule(net, false);
  plain_ = weight_rule_.shape == math::UpdateShape{Optimizer::sgd} && weight_rule_.l1 == 0 && weight_rule_.l2 == 0 &&
           weight_rule_.clip_value == 0;
  std::size_t widest = 0;
  for (const Layer& layer : net.layers) {
    widest = std::max(widest, layer.out.size());
    add_layer(layer);
  }
  active_ = words(net.inputs.size());
  const std::size_t panel = static_cast<std::size_t>(net.inputs.panel);
  block_ = floats(panel * panel);
  bias_gradient_ = floats(widest);
  prepare_loss();
}

void OnlinePath::add_layer(const Layer& from) {
  OnlineLayer layer{};
  layer.activation = from.activation;
  layer.parameter = from.parameter;
  layer.inputs = from.in.count;
  layer.outputs = from.out.count;
  layer.weights = net_.parameters() + from.weight;
  layer.bias = from.bias == kAbsent ? nullptr : net_.parameters() + from.bias;
  layer.transposed = layers_.empty() ? nullptr : net_.transposed.data() + from.transposed;
  for (int i = 0; i < net_.states(); ++i) {
    float* arena = net_.arena(static_cast<Part>(static_cast<int>(Part::state0) + i));
    layer.weight_state[i] = arena + from.weight;
    layer.bias_state[i] = from.bias == kAbsent ? nullptr : arena + from.bias;
  }
  for (float** vector : {&layer.a, &layer.slope, &layer.d}) *vector = floats(from.out.size());
  layer.active = words(from.out.size());
  for (std::size_t j = 0; j < static_cast<std::size_t>(from.out.count); ++j)
    layer.active[j / 64] |= std::uint64_t{1} << (j % 64);
  layers_.push_back(layer);
}

void OnlinePath::prepare_loss() {
  const LossSpec& spec = net_.spec.loss;
  const std::size_t outputs = net_.spec.outputs();
  const bool by_row = spec.kind == Loss::cross_entropy;
  row_scale_ = static_cast<float>(1 / (by_row ? 1.0 : static_cast<double>(math::target_count(spec.kind, outputs))));
  loss_.kind = spec.kind;
  loss_.parameter =
      static_cast<float>(spec.parameter != 0 ? spec.parameter : math::default_loss_parameter(spec.kind));
  loss_.smoothing = spec.label_smoothing;
  loss_.outputs = layers_.back().a;
  loss_.gradient = layers_.back().d;
  loss_.stride = static_cast<std::size_t>(net_.inputs.panel);
  loss_.columns = static_cast<int>(outputs);
  loss_.row_scale = &row_scale_;
  loss_.scratch = floats(3 * outputs * static_cast<std::size_t>(net_.kernels.lanes));
  loss_.row_end = 1;
}

/// Where a product is not finite, what was left out matters; the kernel keeps up the weights then, not their transpose.
void OnlinePath::transpose_again() noexcept {
  for (const Layer& layer : net_.layers) net_.transpose(layer, net_.parameters(), net_.transposed.data());
}

StepResult OnlinePath::step(const Samples& samples, std::uint32_t row, const math::UpdateConstants& update) noexcept {
  weight_rule_.constants = bias_rule_.constants = &update;
  weight_rule_.fades = bias_rule_.fades = net_.denormals.fades();
  weight_rule_.looks = bias_rule_.looks = net_.denormals.looks();
  float value = 0;
  loss_.y = samples.y, loss_.labels = samples.labels, loss_.targets = samples.targets;
  loss_.rows = &row, loss_.row_loss = &value;
  const bool decays = static_cast<float>(update.coupled_decay) != 0 || static_cast<float>(update.keep) != 1;
  const OnlineResult done = net_.kernels.online_step(
      {layers_.data(), static_cast<int>(layers_.size()), samples.x + row * net_.spec.inputs, active_, &loss_, net_.finite,
       plain_ && net_.finite && !decays, -static_cast<float>(update.rate), &weight_rule_, &bias_rule_, net_.states(),
       block_, bias_gradient_});
  net_.finite = done.loss_fine && done.update_fine;
  if (done.loss_fine && !done.update_fine) transpose_again();
  net_.denormals_seen(done.slowed);
  StepResult result;
  result.loss = 0.0 + static_cast<double>(value);
  result.finite = net_.finite;
  result.updated = done.loss_fine;
  return result;
}

}  // namespace chainrule::engine::cpu
