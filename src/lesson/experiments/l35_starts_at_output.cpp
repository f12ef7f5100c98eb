// L35: the gradient starts at the output layer as probability minus truth and goes back, each layer's made from the next one's alone.
#include <algorithm>
#include <cmath>

#include "lesson/probe.h"
#include "lesson/text.h"

namespace chainrule::lesson::l35 {
namespace {

constexpr double kExactLimit = 1e-12, kFusedLimit = 1e-5;
using reference::Matrix;

double norm_of(const Matrix<double>& m) {
  double sum = 0;
  for (const double value : m.values) sum += value * value;
  return std::sqrt(sum);
}

double difference(const Matrix<double>& a, const std::vector<double>& b) { return relative_difference(std::span<const double>(a.values), std::span<const double>(b)); }

/// (probability - truth) / rows: what the loss hands to the output layer, from nothing but the outputs.
std::vector<double> output_gradient(Probe& probe) {
  const Matrix<double>& z = probe.exact().layers().back().a;
  std::vector<double> result(z.values.size());
  for (std::size_t r = 0; r < z.rows; ++r) {
    double sum = 0;
    for (std::size_t o = 0; o < z.columns; ++o) sum += std::exp(z(r, o));
    for (std::size_t o = 0; o < z.columns; ++o) {
      const double truth = probe.batch().labels[r] == static_cast<std::int32_t>(o);
      result[r * z.columns + o] = (std::exp(z(r, o)) / sum - truth) / static_cast<double>(z.rows);
    }
  }
  return result;
}

/// dL/dz of a hidden tanh layer from the next layer's dL/dz: back through its weights, its dropout mask and its slope.
std::vector<double> from_next(Probe& probe, std::size_t l, const std::vector<double>& next) {
  const auto& here = probe.exact().layers()[l];
  const net::Tensor& weight = *probe.layout().find(net::Role::weight, l + 1);
  std::vector<double> result(here.z.values.size(), 0.0);
  for (std::size_t r = 0; r < here.z.rows; ++r) {
    for (std::size_t u = 0; u < here.z.columns; ++u) {
      double sum = 0;
      for (std::size_t o = 0; o < weight.rows; ++o) {
        sum += next[r * weight.rows + o] * static_cast<double>(probe.parameters()[weight.info.offset + o * weight.columns + u]);
      }
      const double t = std::tanh(here.z(r, u));
      result[r * here.z.columns + u] = sum * here.mask(r, u) * (1 - t * t);
    }
  }
  return result;
}

/// dL/dW(l) from dL/dz(l) against the shipped engine's.
double weight_error(Probe& probe, std::size_t l, const std::vector<double>& dz) {
  const net::Tensor& weight = *probe.layout().find(net::Role::weight, l);
  const Matrix<double>& in = l == 0 ? probe.exact().input().a : probe.exact().layers()[l - 1].a;
  std::vector<double> made(weight.info.size, 0.0);
  for (std::size_t i = 0; i < made.size(); ++i) {
    for (std::size_t r = 0; r < in.rows; ++r) made[i] += dz[r * weight.rows + i / weight.columns] * in(r, i % weight.columns);
  }
  return relative_difference(std::span(probe.fused()).subspan(weight.info.offset, weight.info.size), std::span<const double>(made));
}

LessonOutcome run(const LessonSetting& setting) {
  Probe probe({setting.seed, nullptr}, {.rows = 16, .widths = {2, 12, 10, 8, 6, 2}, .second = Activation::tanh});
  const std::size_t last = probe.network().layers.size() - 1;
  std::vector<double> dz = output_gradient(probe);
  const double first_value = dz[0];
  LessonOutcome outcome;
  LessonTable table{"In the order in which they are computed", {"order", "what", "made from", "norm", "fp64 error", "fp32 error of dL/dW"}, {}};
  LessonPlot plot{"Norm of the gradient on its way back", "layers behind the output", "|dL/dz|", {{"|dL/dz|", {}, {}}}, true};
  double exact = 0, fused = 0;
  for (std::size_t i = 0; i <= last; ++i) {
    const std::size_t l = last - i;
    if (i > 0) dz = from_next(probe, l, dz);
    const Matrix<double>& engine = probe.exact().layers()[l].dz;
    const double here = difference(engine, dz), weights = weight_error(probe, l, dz);
    exact = std::max(exact, here);
    fused = std::max(fused, weights);
    table.rows.push_back({std::to_string(i + 1), "dL/dz(" + std::to_string(l) + ")", i == 0 ? "probability - truth" : "dL/dz(" + std::to_string(l + 1) + ")",
                          number(norm_of(engine)), number(here, 2), number(weights, 2)});
    plot.curves[0].x.push_back(static_cast<double>(i));
    plot.curves[0].y.push_back(norm_of(engine));
  }
  outcome.formula = {"dL/dz(last) = (p - y) / rows, then dL/dz(l) = (W(l+1)^T dL/dz(l+1)) * mask(l) * act'(z(l))",
                     filled("first row, first output: (p - y) / rows = {0}, the engine has {1}", {number(first_value, 8), number(probe.exact().layers()[last].dz(0, 0), 8)})};
  outcome.plots = {plot};
  outcome.tables = {table};
  outcome.held = exact < kExactLimit && fused < kFusedLimit;
  outcome.verdict = filled("from probability minus truth at the output, {0} layers were walked back by hand, each from the next one's dL/dz alone: the engine's "
                           "dL/dz differ by {1} in fp64 (limit {2}), its fp32 weight gradients by {3} (limit {4})",
                           {std::to_string(last + 1), number(exact, 2), number(kExactLimit), number(fused, 2), number(kFusedLimit)});
  outcome.numbers = {{"layers", static_cast<double>(last + 1)}, {"error_fp64", exact}, {"error_fp32", fused},
                     {"norm_at_output", plot.curves[0].y.front()}, {"norm_at_input", plot.curves[0].y.back()}};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    35, LessonGroup::error_and_blame,
    "The gradient is first known at the output layer, where the loss is; from there it is carried back layer by layer.",
    "Which gradient can be computed first, right after the forward pass?",
    "That of the output layer: only there do prediction and truth meet",
    {{{"That of the first layer, since it is first in the forward pass", "its gradient needs the slopes of all later layers, which have not been computed yet"},
      {"All at the same time, they are independent of each other", "each hidden layer's gradient is made from that of the layer behind it"},
      {"That of the widest layer, since it has most to say", "width plays no part in the order; what matters is how far a layer is from the loss"}}},
    false, run};

}  // namespace chainrule::lesson::l35
