// The checks of a network on its rows, from the gradient up to learning a batch by heart.
#include "explain/checks.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <sstream>

#include "engine/plan.h"
#include "math/losses.h"
#include "net/initial_parameters.h"

namespace chainrule::explain {
namespace {

using engine::Mode;
using engine::Part;
using engine::StepControl;

constexpr double kGradientLimit = 1e-6;
constexpr std::size_t kGradientRows = 4;
constexpr double kGradientBudget = 1e9;  ///< multiply-adds of the whole gradient check: a few seconds in fp64
constexpr std::size_t kDeterminismRows = 32;
constexpr std::uint64_t kDeterminismSteps = 3, kOverfitSteps = 400;
constexpr double kOverfitLimit = 0.1;

std::vector<std::uint32_t> first_rows(const Samples& samples, std::size_t most) {
  std::vector<std::uint32_t> rows(std::min(most, samples.rows));
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

std::string text_of(double value) {
  std::ostringstream out;
  out.precision(4);
  out << value;
  return out.str();
}

/// So many elements per tensor that the whole check stays within its budget; kinks may ask for up to 16 passes each.
reference::GradientCheckSize gradient_size(const net::ParameterLayout& layout) {
  const double passes = kGradientBudget / (static_cast<double>(layout.size) * kGradientRows * 8);
  const double each = passes / static_cast<double>(layout.tensors.size() + 1);
  const auto count = static_cast<std::size_t>(std::clamp(each, 3.0, 100.0));
  return {count, count};
}

/// The same network without anything random or restraining, to see what it can do.
NetworkSpec without_regularisation(NetworkSpec spec) {
  for (LayerSpec& layer : spec.layers) layer.dropout.rate = 0;
  spec.input_dropout.rate = 0;
  spec.input_noise = 0;
  spec.loss.label_smoothing = spec.loss.l1 = spec.loss.l2 = spec.loss.max_norm = 0;
  return spec;
}

double fp64_loss(const NetworkSpec& spec, std::span<const float> parameters, const reference::Batch<double>& batch) {
  reference::ReferenceNetwork<double> network(spec, {}, batch.rows());
  network.parameters().assign(parameters.begin(), parameters.end());
  network.forward(batch, Mode::train, {});
  return network.loss(batch);
}

/// The same parameters with an output layer that always says 0.
std::vector<float> knowing_nothing(const NetworkSpec& spec, std::vector<float> parameters) {
  const net::ParameterLayout layout(spec);
  for (const net::Role role : {net::Role::weight, net::Role::bias}) {
    const net::Tensor* tensor = layout.find(role, spec.layers.size() - 1);
    if (tensor != nullptr) std::fill_n(parameters.begin() + static_cast<std::ptrdiff_t>(tensor->info.offset), tensor->info.size, 0.0f);
  }
  return parameters;
}

}  // namespace

// ---- gradient ----

reference::Batch<double> gradient_batch(const Subject& subject) {
  reference::Batch<double> batch;
  reference::gather(subject.samples, first_rows(subject.samples, kGradientRows), batch);
  if (std::all_of(batch.weights.begin(), batch.weights.end(), [](double w) { return w == 0; })) batch.weights.assign(batch.rows(), 1);
  return batch;
}

reference::ReferenceNetwork<double> gradient_network(const Subject& subject) {
  reference::ReferenceNetwork<double> network(subject.network, subject.training, kGradientRows);
  network.parameters().assign(subject.parameters.begin(), subject.parameters.end());
  return network;
}

CheckItem judge_gradient(const Subject& subject, const reference::ClaimedGradients& claimed) {
  reference::ReferenceNetwork<double> network = gradient_network(subject);
  const reference::GradientCheck result =
      reference::check_gradients(network, gradient_batch(subject), {}, claimed, gradient_size(network.layout()));
  CheckItem item{"gradient", "back-propagation equals finite differences", "", false, result.max_relative_error, kGradientLimit};
  item.passed = result.max_relative_error < kGradientLimit && result.checked > 0;
  item.detail = std::to_string(result.checked) + " parameters and inputs, " + std::to_string(result.at_kinks) +
                " left out at kinks; worst: " + (result.worst.empty() ? "none" : result.worst);
  return item;
}

CheckItem check_gradient(const Subject& subject) {
  reference::ReferenceNetwork<double> network = gradient_network(subject);
  return judge_gradient(subject, reference::back_propagate(network, gradient_batch(subject), {}));
}

// ---- initial loss ----

CheckItem check_initial_loss(const Subject& subject) {
  const NetworkSpec spec = without_regularisation(subject.network);
  reference::Batch<double> batch;
  reference::gather(subject.samples, first_rows(subject.samples, 256), batch);
  const std::vector<float> start = net::initial_parameters(spec, subject.training.seed);
  const double loss = fp64_loss(spec, start, batch), ignorant = fp64_loss(spec, knowing_nothing(spec, start), batch);
  // Outputs of deviation about 1 add at most about 1 to any of the losses; a factor of 2 is for wide or unscaled targets.
  CheckItem item{"initial_loss", "the loss before training is that of knowing nothing", "", false, loss,
                 ignorant + std::max(1.5, std::abs(ignorant))};
  item.passed = std::isfinite(loss) && loss <= item.limit;
  const bool classes = spec.loss.kind == Loss::cross_entropy;
  item.detail = "knowing nothing costs " + text_of(ignorant) + (classes ? " (ln " + std::to_string(spec.outputs()) + ")" : "") +
                ", the untrained network " + text_of(loss);
  return item;
}

// ---- overfit one batch ----

namespace {

/// The lowest loss any outputs could reach: entropy-like for poisson; one unit below the start for gaussian_nll, which has no floor.
double lowest_loss(const NetworkSpec& spec, const reference::Batch<double>& batch, double start) {
  if (spec.loss.kind == Loss::gaussian_nll) return start - 1;
  if (spec.loss.kind != Loss::poisson) return 0;
  double sum = 0, weight = 0;
  for (std::size_t r = 0; r < batch.rows(); ++r) {
    weight += batch.weights[r];
    for (std::size_t o = 0; o < batch.y.columns; ++o) {
      const double t = batch.y(r, o);
      sum += t > 0 ? batch.weights[r] * (t - t * std::log(t)) / static_cast<double>(batch.y.columns) : 0;
    }
  }
  return weight > 0 ? sum / weight : 0;
}

/// Adam's lowest loss within kOverfitSteps at this learning rate.
double lowest_after_training(const NetworkSpec& spec, const TrainingSpec& training, const Samples& samples,
                             std::span<const std::uint32_t> rows, double learning_rate, double enough) {
  PlanOptions options;
  options.threads = 1;
  options.max_batch = rows.size();
  const std::unique_ptr<engine::Plan> plan = engine::make_plan(spec, training, options);
  plan->load(Part::parameters, net::initial_parameters(spec, training.seed));
  double best = INFINITY;
  for (std::uint64_t t = 1; t <= kOverfitSteps && best > enough; ++t) {
    StepControl control;
    control.step = t;
    control.update = math::update_constants(training.optimizer, t, learning_rate, 0);
    const StepResult result = plan->step(samples, rows, control);
    if (!result.finite) break;
    best = std::min(best, result.loss);
  }
  return best;
}

/// Few enough rows that the network's parameters could hold them.
std::size_t memorable_rows(const NetworkSpec& spec) {
  const std::size_t parameters = net::ParameterLayout(spec).size;
  return std::clamp<std::size_t>(parameters / spec.outputs() / 2, 2, 16);
}

}  // namespace

CheckItem check_overfit_one_batch(const Subject& subject) {
  const NetworkSpec spec = without_regularisation(subject.network);
  TrainingSpec training;
  training.seed = subject.training.seed;
  training.optimizer = default_optimizer("adam");
  const std::vector<std::uint32_t> rows = first_rows(subject.samples, memorable_rows(spec));
  reference::Batch<double> batch;
  reference::gather(subject.samples, rows, batch);
  const double start = fp64_loss(spec, net::initial_parameters(spec, training.seed), batch);
  const double lowest = lowest_loss(spec, batch, start);
  const double enough = lowest + 0.5 * kOverfitLimit * (start - lowest);
  double best = INFINITY;
  for (const double rate : {3e-3, 1e-2, 3e-2, 1e-3}) {
    if (best > enough) best = std::min(best, lowest_after_training(spec, training, subject.samples, rows, rate, enough));
  }
  const double left = start > lowest ? (best - lowest) / (start - lowest) : 0;
  CheckItem item{"overfit_one_batch", "a few rows can be learned by heart", "", left <= kOverfitLimit, left, kOverfitLimit};
  item.detail = std::to_string(rows.size()) + " rows: loss " + text_of(start) + " -> " + text_of(best) +
                (item.passed ? "" : "; equal inputs with different targets, or a network that cannot learn");
  return item;
}

// ---- determinism ----

namespace {

std::vector<float> parameters_after_steps(const Subject& subject, EngineKind engine, int threads) {
  const std::vector<std::uint32_t> rows = first_rows(subject.samples, kDeterminismRows);
  PlanOptions options;
  options.engine = engine;
  options.threads = threads;
  options.max_batch = rows.size();
  const std::unique_ptr<engine::Plan> plan = engine::make_plan(subject.network, subject.training, options);
  plan->load(Part::parameters, subject.parameters);
  plan->load(Part::average, subject.parameters);
  const OptimizerSpec& optimizer = subject.training.optimizer;
  for (std::uint64_t t = 1; t <= kDeterminismSteps; ++t) {
    StepControl control;
    control.step = t;
    control.update = math::update_constants(optimizer, t, optimizer.learning_rate, optimizer.weight_decay);
    plan->step(subject.samples, rows, control);
  }
  std::vector<float> parameters(subject.parameters.size());
  plan->store(Part::parameters, parameters);
  return parameters;
}

std::size_t differing_bits(const std::vector<float>& a, const std::vector<float>& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += std::memcmp(&a[i], &b[i], sizeof(float)) != 0;
  return count;
}

}  // namespace

CheckItem check_determinism(const Subject& subject) {
  const std::vector<float> expected = parameters_after_steps(subject, EngineKind::reference, 1);
  CheckItem item{"determinism", "any number of threads and the reference engine give the same bits", "", true, 0, 0};
  for (const int threads : {1, 2, 3}) {
    const std::size_t differing = differing_bits(expected, parameters_after_steps(subject, EngineKind::automatic, threads));
    item.value = std::max(item.value, static_cast<double>(differing));
    if (differing > 0) item.detail += std::to_string(threads) + " threads: " + std::to_string(differing) + " parameters differ; ";
  }
  item.passed = item.value == 0;
  if (item.passed) item.detail = std::to_string(kDeterminismSteps) + " steps on 1, 2 and 3 threads equal the reference bit for bit";
  return item;
}

CheckReport run_checks(const Subject& subject) {
  CheckReport report;
  report.checks = {check_gradient(subject), check_initial_loss(subject), check_overfit_one_batch(subject), check_determinism(subject)};
  report.max_relative_error = report.checks[0].value;
  report.passed = std::all_of(report.checks.begin(), report.checks.end(), [](const CheckItem& item) { return item.passed; });
  return report;
}

}  // namespace chainrule::explain
