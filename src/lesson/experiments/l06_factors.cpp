// L6: the chain rule splits a gradient into small factors: a thread of single units, where each layer gives exactly one.
#include <cmath>

#include "lesson/probe.h"
#include "lesson/text.h"

namespace chainrule::lesson::l06 {
namespace {

constexpr std::size_t kLayers = 5;
constexpr double kExactLimit = 1e-12, kFusedLimit = 1e-5, kSlopeLimit = 1e-7, kStep = 1e-4;

/// One unit per layer, tanh, one output, one row: no sums anywhere, only a chain.
struct Thread {
  Rows rows;
  NetworkSpec network = perceptron({1, 1, 1, 1, 1, 1}, Activation::tanh, Loss::squared_error);
  TrainingSpec training;
  std::vector<float> parameters;

  explicit Thread(std::uint64_t seed) : training(training_with("sgd", 0.1, seed)) {
    Draws draws(seed, 6);
    rows.inputs = rows.targets = 1;
    rows.x = {static_cast<float>(draws.between(0.5, 1.5))};
    rows.y = {static_cast<float>(draws.between(-2.5, -1.5))};
    for (std::size_t l = 0; l < kLayers; ++l) {
      parameters.push_back(static_cast<float>(draws.between(0.6, 1.4)) * (draws.below(2) == 0 ? 1.0f : -1.0f));
      parameters.push_back(static_cast<float>(draws.between(-0.2, 0.2)));
    }
  }
};

struct Factor { std::string name; double value; };

/// dL/dW(l), factor by factor from the loss back to W(l), made from the forward pass alone: a, W and tanh' = 1 - a^2.
std::vector<Factor> factors_of(const reference::ReferenceNetwork<double>& forward, const std::vector<double>& parameters, double x, double y, std::size_t l) {
  const auto a = [&](std::size_t layer) { return forward.layers()[layer].a(0, 0); };
  const auto at = [](std::size_t layer) { return "(" + std::to_string(layer) + ")"; };
  std::vector<Factor> factors = {{"dL/da" + at(kLayers - 1) + " = 2 (a - y)", 2 * (a(kLayers - 1) - y)}};
  for (std::size_t layer = kLayers - 1; layer > l; --layer) {
    factors.push_back({"dz" + at(layer) + "/da" + at(layer - 1) + " = W" + at(layer), parameters[2 * layer]});
    factors.push_back({"da" + at(layer - 1) + "/dz" + at(layer - 1) + " = tanh'", 1 - a(layer - 1) * a(layer - 1)});
  }
  factors.push_back({"dz" + at(l) + "/dW" + at(l) + " = " + (l == 0 ? "x" : "a" + at(l - 1)), l == 0 ? x : a(l - 1)});
  return factors;
}

double product(const std::vector<Factor>& factors) {
  double result = 1;
  for (const Factor& factor : factors) result *= factor.value;
  return result;
}

double error_of(double claimed, double expected) { return std::abs(claimed - expected) / std::abs(expected); }

/// Central difference of fourth order.
double measured_slope(reference::ReferenceNetwork<double>& network, const reference::Batch<double>& batch, std::size_t at) {
  const double middle = network.parameters()[at];
  const auto loss = [&](double step) {
    network.parameters()[at] = middle + step * kStep;
    return exact_loss(network, batch);
  };
  const double slope = (8 * (loss(1) - loss(-1)) - (loss(2) - loss(-2))) / (12 * kStep);
  network.parameters()[at] = middle;
  return slope;
}

LessonOutcome run(const LessonSetting& setting) {
  const Thread thread(setting.seed);
  Run run(thread.network, thread.training, thread.rows.samples(), {1, 1, EngineKind::automatic});
  run.set_parameters(thread.parameters);
  const std::vector<std::uint32_t> rows = {0};
  const std::vector<float> fused = run.gradients(rows);
  auto exact = exact_network(thread.network, thread.training, thread.parameters);
  const auto batch = exact_batch(thread.rows.samples(), rows);
  exact_gradients(exact, batch);
  const std::vector<double> gradient = exact.gradients();

  LessonOutcome outcome;
  LessonTable layers{"Every layer's weight: fewer factors the nearer it is to the loss", {"weight", "factors", "product", "engine's gradient", "measured slope"}, {}};
  double exact_error = 0, fused_error = 0, slope_error = 0;
  std::vector<Factor> first;
  for (std::size_t l = kLayers; l-- > 0;) {
    exact_loss(exact, batch);  // the forward pass whose values the factors are made of
    const std::vector<Factor> factors = factors_of(exact, exact.parameters(), batch.x(0, 0), batch.y(0, 0), l);
    const double whole = product(factors), slope = measured_slope(exact, batch, 2 * l);
    exact_error = std::max(exact_error, error_of(gradient[2 * l], whole));
    fused_error = std::max(fused_error, error_of(static_cast<double>(fused[2 * l]), whole));
    slope_error = std::max(slope_error, error_of(slope, whole));
    layers.rows.push_back({"W(" + std::to_string(l) + ")", std::to_string(factors.size()), number(whole, 8), number(gradient[2 * l], 8), number(slope, 8)});
    first = factors;
  }
  LessonTable chain{"The chain behind dL/dW(0), from the loss to the input", {"factor", "value", "product so far"}, {}};
  std::string numbers_text;
  double so_far = 1;
  for (const Factor& factor : first) {
    so_far *= factor.value;
    chain.rows.push_back({factor.name, number(factor.value, 6), number(so_far, 6)});
    numbers_text += (numbers_text.empty() ? "" : " * ") + number(factor.value, 3);
  }
  outcome.formula = {"dL/dW(0) = dL/da(4) * dz(4)/da(3) * da(3)/dz(3) * ... * da(0)/dz(0) * dz(0)/dW(0)", numbers_text + " = " + number(so_far, 6)};
  outcome.tables = {chain, layers};
  outcome.held = exact_error < kExactLimit && fused_error < kFusedLimit && slope_error < kSlopeLimit;
  outcome.verdict = filled("the {0} factors of the first weight multiply to {1}; over all {2} layers the products differ from the engine's gradients by at "
                           "most {3} in fp64 (limit {4}) and {5} in fp32, from measured slopes by {6}",
                           {std::to_string(first.size()), number(so_far, 6), std::to_string(kLayers), number(exact_error, 2), number(kExactLimit),
                            number(fused_error, 2), number(slope_error, 2)});
  outcome.numbers = {{"factors", static_cast<double>(first.size())}, {"product", so_far}, {"error_fp64", exact_error}, {"error_fp32", fused_error},
                     {"error_of_slope", slope_error}};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    6, LessonGroup::chain_rule,
    "The chain rule takes a gradient apart into small pieces, each of which concerns one layer only and is easy to compute.",
    "In a chain x -> z -> a -> L, what is dL/dx?",
    "The product dL/da * da/dz * dz/dx of the three small slopes",
    {{{"The sum dL/da + da/dz + dz/dx", "stretching twice multiplies: if z moves 2 per x and a moves 3 per z, then a moves 6 per x, not 5"},
      {"dL/da alone, since a is what the loss sees", "that is how the loss reacts to a; how a reacts to x is still missing"},
      {"It cannot be known without re-deriving the whole formula of L", "it can: every piece needs only its own input and output, and that is the use of the rule"}}},
    false, run};

}  // namespace chainrule::lesson::l06
