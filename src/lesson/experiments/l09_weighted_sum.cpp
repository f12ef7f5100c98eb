// L9: z(l) = W(l) a(l-1) + b(l): the engine's sums, added up again term by term, to the last bit.
#include <algorithm>
#include <cmath>

#include "lesson/probe.h"
#include "lesson/text.h"

namespace chainrule::lesson::l09 {
namespace {

constexpr std::size_t kShownTerms = 16;

/// Layers 0..l with the last one bare, so that the shipped engine's output is z(l) itself.
NetworkSpec head_of(const NetworkSpec& network, std::size_t l) {
  NetworkSpec head = network;
  head.layers.resize(l + 1);
  LayerSpec& last = head.layers.back();
  last.activation = Activation::identity;
  last.norm = Norm::none;
  last.residual = false;
  head.loss = {};
  return head;
}

/// The parameters of the whole network that the head has, too.
std::vector<float> head_values(const NetworkSpec& head, const net::ParameterLayout& whole, const std::vector<float>& values) {
  const net::ParameterLayout layout(head);
  std::vector<float> result(layout.size);
  for (const net::Tensor& tensor : layout.tensors) {
    const net::Tensor& from = *whole.find(tensor.role, tensor.layer);
    std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(from.info.offset), tensor.info.size,
                result.begin() + static_cast<std::ptrdiff_t>(tensor.info.offset));
  }
  return result;
}

/// One layer's weights and biases in place.
struct Dense {
  const float* weight;
  const float* bias;  ///< null: no bias
  std::size_t inputs;

  Dense(const net::ParameterLayout& layout, const std::vector<float>& values, std::size_t l) {
    const net::Tensor& w = *layout.find(net::Role::weight, l);
    const net::Tensor* b = layout.find(net::Role::bias, l);
    weight = values.data() + w.info.offset;
    bias = b == nullptr ? nullptr : values.data() + b->info.offset;
    inputs = w.columns;
  }
  /// docs/arithmetic.md, item 2: from the bias, one fused multiply-add after the other.
  float sum(const float* a, std::size_t unit) const {
    float z = bias == nullptr ? 0.0f : bias[unit];
    for (std::size_t k = 0; k < inputs; ++k) z = std::fma(weight[unit * inputs + k], a[k], z);
    return z;
  }
};

LessonTable term_table(const Dense& dense, const float* a, std::size_t l) {
  const std::string layer = std::to_string(l);
  LessonTable table{"z(" + layer + ")[0] of the first row, term by term", {"term", "W", "a", "W * a", "sum so far"}, {}};
  float z = dense.bias == nullptr ? 0.0f : dense.bias[0];
  table.rows.push_back({"b", "", "", number(static_cast<double>(z), 6), number(static_cast<double>(z), 6)});
  for (std::size_t k = 0; k < std::min(dense.inputs, kShownTerms); ++k) {
    z = std::fma(dense.weight[k], a[k], z);
    const double w = static_cast<double>(dense.weight[k]), in = static_cast<double>(a[k]);
    table.rows.push_back({std::to_string(k), number(w, 6), number(in, 6), number(w * in, 6), number(static_cast<double>(z), 6)});
  }
  if (dense.inputs > kShownTerms) table.rows.push_back({"...", "", "", "", number(static_cast<double>(dense.sum(a, 0)), 6)});
  return table;
}

LessonOutcome run(const LessonSetting& setting) {
  Probe probe(setting, {.rows = 16, .masks = false, .widths = {2, 8, 6, 2}});
  reference::ReferenceNetwork<float> reference(probe.network(), probe.subject().training, probe.rows().size());
  reference.parameters() = probe.parameters();
  reference::Batch<float> batch;
  reference::gather(probe.subject().train, probe.rows(), batch);
  reference.forward(batch, engine::Mode::predict, probe.control());

  LessonOutcome outcome;
  std::size_t sums = 0, unequal = 0;
  for (std::size_t l = 0; l < probe.network().layers.size(); ++l) {
    const NetworkSpec head = head_of(probe.network(), l);
    Run engine(head, probe.subject().training, probe.subject().train, {probe.rows().size(), 1, EngineKind::automatic});
    engine.set_parameters(head_values(head, probe.layout(), probe.parameters()));
    const auto z = engine.plan().forward(probe.subject().train, probe.rows(), engine::Mode::predict, probe.control());
    const Dense dense(probe.layout(), probe.parameters(), l);
    const auto& a = l == 0 ? reference.input().a : reference.layers()[l - 1].a;
    for (std::size_t r = 0; r < a.rows; ++r) {
      for (std::size_t o = 0; o < head.outputs(); ++o, ++sums) unequal += !(z[r * head.outputs() + o] == dense.sum(&a.values[r * a.columns], o));
    }
    if (l + 1 < probe.network().layers.size()) continue;
    outcome.tables = {term_table(dense, a.values.data(), l)};
    const std::string at = std::to_string(l);
    outcome.formula = {"z(l) = W(l) a(l-1) + b(l)", filled("z({0})[0] = {1}, the engine says {2}", {at, number(static_cast<double>(dense.sum(a.values.data(), 0)), 9),
                                                                                              number(static_cast<double>(z[0]), 9)})};
  }
  outcome.held = sums > 0 && unequal == 0;
  outcome.verdict = filled("{0} sums in {1} layers of {2} rows were added up again term by term: {3} differ from the engine's in any bit",
                           {std::to_string(sums), std::to_string(probe.network().layers.size()), std::to_string(probe.rows().size()), std::to_string(unequal)});
  outcome.numbers = {{"sums", static_cast<double>(sums)}, {"unequal", static_cast<double>(unequal)}};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    9, LessonGroup::chain_rule,
    "Each layer first forms weighted sums of what it is given, plus a bias: z(l) = W(l) a(l-1) + b(l).",
    "A unit has the weights 2 and -1, the bias 0.5, and is given the activations 1 and 3. What is its z?",
    "-0.5: 0.5 + 2 * 1 + (-1) * 3",
    {{{"-1: 2 * 1 + (-1) * 3", "the bias is missing: it is added to the sum whatever the inputs are"},
      {"0, because a negative sum is cut off", "z comes before the activation function; cutting off is what a relu would do to z afterwards"},
      {"4.5: (2 - 1) * (1 + 3) + 0.5", "each input has a weight of its own: first multiply pair by pair, then add"}}},
    true, run};

}  // namespace chainrule::lesson::l09
