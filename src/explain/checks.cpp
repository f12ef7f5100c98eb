// The checks of a network on its rows, from the gradient up to learning a batch by heart.
#include "explain/checks.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "data/batch_order.h"
#include "engine/plan.h"
#include "explain/finding_kinds.h"
#include "explain/learning_rate_check.h"
#include "explain/one_batch.h"
#include "explain/unit_health.h"
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
constexpr std::uint64_t kDeterminismSteps = 3;

std::vector<std::uint32_t> first_rows(const Samples& samples, std::size_t most) {
  std::vector<std::uint32_t> rows(std::min(most, samples.rows));
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

/// So many elements per tensor that the whole check stays within its budget; kinks may ask for up to 16 passes each.
reference::GradientCheckSize gradient_size(const net::ParameterLayout& layout) {
  const double passes = kGradientBudget / (static_cast<double>(layout.size) * kGradientRows * 8);
  const double each = passes / static_cast<double>(layout.tensors.size() + 1);
  const auto count = static_cast<std::size_t>(std::clamp(each, 3.0, 100.0));
  return {count, count};
}

}  // namespace

std::vector<std::uint32_t> rows_to_look_at(const Subject& subject, std::size_t most) {
  std::vector<std::uint32_t> order(subject.rows.empty() ? subject.samples.rows : subject.rows.size()), rows;
  data::batch_order(subject.training.seed, 0, order);
  for (const std::uint32_t position : order) {
    const std::uint32_t row = subject.rows.empty() ? position : subject.rows[position];
    if (subject.samples.weights != nullptr && !(subject.samples.weights[row] > 0)) continue;
    if (rows.size() == most) break;
    rows.push_back(row);
  }
  return rows;
}

std::vector<float> start_of(const Subject& subject) {
  if (!subject.start.empty()) return {subject.start.begin(), subject.start.end()};
  return net::initial_parameters(subject.network, subject.training.seed);
}

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

std::vector<float> knowing_nothing(const NetworkSpec& spec, std::vector<float> parameters) {
  const net::ParameterLayout layout(spec);
  for (const net::Role role : {net::Role::weight, net::Role::bias}) {
    const net::Tensor* tensor = layout.find(role, spec.layers.size() - 1);
    if (tensor != nullptr) std::fill_n(parameters.begin() + static_cast<std::ptrdiff_t>(tensor->info.offset), tensor->info.size, 0.0f);
  }
  return parameters;
}

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
  const bool passed = result.max_relative_error < kGradientLimit && result.checked > 0;
  return finding("gradient", passed ? Verdict::passed : Verdict::failed, result.max_relative_error, kGradientLimit,
                 std::to_string(result.checked) + " parameters and inputs, " + std::to_string(result.at_kinks) +
                     " left out at kinks; worst: " + (result.worst.empty() ? "none" : result.worst));
}

CheckItem check_gradient(const Subject& subject) {
  reference::ReferenceNetwork<double> network = gradient_network(subject);
  return judge_gradient(subject, reference::back_propagate(network, gradient_batch(subject), {}));
}

// ---- initial loss ----

namespace {

/// Poisson targets are not scaled: an output that is 1 off costs about the mean count.
double mean_target(const reference::Batch<double>& batch) {
  return std::accumulate(batch.y.values.begin(), batch.y.values.end(), 0.0) / static_cast<double>(std::max<std::size_t>(1, batch.y.values.size()));
}

}  // namespace

// Outputs of deviation about 1 add about 1 to any of the losses, and often more on tables of few columns: the default network starts at up
// to four times the ignorant loss there and trains well. So a start beyond the limit counts only when the first steps do not end it.
CheckItem check_initial_loss(const Subject& subject, const FirstSteps& first) {
  const NetworkSpec spec = without_regularisation(subject.network);
  reference::Batch<double> batch;
  reference::gather(subject.samples, rows_to_look_at(subject, 256), batch);
  const std::vector<float> start = start_of(subject);
  const double loss = fp64_loss(spec, start, batch), ignorant = fp64_loss(spec, knowing_nothing(spec, start), batch);
  const double limit = ignorant + std::max({1.5, std::abs(ignorant), spec.loss.kind == Loss::poisson ? 2 * mean_target(batch) : 0.0});
  const bool classes = spec.loss.kind == Loss::cross_entropy, far = !(loss <= limit);
  std::string detail = "knowing nothing costs " + number_words(ignorant) + (classes ? " (ln " + std::to_string(spec.outputs()) + ")" : "") +
                       ", the untrained network " + number_words(loss);
  if (subject.trained) detail = "a fresh start of the model's network: " + detail;
  if (!far) return finding("initial_loss", Verdict::passed, loss, limit, detail);
  const double later = first.finite ? loss_at_end(first) : HUGE_VAL;
  detail += ", after " + std::to_string(first.losses.size()) + " steps " + number_words(later);
  const Verdict verdict = later <= limit ? Verdict::passed : subject.trained ? Verdict::warning : Verdict::failed;
  return finding("initial_loss", verdict, later, limit, detail);
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
  double most = 0;
  std::string detail;
  for (const int threads : {1, 2, 3}) {
    const std::size_t differing = differing_bits(expected, parameters_after_steps(subject, EngineKind::automatic, threads));
    most = std::max(most, static_cast<double>(differing));
    if (differing > 0) detail += std::to_string(threads) + " threads: " + std::to_string(differing) + " parameters differ; ";
  }
  if (most == 0) detail = std::to_string(kDeterminismSteps) + " steps on 1, 2 and 3 threads equal the reference bit for bit";
  return finding("determinism", most == 0 ? Verdict::passed : Verdict::failed, most, 0, detail);
}

CheckReport run_checks(const Subject& subject) {
  const FirstSteps first = take_first_steps(subject);
  CheckReport report;
  report.checks = {check_gradient(subject), check_determinism(subject), check_initial_loss(subject, first), check_learning_rate(subject, first)};
  report.max_relative_error = report.checks[0].value;
  const auto add = [&](std::vector<CheckItem> items) { report.checks.insert(report.checks.end(), items.begin(), items.end()); };
  add(check_one_batch(subject));
  add(check_units(subject, subject.trained ? subject.parameters : std::span<const float>(first.end.parameters)));
  settle_report(report);
  return report;
}

void settle_report(CheckReport& report) {
  const auto place = [](const CheckItem& item) {
    const auto kinds = finding_kinds();
    return std::find_if(kinds.begin(), kinds.end(), [&](const FindingKind& kind) { return kind.id == item.id; }) - kinds.begin();
  };
  std::stable_sort(report.checks.begin(), report.checks.end(),
                   [&](const CheckItem& a, const CheckItem& b) { return place(a) < place(b); });
  report.passed = std::all_of(report.checks.begin(), report.checks.end(), [](const CheckItem& item) { return item.passed; });
}

}  // namespace chainrule::explain
