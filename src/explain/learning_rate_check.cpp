// The learning rate against the stability limit, and against what the first steps did.
#include "explain/learning_rate_check.h"

#include <algorithm>
#include <cmath>

#include "explain/curvature.h"
#include "explain/finding_kinds.h"
#include "math/optimizers.h"

namespace chainrule::explain {
namespace {

constexpr double kCurvatureBudget = 1.5e9;  // multiply-adds in fp64: a few seconds
constexpr std::size_t kCurvatureIterations = 16;
constexpr double kSpike = 30;  // times the usual loss: no start recovers from that unharmed
constexpr double kSmallestShare = 1e-3;  // of the root mean square divisor: weights without gradient yet do not count as free to fly

/// The state vector that holds the mean or sum of squared gradients, or adamax's largest gradient; -1: none.
int second_moment_index(const OptimizerSpec& spec) {
  switch (spec.kind) {
    case Optimizer::rmsprop:
    case Optimizer::adagrad: return 0;
    case Optimizer::adam:
    case Optimizer::adamw:
    case Optimizer::nadam:
    case Optimizer::radam:
    case Optimizer::adamax: return 1;
    default: return -1;
  }
}

/// Of a quadratic under heavy ball, Nesterov or an exponential mean with factor b.
double momentum_factor(const OptimizerSpec& spec) {
  switch (spec.kind) {
    case Optimizer::adam:
    case Optimizer::adamw:
    case Optimizer::nadam:
    case Optimizer::radam:
    case Optimizer::adamax: return 2 * (1 + spec.beta1) / (1 - spec.beta1);
    default: break;
  }
  const double b = spec.momentum;
  if (b == 0) return 2;
  if (spec.form == MomentumForm::nesterov) return 2 * (1 + b) / (1 + 2 * b);
  if (spec.form == MomentumForm::ema && spec.kind == Optimizer::momentum) return 2 * (1 + b) / (1 - b);
  return 2 * (1 + b);
}

double lambda_max(const Subject& subject, std::span<const float> parameters, std::span<const double> divisor) {
  const double each = 6.0 * static_cast<double>(parameters.size() * kCurvatureIterations);
  const auto rows = rows_to_look_at(subject, static_cast<std::size_t>(std::clamp(kCurvatureBudget / each, 4.0, 256.0)));
  reference::Batch<double> batch;
  reference::gather(subject.samples, rows, batch);
  Curvature curvature(without_regularisation(subject.network), subject.training, parameters, std::move(batch));
  return extreme_curvature(curvature, divisor, kCurvatureIterations).largest;
}

double ignorant_loss(const Subject& subject) {
  reference::Batch<double> batch;
  reference::gather(subject.samples, rows_to_look_at(subject, 256), batch);
  const NetworkSpec spec = without_regularisation(subject.network);
  return fp64_loss(spec, knowing_nothing(spec, start_of(subject)), batch);
}

struct Course {
  double begin = 0, end = 0, peak = 0, ignorant = 0;
  double harmless_end = 0, harmless_peak = 0;
  bool blew_up = false, fell = false;
};

Course course_of(const Subject& subject, const FirstSteps& first) {
  Course course;
  course.ignorant = ignorant_loss(subject);
  if (!first.losses.empty()) {
    course.begin = first.losses.front();
    course.end = loss_at_end(first);
    course.peak = *std::max_element(first.losses.begin(), first.losses.end());
  }
  const double usual = std::max({course.ignorant, course.begin, 1.0});
  course.harmless_end = usual + 3 * std::max(1.0, std::abs(course.ignorant));
  course.harmless_peak = kSpike * usual;
  course.blew_up = !first.finite || !(course.end < course.harmless_end) || course.peak > course.harmless_peak;
  course.fell = course.end < course.begin;
  return course;
}

std::string course_words(const FirstSteps& first, const Course& course) {
  if (!first.finite) return "after " + std::to_string(first.losses.size()) + " steps a value was no longer finite";
  return "in " + std::to_string(first.losses.size()) + " steps the loss went from " + number_words(course.begin) + " over " +
         number_words(course.peak) + " to " + number_words(course.end);
}

CheckItem titled(CheckItem item, const char* title) {
  item.title = title;
  return item;
}

/// What decides is the number: the rate over its limit, or the loss that the first steps came to.
CheckItem verdict_on(const Subject& subject, const FirstSteps& first, const Course& course, double ratio, std::string detail) {
  if (course.blew_up) {
    const bool at_end = first.finite && !(course.end < course.harmless_end);
    const double value = !first.finite ? HUGE_VAL : at_end ? course.end : course.peak;
    if (first.finite) detail += "; knowing nothing costs " + number_words(course.ignorant);
    return titled(finding("learning_rate", subject.trained ? Verdict::warning : Verdict::failed, value,
                          at_end ? course.harmless_end : course.harmless_peak, detail),
                  "the first steps blow up");
  }
  if (!(ratio > 1)) return finding("learning_rate", Verdict::passed, ratio, 1, detail);
  if (course.fell) {
    return titled(finding("learning_rate", Verdict::passed, course.end, course.begin, "rate over limit " + number_words(ratio) + "; " + detail),
                  "the learning rate is above its stability limit, and the loss falls all the same");
  }
  return titled(finding("learning_rate", Verdict::warning, ratio, 1, detail), "the learning rate is above its stability limit, and the loss does not fall");
}

}  // namespace

StabilityLimit stability_limit(const TrainingSpec& training, const training::Snapshot& state) {
  const OptimizerSpec& spec = training.optimizer;
  StabilityLimit limit;
  const bool none = spec.kind == Optimizer::lion || spec.kind == Optimizer::lbfgs || spec.kind == Optimizer::adadelta;
  if (none) return limit;
  limit.factor = momentum_factor(spec);
  const int index = second_moment_index(spec);
  if (index < 0) return limit;
  const math::UpdateConstants c = math::update_constants(spec, std::max<std::uint64_t>(1, state.progress.step), spec.learning_rate, 0);
  const std::vector<float>& moments = state.optimizer_state[static_cast<std::size_t>(index)];
  limit.divisor.reserve(moments.size());
  double squares = 0;
  for (const float v : moments) {
    const double root = spec.kind == Optimizer::adamax ? static_cast<double>(v) : std::sqrt(static_cast<double>(v) * c.second_scale + c.inside);
    limit.divisor.push_back(root + c.outside);
    squares += root * root;
  }
  const double floor = kSmallestShare * std::sqrt(squares / static_cast<double>(std::max<std::size_t>(1, moments.size()))) + 1e-30;
  for (double& d : limit.divisor) d = std::max(d, floor);
  return limit;
}

CheckItem check_learning_rate(const Subject& subject, const FirstSteps& first) {
  const Course course = course_of(subject, first);
  const StabilityLimit limit = stability_limit(subject.training, first.end);
  const double rate = subject.training.optimizer.learning_rate;
  std::string detail;
  double ratio = 0;
  if (limit.factor > 0) {
    const double lambda = lambda_max(subject, first.end.parameters, limit.divisor);
    if (lambda > 0) ratio = rate * lambda / limit.factor;
    detail = "rate " + number_words(rate) + ", limit " + (lambda > 0 ? number_words(limit.factor / lambda) : "none") + "; ";
  }
  return verdict_on(subject, first, course, ratio, detail + course_words(first, course));
}

}  // namespace chainrule::explain
