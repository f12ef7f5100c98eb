// L-BFGS for small full-batch problems.
#include "train/lbfgs.h"

#include <cmath>
#include <limits>

namespace chainrule::training {
namespace {

constexpr std::size_t kPairs = 10;
constexpr int kMostTrials = 30;
constexpr double kArmijo = 1e-4, kCurvature = 0.9;

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum = std::fma(a[i], b[i], sum);
  return sum;
}

void add_scaled(std::vector<double>& y, double factor, const std::vector<double>& x) {
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = std::fma(factor, x[i], y[i]);
}

}  // namespace

Lbfgs::Lbfgs(const NetworkSpec& network, const TrainingSpec& training)
    : network_(network), training_(training), layout_(network), gradients_(layout_.size) {
  for (const LayerSpec& layer : network.layers) has_batch_norm_ = has_batch_norm_ || layer.norm == Norm::batch;
}

double Lbfgs::decay(const net::Tensor& tensor, double weight_decay) const {
  const double shared = tensor.decays ? network_.loss.l2 : 0;
  return shared + (tensor.decays || training_.optimizer.decay_all ? weight_decay : 0);
}

void Lbfgs::evaluate(const Place& place, Point& point) {
  place.plan.load(engine::Part::parameters, point.weights);
  place.plan.forward(place.samples, place.rows, engine::Mode::train, place.control);
  point.loss = point.objective = place.plan.loss(place.samples, place.rows);
  place.plan.backward({}, {});
  place.plan.store(engine::Part::gradients, gradients_);
  point.gradient.assign(layout_.size, 0);
  for (const net::Tensor& tensor : layout_.tensors) {
    if (!tensor.info.trainable) continue;
    const double factor = decay(tensor, place.control.update.weight_decay);
    for (std::size_t i = tensor.info.offset; i < tensor.info.offset + tensor.info.size; ++i) {
      const double w = static_cast<double>(point.weights[i]);
      point.gradient[i] = std::fma(factor, w, static_cast<double>(gradients_[i]));
      point.objective = std::fma(0.5 * factor * w, w, point.objective);
    }
  }
}

// The two loops: gradient times the inverse Hessian that the pairs imply, negated.
std::vector<double> Lbfgs::direction(const std::vector<double>& gradient) const {
  std::vector<double> q = gradient;
  const std::size_t count = pairs_.steps.size();
  std::vector<double> alpha(count);
  for (std::size_t i = count; i-- > 0;) {
    alpha[i] = dot(pairs_.steps[i], q) / dot(pairs_.steps[i], pairs_.changes[i]);
    add_scaled(q, -alpha[i], pairs_.changes[i]);
  }
  if (count > 0) {
    const std::vector<double>&s = pairs_.steps.back(), &y = pairs_.changes.back();
    const double scale = dot(s, y) / dot(y, y);
    for (double& element : q) element *= scale;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const double beta = dot(pairs_.changes[i], q) / dot(pairs_.steps[i], pairs_.changes[i]);
    add_scaled(q, alpha[i] - beta, pairs_.steps[i]);
  }
  for (double& element : q) element = -element;
  return q;
}

bool Lbfgs::search(const Place& place, const Point& from, const std::vector<double>& along, double first,
                   Point& found) {
  const double slope = dot(from.gradient, along);
  double low = 0, high = std::numeric_limits<double>::infinity(), length = first;
  bool any = false;
  Point trial;
  for (int i = 0; i < kMostTrials; ++i) {
    trial.weights = from.weights;
    for (std::size_t k = 0; k < along.size(); ++k) {
      if (along[k] != 0)
        trial.weights[k] = static_cast<float>(std::fma(length, along[k], static_cast<double>(from.weights[k])));
    }
    evaluate(place, trial);
    const bool lower = trial.objective <= from.objective + kArmijo * length * slope;  // false when not a number
    if (!lower) {
      high = length;
    } else {
      found = trial;
      any = true;
      if (dot(trial.gradient, along) >= kCurvature * slope) return true;
      low = length;
    }
    length = std::isinf(high) ? 2 * low : 0.5 * (low + high);
  }
  return any;
}

// The batch is all rows, so its statistics at the new weights are those to predict with. Every trial has loaded the old ones back.
void Lbfgs::become_statistics(const Place& place) {
  engine::StepControl control = place.control;
  control.running_share = 1;
  place.plan.forward(place.samples, place.rows, engine::Mode::train, control);
}

void Lbfgs::remember(const Point& from, const Point& to) {
  std::vector<double> step(layout_.size, 0), change(layout_.size, 0);
  for (std::size_t i = 0; i < layout_.size; ++i) {
    change[i] = to.gradient[i] - from.gradient[i];
    step[i] = static_cast<double>(to.weights[i]) - static_cast<double>(from.weights[i]);
  }
  for (const net::Tensor& tensor : layout_.tensors) {
    if (tensor.info.trainable) continue;
    for (std::size_t i = 0; i < tensor.info.size; ++i) step[tensor.info.offset + i] = 0;
  }
  if (!(dot(step, change) > 1e-14 * dot(change, change)))
    return;  // no positive curvature: the pair would spoil the direction
  pairs_.steps.push_back(std::move(step));
  pairs_.changes.push_back(std::move(change));
  if (pairs_.steps.size() <= kPairs) return;
  pairs_.steps.erase(pairs_.steps.begin());
  pairs_.changes.erase(pairs_.changes.begin());
}

StepResult Lbfgs::step(engine::Plan& plan, const Samples& samples, std::span<const std::uint32_t> rows,
                       const engine::StepControl& control) {
  const Place place{plan, samples, rows, control};
  Point from, to;
  from.weights.resize(layout_.size);
  plan.store(engine::Part::parameters, from.weights);
  evaluate(place, from);
  const double norm = std::sqrt(dot(from.gradient, from.gradient));
  if (!std::isfinite(from.loss) || !std::isfinite(norm)) return {from.loss, false, norm};
  if (norm == 0) return {from.loss, true, norm};
  const std::vector<double> along = direction(from.gradient);
  const double first = pairs_.steps.empty() ? 1 / std::max(1.0, norm) : 1;
  if (search(place, from, along, first, to)) {
    remember(from, to);
    plan.load(engine::Part::parameters, to.weights);
  } else {
    pairs_ = {};
    plan.load(engine::Part::parameters, from.weights);
  }
  if (has_batch_norm_) become_statistics(place);
  return {from.loss, true, norm};
}

}  // namespace chainrule::training
