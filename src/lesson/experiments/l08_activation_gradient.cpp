// L8: dL/da(l) is the derivative of the loss by an activation: measured by feeding changed activations into the rest of the network.
#include <algorithm>
#include <cmath>

#include "engine/reference/gradient_check.h"
#include "lesson/probe.h"
#include "lesson/text.h"

namespace chainrule::lesson::l08 {
namespace {

constexpr std::size_t kChecked = 60;
constexpr double kErrorLimit = 1e-6, kFusedLimit = 1e-4;

/// The network from layer l on: what was a(l-1) is its input.
NetworkSpec tail_of(const NetworkSpec& network, std::size_t l) {
  NetworkSpec tail = network;
  tail.inputs = network.fan_in(l);
  tail.input_scale = false;
  tail.layers.erase(tail.layers.begin(), tail.layers.begin() + static_cast<std::ptrdiff_t>(l));
  return tail;
}

/// The tail's parameters, taken from the whole network's: same roles, layers shifted by l.
template <class T>
std::vector<T> tail_values(const net::ParameterLayout& tail, const net::ParameterLayout& whole, std::size_t l, const std::vector<T>& values) {
  std::vector<T> result(tail.size);
  for (const net::Tensor& tensor : tail.tensors) {
    const net::Tensor& from = *whole.find(tensor.role, tensor.layer + l);
    std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(from.info.offset), tensor.info.size,
                result.begin() + static_cast<std::ptrdiff_t>(tensor.info.offset));
  }
  return result;
}

struct Checked { double norm = 0, measured_error = 0, fused_error = 0; std::size_t elements = 0; };

/// dL/da(l-1) of the whole network, against finite differences of the tail and against what the shipped engine passes out at the tail's input.
Checked check_layer(Probe& probe, std::size_t l) {
  const auto& trace = probe.exact().layers()[l - 1];
  const NetworkSpec tail = tail_of(probe.network(), l);
  const net::ParameterLayout layout(tail);
  auto exact = exact_network(tail, probe.subject().training, tail_values(layout, probe.layout(), l, probe.parameters()));
  reference::Batch<double> batch = probe.batch();
  batch.x = trace.a;
  const reference::ClaimedGradients claimed{tail_values(layout, probe.layout(), l, probe.gradient()), trace.da};
  const auto check = reference::check_gradients(exact, batch, probe.control(), claimed, {1, kChecked});

  const std::vector<float> x(trace.a.values.begin(), trace.a.values.end());
  Samples samples = probe.subject().train;
  std::vector<float> y, weights;
  std::vector<std::int32_t> labels;
  for (const std::uint32_t row : probe.rows()) {
    if (samples.y) y.insert(y.end(), samples.y + row * samples.targets, samples.y + (row + 1) * samples.targets);
    if (samples.labels) labels.push_back(samples.labels[row]);
    if (samples.weights) weights.push_back(samples.weights[row]);
  }
  const Samples rows{x.data(), y.empty() ? nullptr : y.data(), labels.empty() ? nullptr : labels.data(), weights.empty() ? nullptr : weights.data(),
                     nullptr, probe.rows().size(), tail.inputs, samples.targets};
  Run engine(tail, probe.subject().training, rows, {rows.rows, 1, EngineKind::automatic});
  engine.set_parameters(tail_values(layout, probe.layout(), l, probe.parameters()));
  std::vector<float> da(x.size());
  const std::vector<std::uint32_t> all = all_rows(rows.rows);
  engine.plan().forward(rows, all, engine::Mode::train, probe.control());
  engine.plan().loss(rows, all);
  engine.plan().backward({}, da);

  Checked result;
  for (const double value : trace.da.values) result.norm += value * value;
  result.norm = std::sqrt(result.norm);
  result.measured_error = check.max_relative_error;
  result.elements = check.checked;
  result.fused_error = relative_difference(std::span<const float>(da), std::span<const double>(trace.da.values));
  return result;
}

LessonOutcome run(const LessonSetting& setting) {
  Probe probe(setting, {.rows = 8, .masks = false, .widths = {2, 12, 8, 6, 2}});
  LessonOutcome outcome;
  LessonTable table{"dL/da of each hidden layer, from the last to the first", {"layer", "|dL/da|", "checked", "error, finite differences", "error, engine's fp32"}, {}};
  double measured = 0, fused = 0;
  std::size_t elements = 0;
  for (std::size_t l = probe.network().layers.size(); l-- > 1;) {
    const Checked c = check_layer(probe, l);
    table.rows.push_back({"a(" + std::to_string(l - 1) + ")", number(c.norm), std::to_string(c.elements), number(c.measured_error, 2), number(c.fused_error, 2)});
    measured = std::max(measured, c.measured_error);
    fused = std::max(fused, c.fused_error);
    elements += c.elements;
  }
  const bool any = !table.rows.empty();
  if (any) {
    const auto& last = probe.exact().layers()[probe.network().layers.size() - 2];
    outcome.formula = {"dL/da(l) = W(l+1)^T dL/dz(l+1)", filled("row 0, unit 0 of the last hidden layer: a = {0}, dL/da = {1}",
                                                             {number(last.a(0, 0), 6), number(last.da(0, 0), 6)})};
  }
  outcome.tables = {table};
  outcome.held = any && elements > 0 && measured < kErrorLimit && fused < kFusedLimit;
  outcome.verdict = any ? filled("{0} derivatives by activations in {1} layers agree with finite differences up to {2} (limit {3}), and the engine's fp32 ones "
                                 "with the fp64 ones up to {4} (limit {5})",
                                 {std::to_string(elements), std::to_string(table.rows.size()), number(measured, 2), number(kErrorLimit), number(fused, 2), number(kFusedLimit)})
                        : "the network has no hidden layer, so there is no activation between input and output";
  outcome.numbers = {{"layers", static_cast<double>(table.rows.size())}, {"checked", static_cast<double>(elements)}, {"max_relative_error", measured}, {"fused_error", fused}};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    8, LessonGroup::chain_rule,
    "dL/da(l) is the derivative of the loss by the activations of layer l: what the layers behind it make of a change in them.",
    "What does dL/da of a hidden unit depend on?",
    "On everything between that unit's output and the loss: the weights and slopes of the later layers, and the row at hand",
    {{{"On the weights that lead into the unit", "they decide how large a is; how the loss reacts once a is given is a matter of what comes after"},
      {"On nothing but the unit's activation function", "that gives da/dz, the next factor of the chain; dL/da looks the other way, towards the loss"},
      {"It is the same for every row", "later units stand at different places of their curves for different rows, and so does the loss itself"}}},
    true, run};

}  // namespace chainrule::lesson::l08
