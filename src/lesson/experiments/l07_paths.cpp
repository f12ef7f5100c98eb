// L7: back-propagation is the chain rule: the sum over all paths from a weight to the loss, each a product of factors, is the engine's gradient.
#include <algorithm>
#include <cmath>

#include "lesson/probe.h"
#include "lesson/text.h"

namespace chainrule::lesson::l07 {
namespace {

constexpr double kExactLimit = 1e-11, kFusedLimit = 1e-5;

/// One way from a unit to the loss: the units passed, and the product of everything met.
struct Path { std::string units; double product; };

/// Everything here is made of the forward pass: activations, masks and weights. Nothing is taken from the engine's backward pass.
class Paths {
 public:
  Paths(const reference::ReferenceNetwork<double>& forward, const net::ParameterLayout& layout, const std::vector<float>& parameters, std::size_t row)
      : forward_(forward), layout_(layout), parameters_(parameters), row_(row) {}

  /// dL/dW(l)[o,k] for this row alone, path by path.
  std::vector<Path> of(std::size_t l, std::size_t o, std::size_t k) const {
    std::vector<Path> found;
    walk(l, o, "", input(l, k), found);
    return found;
  }

 private:
  double input(std::size_t l, std::size_t k) const { return l == 0 ? forward_.input().a(row_, k) : forward_.layers()[l - 1].a(row_, k); }
  double weight(std::size_t l, std::size_t o, std::size_t k) const {
    const net::Tensor& tensor = *layout_.find(net::Role::weight, l);
    return static_cast<double>(parameters_[tensor.info.offset + o * tensor.columns + k]);
  }
  /// da/dz of a tanh unit with its dropout factor.
  double slope(std::size_t l, std::size_t o) const {
    const double t = std::tanh(forward_.layers()[l].z(row_, o));
    return (1 - t * t) * forward_.layers()[l].mask(row_, o);
  }
  /// dL/dz of cross-entropy: probability minus truth.
  double at_output(std::size_t o) const {
    const auto& z = forward_.layers().back().a;
    double sum = 0;
    for (std::size_t i = 0; i < z.columns; ++i) sum += std::exp(z(row_, i));
    return std::exp(z(row_, o)) / sum - forward_.targets()(row_, o);
  }
  void walk(std::size_t l, std::size_t o, const std::string& before, double product, std::vector<Path>& found) const {
    const std::string units = before + (before.empty() ? "" : " > ") + "z(" + std::to_string(l) + ")[" + std::to_string(o) + "]";
    if (l + 1 == forward_.layers().size()) {
      found.push_back({units + " > L", product * at_output(o)});
      return;
    }
    for (std::size_t next = 0; next < forward_.layers()[l + 1].z.columns; ++next) {
      walk(l + 1, next, units, product * slope(l, o) * weight(l + 1, next, o), found);
    }
  }

