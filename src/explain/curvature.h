// The curvature of the loss along the steepest directions, from Hessian-vector products in fp64.
#pragma once

#include <span>
#include <vector>

#include "engine/reference/reference_network.h"

namespace chainrule::explain {

/// The Hessian of a network's loss (with its l2 penalty) at one point, on one batch, as products with vectors: central differences of
/// back-propagated gradients along the direction. Exact up to about 1e-6 relative where the loss is smooth; running statistics stand still.
class Curvature {
 public:
  Curvature(const NetworkSpec& spec, const TrainingSpec& training, std::span<const float> parameters, reference::Batch<double> batch);

  /// H v; both in layout order.
  std::vector<double> times(std::span<const double> v);
  /// dL/dw at the point.
  std::vector<double> gradient() { return gradient_at(point_); }
  std::size_t size() const noexcept { return point_.size(); }

 private:
  std::vector<double> gradient_at(const std::vector<double>& parameters);

  reference::ReferenceNetwork<double> network_;
  reference::Batch<double> batch_;
  std::vector<double> point_;
};

/// Extreme eigenvalues of D^-1/2 H D^-1/2 by `iterations` steps of Lanczos from a fixed random start; `divisor` is D's diagonal, all > 0,
/// empty for H itself.
struct Spectrum { double smallest = 0, largest = 0; };
Spectrum extreme_curvature(Curvature& curvature, std::span<const double> divisor, std::size_t iterations);

}  // namespace chainrule::explain
