// Finite differences that step aside from kinks: a step is used only when no unit and no loss term changes its branch.
#include "engine/reference/gradient_check.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "math/losses.h"

namespace chainrule::reference {
namespace {

using Branches = std::vector<signed char>;

signed char side(double value, double limit) { return value > limit ? 1 : value < -limit ? -1 : 0; }

/// Which piece of a piecewise activation n lies on; 0 for smooth ones. Jumps of the second derivative count as well.
signed char activation_branch(Activation kind, double n) {
  switch (kind) {
    case Activation::relu:
    case Activation::leaky_relu:
    case Activation::prelu:
    case Activation::elu:
    case Activation::selu:
    case Activation::celu:
    case Activation::softsign: return side(n, 0);
    case Activation::hard_tanh: return side(n, 1);
    case Activation::hard_sigmoid: return side(n, 3);
    case Activation::gelu_tanh: return side(n, 10);
    case Activation::mish: return n > 20;
    default: return 0;
  }
}

signed char loss_branch(const LossSpec& loss, double z, double target) {
  switch (loss.kind) {
    case Loss::absolute_error:
    case Loss::quantile: return side(z - target, 0);
    case Loss::huber: return side(z - target, loss.parameter > 0 ? loss.parameter : 1);
    case Loss::hinge: return 1 - (2 * target - 1) * z > 0;
    default: return 0;
  }
}

void collect_branches(const ReferenceNetwork<double>& network, Branches& branches) {
  branches.clear();
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const Activation kind = network.spec().layers[l].activation;
    for (const double n : network.layers()[l].n.values) branches.push_back(activation_branch(kind, n));
  }
  const Matrix<double>& z = network.layers().back().a;
  const Matrix<double>& t = network.targets();
  for (std::size_t r = 0; r < t.rows; ++r) {
    for (std::size_t o = 0; o < t.columns; ++o) branches.push_back(loss_branch(network.spec().loss, z(r, o), t(r, o)));
  }
}

/// The derivative of the loss by one number at a time.
class Differences {
 public:
  Differences(ReferenceNetwork<double>& network, const Batch<double>& batch, const StepControl& control)
      : network_(network), batch_(batch), control_(control), loss_(loss_and_branches(base_)) {}

  Batch<double>& batch() { return batch_; }
  double loss() const { return loss_; }

  /// The smallest relative error that any usable step shows; negative when all of them cross a kink.
  double relative_error(double& number, double claimed, double& measured) {
    double best = -1;
    for (const double step : {1e-3, 1e-4, 1e-5, 1e-6}) {
      const double h = step * std::max(1.0, std::abs(number));
      double slope = 0;
      if (!five_points(number, h, slope)) continue;
      // Rounding of the loss blurs the slope by about 1e-15 * loss / h; what is smaller than 1e7 times that is judged absolutely.
      const double floor = 1e-8 * std::max(1.0, std::abs(loss_)) / h;
      const double error = std::abs(claimed - slope) / std::max({std::abs(claimed), std::abs(slope), floor});
      if (best >= 0 && !(error < best)) continue;
      best = std::isnan(error) ? INFINITY : error;
      measured = slope;
      if (best < 1e-7) break;
    }
    return best;
  }

 private:
  double loss_and_branches(Branches& branches) {
    network_.forward(batch_, Mode::train, control_);
    const double loss = network_.loss(batch_);
    collect_branches(network_, branches);
    return loss;
  }

  /// Central difference of fourth order. False when a point lies on another branch than the middle.
  bool five_points(double& number, double h, double& slope) {
    const double middle = number;
    double values[4];
    bool same = true;
    for (int i = 0; i < 4 && same; ++i) {
      number = middle + h * (i < 2 ? i - 2 : i - 1);
      values[i] = loss_and_branches(here_);
      same = here_ == base_;
    }
    number = middle;
    if (same) slope = (8 * (values[2] - values[1]) - (values[3] - values[0])) / (12 * h);
    return same;
  }

  ReferenceNetwork<double>& network_;
  Batch<double> batch_;
  StepControl control_;
  Branches base_, here_;
  double loss_;
};

void record(GradientCheck& result, double error, const std::string& place, double claimed, double measured) {
  if (error < 0) {
    ++result.at_kinks;
    return;
  }
  ++result.checked;
  if (error <= result.max_relative_error) return;
  std::ostringstream text;
  text.precision(12);
  text << place << ": back-propagated " << claimed << ", measured " << measured;
  result.max_relative_error = error;
  result.worst = text.str();
}

/// Element i of `count` evenly spaced ones among `size`.
std::size_t spaced(std::size_t i, std::size_t count, std::size_t size) { return i * size / count; }
std::size_t limited(std::size_t size, std::size_t limit) { return limit == 0 ? size : std::min(size, limit); }

}  // namespace

ClaimedGradients back_propagate(ReferenceNetwork<double>& network, const Batch<double>& batch, const StepControl& control) {
  const std::vector<double> parameters = network.parameters();
  network.forward(batch, Mode::train, control);
  network.loss(batch);
  network.backward(true);
  network.parameters() = parameters;  // forward moved the running statistics
  return {network.gradients(), network.input().dx};
}

GradientCheck check_gradients(ReferenceNetwork<double>& network, const Batch<double>& batch, const StepControl& control,
                              const ClaimedGradients& claimed, const GradientCheckSize& size) {
  const std::vector<double> parameters = network.parameters();
  GradientCheck result;
  Differences differences(network, batch, control);
  double measured = 0;
  for (const net::Tensor& tensor : network.layout().tensors) {
    if (!tensor.info.trainable) continue;
    const std::size_t count = limited(tensor.info.size, size.per_tensor);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t at = spaced(i, count, tensor.info.size), j = tensor.info.offset + at;
      const double error = differences.relative_error(network.parameters()[j], claimed.parameters[j], measured);
      record(result, error, tensor.info.name + "[" + std::to_string(at) + "]", claimed.parameters[j], measured);
    }
  }
  Matrix<double>& x = differences.batch().x;
  const std::size_t count = limited(x.values.size(), size.inputs);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = spaced(i, count, x.values.size());
    const double error = differences.relative_error(x.values[at], claimed.inputs.values[at], measured);
    const std::string place = "inputs[" + std::to_string(at / x.columns) + ", " + std::to_string(at % x.columns) + "]";
    record(result, error, place, claimed.inputs.values[at], measured);
  }
  network.parameters() = parameters;
  return result;
}

}  // namespace chainrule::reference
