// Hessian-vector products and the largest curvature.
#include "explain/curvature.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/counter_rng.h"

namespace chainrule::explain {
namespace {

constexpr double kStep = 1e-4;  // along a unit vector; scaled by the size of the weights

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// A symmetric tridiagonal matrix.
struct Tridiagonal {
  std::vector<double> diagonal, beside;  ///< beside[i] couples i and i + 1

  /// Eigenvalues below x, by Sturm's sequence.
  std::size_t below(double x) const {
    std::size_t count = 0;
    double pivot = 1;
    for (std::size_t i = 0; i < diagonal.size(); ++i) {
      const double coupling = i == 0 ? 0 : beside[i - 1] * beside[i - 1] / pivot;
      pivot = diagonal[i] - x - coupling;
      if (pivot == 0) pivot = -std::numeric_limits<double>::min();
      count += pivot < 0;
    }
    return count;
  }

  /// The eigenvalue number k, from the smallest, by bisection within Gershgorin's bounds.
  double eigenvalue(std::size_t k) const {
    double bound = 0;
    for (std::size_t i = 0; i < diagonal.size(); ++i) {
      const double left = i == 0 ? 0 : std::abs(beside[i - 1]), right = i + 1 == diagonal.size() ? 0 : std::abs(beside[i]);
      bound = std::max(bound, std::abs(diagonal[i]) + left + right);
    }
    double low = -bound, high = bound;
    for (int i = 0; i < 60; ++i) {
      const double middle = (low + high) / 2;
      (below(middle) > k ? high : low) = middle;
    }
    return (low + high) / 2;
  }
};

}  // namespace

Curvature::Curvature(const NetworkSpec& spec, const TrainingSpec& training, std::span<const float> parameters, reference::Batch<double> batch)
    : network_(spec, training, batch.rows()), batch_(std::move(batch)), point_(parameters.begin(), parameters.end()) {}

std::vector<double> Curvature::gradient_at(const std::vector<double>& parameters) {
  network_.parameters() = parameters;
  network_.forward(batch_, engine::Mode::train, {});
  network_.loss(batch_);
  network_.backward();
  std::vector<double> gradient = network_.gradients();
  for (const net::Tensor& tensor : network_.layout().tensors) {
    for (std::size_t i = tensor.info.offset; i < tensor.info.offset + tensor.info.size; ++i) {
      if (!tensor.info.trainable) gradient[i] = 0;
      else if (tensor.decays) gradient[i] += network_.spec().loss.l2 * parameters[i];
    }
  }
  return gradient;
}

std::vector<double> Curvature::times(std::span<const double> v) {
  const double length = std::sqrt(dot(v, v));
  if (!(length > 0)) return std::vector<double>(v.size(), 0.0);
  const double weights = std::sqrt(dot(point_, point_) / static_cast<double>(point_.size()));
  const double step = kStep * std::max(1e-3, weights) / length;
  std::vector<double> ahead = point_, back = point_;
  for (std::size_t i = 0; i < v.size(); ++i) {
    ahead[i] += step * v[i];
    back[i] -= step * v[i];
  }
  std::vector<double> product = gradient_at(ahead);
  const std::vector<double> other = gradient_at(back);
  for (std::size_t i = 0; i < product.size(); ++i) product[i] = (product[i] - other[i]) / (2 * step);
  return product;
}

Spectrum extreme_curvature(Curvature& curvature, std::span<const double> divisor, std::size_t iterations) {
  const std::size_t n = curvature.size();
  std::vector<double> root(divisor.size()), now(n), before(n, 0.0), scaled(n);
  for (std::size_t i = 0; i < root.size(); ++i) root[i] = std::sqrt(divisor[i]);
  for (std::size_t i = 0; i < n; ++i) now[i] = static_cast<double>(draw({17, Purpose::subsample, 0, 0, 0}, static_cast<std::uint32_t>(i))) * 0x1p-31 - 1;
  const double length = std::sqrt(dot(now, now));
  for (double& v : now) v /= length;
  Tridiagonal lanczos;
  for (std::size_t k = 0; k < std::min(iterations, n); ++k) {
    for (std::size_t i = 0; i < n; ++i) scaled[i] = root.empty() ? now[i] : now[i] / root[i];
    std::vector<double> next = curvature.times(scaled);
    for (std::size_t i = 0; i < root.size(); ++i) next[i] /= root[i];
    const double along = dot(next, now);
    lanczos.diagonal.push_back(along);
    const double coupling = lanczos.beside.empty() ? 0 : lanczos.beside.back();
    for (std::size_t i = 0; i < n; ++i) next[i] -= along * now[i] + coupling * before[i];
    const double left = std::sqrt(dot(next, next));
    if (!(left > 1e-12 * std::abs(along))) break;  // the space is exhausted, or nothing bends
    lanczos.beside.push_back(left);
    before = std::move(now);
    now = std::move(next);
    for (double& v : now) v /= left;
  }
  return {lanczos.eigenvalue(0), lanczos.eigenvalue(lanczos.diagonal.size() - 1)};
}

}  // namespace chainrule::explain
