// L36: the gradient flows from output to input: a cut between two layers silences everything before it and nothing behind it.
#include <algorithm>
#include <cmath>

#include "lesson/probe.h"
#include "lesson/text.h"

namespace chainrule::lesson::l36 {
namespace {

/// Which layers something reaches when the weights of layer `cut` are zero (all.size(): no cut).
using Reached = std::vector<bool>;

std::vector<float> with_cut(const Probe& probe, std::size_t cut) {
  std::vector<float> parameters = probe.parameters();
  if (const net::Tensor* weight = probe.layout().find(net::Role::weight, cut)) {
    std::fill_n(parameters.begin() + static_cast<std::ptrdiff_t>(weight->info.offset), weight->info.size, 0.0f);
  }
  return parameters;
}

/// Backward: whose weights (or biases) still get a gradient from the shipped engine. The cut layer's own are judged by its bias, for its
/// weights are what was taken away.
Reached gradients_reach(Probe& probe, std::size_t cut) {
  probe.run().set_parameters(with_cut(probe, cut));
  const std::vector<float> gradient = probe.run().gradients(probe.rows());
  probe.run().set_parameters(probe.parameters());
  Reached reached;
  for (std::size_t l = 0; l < probe.network().layers.size(); ++l) {
    bool any = false;
    for (const net::Tensor& tensor : probe.layout().tensors) {
      if (tensor.layer != l || (l == cut && tensor.role != net::Role::bias)) continue;
      for (std::size_t i = 0; i < tensor.info.size; ++i) any = any || gradient[tensor.info.offset + i] != 0;
    }
    reached.push_back(any);
  }
  return reached;
}

/// Forward: whose sums still change when the inputs change.
Reached inputs_reach(Probe& probe, std::size_t cut) {
  auto network = exact_network(probe.network(), probe.subject().training, with_cut(probe, cut));
  reference::Batch<double> batch = probe.batch();
  network.forward(batch, engine::Mode::predict, probe.control());
  std::vector<std::vector<double>> before;
  for (const auto& layer : network.layers()) before.push_back(layer.z.values);
  for (double& x : batch.x.values) x += 0.125;
  network.forward(batch, engine::Mode::predict, probe.control());
  Reached reached;
  for (std::size_t l = 0; l < before.size(); ++l) reached.push_back(network.layers()[l].z.values != before[l]);
  return reached;
}

std::string signs(const Reached& reached) {
  std::string text;
  for (const bool r : reached) text += std::string(text.empty() ? "" : " ") + (r ? "+" : ".");
  return text;
}

/// How many layers are not as expected: backward, those before the cut are silent; forward, those from the cut on.
std::size_t unexpected(const Reached& reached, std::size_t cut, bool backward) {
  std::size_t wrong = 0;
  for (std::size_t l = 0; l < reached.size(); ++l) wrong += reached[l] != (cut >= reached.size() || (backward ? l >= cut : l < cut));
  return wrong;
}

LessonOutcome run(const LessonSetting& setting) {
  Probe probe({setting.seed, nullptr}, {.rows = 16, .masks = false, .widths = {2, 8, 8, 8, 8, 2}});
  const std::size_t layers = probe.network().layers.size();
  LessonOutcome outcome;
  LessonTable table{"What a cut silences: + still alive, . silent; layers 0 to " + std::to_string(layers - 1), {"cut at", "gradients (backward)", "sums (forward)"}, {}};
  std::size_t wrong_back = 0, wrong_forward = 0;
  for (std::size_t i = 0; i <= layers; ++i) {
    const std::size_t cut = layers - i;
    const Reached back = gradients_reach(probe, cut), forward = inputs_reach(probe, cut);
    wrong_back += unexpected(back, cut, true);
    wrong_forward += unexpected(forward, cut, false);
    table.rows.push_back({cut == layers ? "nowhere" : "W(" + std::to_string(cut) + ") = 0", signs(back), signs(forward)});
  }
  const std::size_t looked_at = (layers + 1) * layers;
  outcome.formula = {"dL/dz(l) needs dL/dz(l+1); z(l) needs z(l-1)",
                     filled("{0} cuts * {1} layers = {2} places looked at, each way", {std::to_string(layers + 1), std::to_string(layers), std::to_string(looked_at)})};
  outcome.tables = {table};
  outcome.held = wrong_back == 0 && wrong_forward == 0;
  outcome.verdict = filled("a cut at layer m leaves the engine's gradients exactly zero in the layers before m and alive from m on, at {0} of {1} places; the forward "
                           "pass is silenced the other way round at {2} of {1}",
                           {std::to_string(looked_at - wrong_back), std::to_string(looked_at), std::to_string(looked_at - wrong_forward)});
  outcome.numbers = {{"places", static_cast<double>(looked_at)}, {"unexpected_backward", static_cast<double>(wrong_back)},
                     {"unexpected_forward", static_cast<double>(wrong_forward)}};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    36, LessonGroup::error_and_blame,
    "Values flow from the input to the output; gradients flow the other way, from the output to the input.",
    "In a deep network one layer's weights are all zero. Which layers get no gradient?",
    "Those before it, nearer to the input: the gradient would have had to come through the zeros",
    {{{"Those behind it, nearer to the output", "they lie between the zeros and the loss, where the gradient comes from; it reaches them undisturbed"},
      {"All of them", "the gradient starts at the loss, so the layers behind the zeros are reached before it gets stuck"},
      {"None of them: gradients do not depend on weights", "each step back multiplies by the weights of the layer just passed, and zero times anything is zero"}}},
    false, run};

}  // namespace chainrule::lesson::l36
