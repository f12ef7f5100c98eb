// Learning a handful of rows by heart.
#include "explain/one_batch.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/plan.h"
#include "explain/finding_kinds.h"
#include "math/losses.h"
#include "net/initial_parameters.h"

namespace chainrule::explain {
namespace {

using engine::Part;
using engine::StepControl;

constexpr std::uint64_t kSteps = 400;
constexpr double kLimit = 0.1;
constexpr std::size_t kRowsToChooseFrom = 2000;

/// Rows copied together, so that their inputs can be replaced.
struct OwnRows {
  std::vector<float> x, y;
  std::vector<std::int32_t> labels;
  Samples samples;

  OwnRows(const Samples& from, std::span<const std::uint32_t> rows, bool zeroed) {
    for (const std::uint32_t row : rows) {
      const float* inputs = from.x + row * from.inputs;
      if (zeroed) x.resize(x.size() + from.inputs, 0.0f);
      else x.insert(x.end(), inputs, inputs + from.inputs);
      if (from.y != nullptr) y.insert(y.end(), from.y + row * from.targets, from.y + (row + 1) * from.targets);
      if (from.labels != nullptr) labels.push_back(from.labels[row]);
    }
    samples = {x.data(), from.y ? y.data() : nullptr, from.labels ? labels.data() : nullptr, nullptr, nullptr,
               rows.size(), from.inputs, from.targets};
  }
  OwnRows(const OwnRows&) = delete;
};

bool same_inputs(const Samples& s, std::uint32_t a, std::uint32_t b) {
  return std::memcmp(s.x + a * s.inputs, s.x + b * s.inputs, s.inputs * sizeof(float)) == 0;
}

bool same_target(const Samples& s, std::uint32_t a, std::uint32_t b) {
  if (s.labels != nullptr) return s.labels[a] == s.labels[b];
  return std::equal(s.y + a * s.targets, s.y + (a + 1) * s.targets, s.y + b * s.targets);
}

/// Rows that all differ in their inputs (equal ones could not be told apart) and not all agree in their target.
std::vector<std::uint32_t> distinct_rows(const Subject& subject, std::size_t most) {
  const Samples& s = subject.samples;
  std::vector<std::uint32_t> chosen;
  for (const std::uint32_t row : rows_to_look_at(subject, kRowsToChooseFrom)) {
    const bool repeated = std::any_of(chosen.begin(), chosen.end(), [&](std::uint32_t other) { return same_inputs(s, row, other); });
    if (repeated) continue;
    const bool last = chosen.size() + 1 == most;
    const bool all_agree = !chosen.empty() && std::all_of(chosen.begin(), chosen.end(), [&](auto other) { return same_target(s, row, other); });
    if (last && all_agree) continue;
    chosen.push_back(row);
    if (chosen.size() == most) break;
  }
  return chosen;
}

/// The lowest loss any outputs could reach: entropy-like for poisson; one unit below the start for gaussian_nll, which has no floor.
double lowest_loss(const NetworkSpec& spec, const reference::Batch<double>& batch, double start) {
  if (spec.loss.kind == Loss::gaussian_nll) return start - 1;
  if (spec.loss.kind != Loss::poisson) return 0;
  double sum = 0;
  for (std::size_t r = 0; r < batch.rows(); ++r) {
    for (std::size_t o = 0; o < batch.y.columns; ++o) {
      const double t = batch.y(r, o);
      sum += t > 0 ? batch.weights[r] * (t - t * std::log(t)) / static_cast<double>(batch.y.columns) : 0;
    }
  }
  return sum / static_cast<double>(std::max<std::size_t>(1, batch.rows()));
}

struct Task {
  const NetworkSpec& spec;
  const TrainingSpec& training;
  std::span<const float> start;
  double enough;  ///< training may end below this
};

/// Adam's lowest loss within kSteps at this learning rate.
double lowest_after_training(const Task& task, const Samples& samples, double learning_rate) {
  std::vector<std::uint32_t> rows(samples.rows);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::uint32_t>(i);
  PlanOptions options;
  options.threads = 1;
  options.max_batch = rows.size();
  const std::unique_ptr<engine::Plan> plan = engine::make_plan(task.spec, task.training, options);
  plan->load(Part::parameters, task.start);
  double best = INFINITY;
  for (std::uint64_t t = 1; t <= kSteps && best > task.enough; ++t) {
    StepControl control;
    control.step = t;
    control.update = math::update_constants(task.training.optimizer, t, learning_rate, 0);
    const StepResult result = plan->step(samples, rows, control);
    if (!result.finite) break;
    best = std::min(best, result.loss);
  }
  return best;
}

/// The best of a few rates; `rate` is the one that did it.
double lowest_at_any_rate(const Task& task, const Samples& samples, double& rate) {
  double best = INFINITY;
  for (const double tried : {3e-3, 1e-2, 3e-2, 1e-3}) {
    if (best <= task.enough) break;
    const double reached = lowest_after_training(task, samples, tried);
    if (!(reached < best)) continue;
    best = reached;
    rate = tried;
  }
  return best;
}

/// Few enough rows that the network's parameters could hold them.
std::size_t memorable_rows(const NetworkSpec& spec) {
  const std::size_t parameters = net::ParameterLayout(spec).size;
  return std::clamp<std::size_t>(parameters / spec.outputs() / 2, 2, 16);
}

CheckItem overfit_item(double start, double lowest, double best, std::size_t rows) {
  const double left = start > lowest ? (best - lowest) / (start - lowest) : 0;
  const bool passed = left <= kLimit;
  return finding("overfit_one_batch", passed ? Verdict::passed : Verdict::failed, left, kLimit,
                 std::to_string(rows) + " rows: loss " + number_words(start) + " -> " + number_words(best));
}

CheckItem zero_inputs_item(double start, double lowest, double best, double without) {
  const double limit = without - kLimit * std::abs(without - lowest);
  return finding("zero_inputs", best < limit ? Verdict::passed : Verdict::failed, best, limit,
                 "loss " + number_words(start) + " -> " + number_words(best) + " with the inputs, " + number_words(without) + " with zeros");
}

}  // namespace

std::vector<CheckItem> check_one_batch(const Subject& subject) {
  const NetworkSpec spec = without_regularisation(subject.network);
  TrainingSpec training;
  training.seed = subject.training.seed;
  training.optimizer = default_optimizer("adam");
  const std::vector<std::uint32_t> rows = distinct_rows(subject, memorable_rows(spec));
  if (rows.size() < 2) {
    return {finding("overfit_one_batch", Verdict::warning, 1, kLimit, "all rows looked at have the same inputs: nothing can be learned"),
            finding("zero_inputs", Verdict::failed, 0, 0, "all rows looked at have the same inputs")};
  }
  const OwnRows real(subject.samples, rows, false), zeroed(subject.samples, rows, true);
  const std::vector<float> from = start_of(subject);
  std::vector<std::uint32_t> all(rows.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint32_t>(i);
  reference::Batch<double> batch;
  reference::gather(real.samples, all, batch);
  const double start = fp64_loss(spec, from, batch), lowest = lowest_loss(spec, batch, start);
  const bool bottomless = spec.loss.kind == Loss::gaussian_nll;
  const Task task{spec, training, from, bottomless ? -INFINITY : lowest + 0.5 * kLimit * (start - lowest)};
  double rate = 3e-3;
  const double best = lowest_at_any_rate(task, real.samples, rate);
  const double without = lowest_after_training(task, zeroed.samples, rate);
  return {overfit_item(start, lowest, best, rows.size()), zero_inputs_item(start, lowest, best, without)};
}

}  // namespace chainrule::explain