  const reference::ReferenceNetwork<double>& forward_;
  const net::ParameterLayout& layout_;
  const std::vector<float>& parameters_;
  std::size_t row_;
};

double sum_of(const std::vector<Path>& paths) {
  double sum = 0;
  for (const Path& path : paths) sum += path.product;
  return sum;
}

/// The mean over the batch of every weight's sum over paths, in layout order; 0 for biases.
std::vector<double> by_paths(Probe& probe) {
  std::vector<double> result(probe.layout().size, 0.0);
  for (const net::Tensor& tensor : probe.layout().tensors) {
    if (tensor.role != net::Role::weight) continue;
    for (std::size_t r = 0; r < probe.rows().size(); ++r) {
      const Paths paths(probe.exact(), probe.layout(), probe.parameters(), r);
      for (std::size_t i = 0; i < tensor.info.size; ++i) {
        result[tensor.info.offset + i] += sum_of(paths.of(tensor.layer, i / tensor.columns, i % tensor.columns)) / static_cast<double>(probe.rows().size());
      }
    }
  }
  return result;
}

double largest_error(std::span<const double> paths, std::span<const std::size_t> weights, auto gradient) {
  double wrong = 0, all = 0;
  for (const std::size_t at : weights) wrong += std::pow(gradient(at) - paths[at], 2), all += paths[at] * paths[at];
  return std::sqrt(wrong / all);
}

/// The paths of the most blamed first-layer weight, for the row that blames it most.
LessonTable path_table(Probe& probe) {
  std::vector<std::size_t> first = probe.weights();
  first.resize(probe.layout().find(net::Role::weight, 0)->info.size);
  const std::size_t at = probe.ranked(first).front(), inputs = probe.network().inputs;
  std::vector<Path> worst;
  std::size_t row = 0;
  for (std::size_t r = 0; r < probe.rows().size(); ++r) {
    std::vector<Path> paths = Paths(probe.exact(), probe.layout(), probe.parameters(), r).of(0, at / inputs, at % inputs);
    if (!worst.empty() && std::abs(sum_of(paths)) <= std::abs(sum_of(worst))) continue;
    worst = std::move(paths);
    row = r;
  }
  LessonTable table{"Every path from " + probe.name(at) + " to the loss of row " + std::to_string(probe.rows()[row]), {"path", "product of its factors"}, {}};
  for (const Path& path : worst) table.rows.push_back({path.units, number(path.product, 6)});
  table.rows.push_back({"sum", number(sum_of(worst), 6)});
  return table;
}

LessonOutcome run(const LessonSetting& setting) {
  Probe probe({setting.seed, nullptr}, {.rows = 8, .steps = 30, .widths = {2, 4, 3, 2}, .second = Activation::tanh});
  const std::vector<double> paths = by_paths(probe);
  const std::vector<std::size_t> weights = probe.weights();
  const double exact = largest_error(paths, weights, [&](std::size_t at) { return probe.gradient()[at]; });
  const double fused = largest_error(paths, weights, [&](std::size_t at) { return static_cast<double>(probe.fused()[at]); });
  LessonOutcome outcome;
  outcome.tables = {path_table(probe)};
  const std::size_t top = probe.ranked(weights).front(), per_weight = outcome.tables[0].rows.size() - 1;
  outcome.formula = {"dL/dW = sum over the paths from W to L of the product of the slopes along the path",
                     filled("{0}: {1} by paths over the batch, {2} by the engine", {probe.name(top), number(paths[top], 8),
                                                                                   number(static_cast<double>(probe.fused()[top]), 8)})};
  outcome.held = exact < kExactLimit && fused < kFusedLimit;
  outcome.verdict = filled("{0} weights, up to {1} paths each, {2} rows: sums of products along paths differ from the back-propagated gradients by {3} in fp64 "
                           "(limit {4}), from the engine's fp32 ones by {5} (limit {6})",
                           {std::to_string(weights.size()), std::to_string(per_weight), std::to_string(probe.rows().size()), number(exact, 2),
                            number(kExactLimit), number(fused, 2), number(kFusedLimit)});
  outcome.numbers = {{"weights", static_cast<double>(weights.size())}, {"paths_of_a_first_weight", static_cast<double>(per_weight)},
                     {"error_fp64", exact}, {"error_fp32", fused}};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    7, LessonGroup::chain_rule,
    "Back-propagation rests on the chain rule: it is that rule, carried out for all weights at once, each partial result used again.",
    "A first-layer weight reaches the loss on many paths through later units. What is its gradient?",
    "The sum over all those paths of the product of the slopes along each",
    {{{"The product along the strongest path", "all paths carry the change at the same time; leaving the weaker ones out leaves out part of the effect"},
      {"The product over all slopes in the network", "slopes multiply along a path; between paths the effects add up"},
      {"Only the last layer matters, since it touches the loss", "a first-layer weight acts through every layer after it, and each of them scales what it passes on"}}},
    false, run};

}  // namespace chainrule::lesson::l07
