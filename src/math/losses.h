// Every loss: value and slope with respect to the network's outputs, for scalars and vectors alike.
#pragma once

#include <cstddef>
#include <type_traits>

#include "math/activations.h"

namespace chainrule::math {

/// Network outputs per target column: gaussian_nll has first all means, then all log variances. cross_entropy:
/// outputs = classes.
constexpr std::size_t outputs_per_target(Loss kind) noexcept { return kind == Loss::gaussian_nll ? 2 : 1; }
/// Target values of a row of y for `outputs` network outputs.
constexpr std::size_t target_count(Loss kind, std::size_t outputs) noexcept { return outputs / outputs_per_target(kind); }
/// Losses computed with loss_term; the other two have functions of their own below.
constexpr bool is_elementwise(Loss kind) noexcept { return kind != Loss::gaussian_nll && kind != Loss::cross_entropy; }
/// What LossSpec::parameter = 0 stands for: delta of huber, the quantile of quantile, else 0.
constexpr double default_loss_parameter(Loss kind) noexcept {
  return kind == Loss::huber ? 1 : kind == Loss::quantile ? 0.5 : 0;
}

/// sign(0) = 0; NaN gives 0.
template <class V>
[[gnu::always_inline]] inline V sign(V x) {
  const V zero = constant<V>(0), one = constant<V>(1);
  return select(less(zero, x), one, select(less(x, zero), -one, zero));
}

/// Loss of one output z against its target t, and its slope in z. At kinks (absolute, quantile, hinge) the slope is 0.
/// binary_cross_entropy: z is a logit, t in [0, 1]. hinge: t in {0, 1} stands for {-1, +1}. poisson: log link, e^z -
/// t*z.
template <Loss L, class V>
[[gnu::always_inline]] inline ValueSlope<V> loss_term(V z, V target, [[maybe_unused]] V parameter) {
  const V zero = constant<V>(0), one = constant<V>(1), half = constant<V>(0.5);
  const V difference = z - target;
  if constexpr (L == Loss::squared_error) {
    return {difference * difference, difference + difference};
  } else if constexpr (L == Loss::absolute_error) {
    return {abs(difference), sign(difference)};
  } else if constexpr (L == Loss::huber) {
    const V size = abs(difference), slope = clamp(difference, -parameter, parameter);
    const auto linear = less(parameter, size);
    return {select(linear, parameter * fma(parameter, -half, size), half * difference * difference), slope};
  } else if constexpr (L == Loss::quantile) {
    const auto above = less(zero, difference);  // predicted too high: costs 1 - quantile per unit, too low: quantile
    const V slope = select(above, one - parameter, -parameter);
    return {difference * slope, select(equal(difference, zero), zero, slope)};
  } else if constexpr (L == Loss::poisson) {
    const V rate = exp(z);
    return {fma(-target, z, rate), rate - target};
  } else if constexpr (L == Loss::binary_cross_entropy) {
    return {fma(-target, z, softplus(z)), sigmoid(z) - target};
  } else {
    static_assert(L == Loss::hinge, "gaussian_nll and cross_entropy have functions of their own");
    const V side = fma(constant<V>(2), target, -one);
    const V margin = fma(-side, z, one);
    return {max(zero, margin), select(less(zero, margin), -side, zero)};
  }
}

/// Negative log-likelihood of target under N(mean, e^log_variance): (log_variance + (mean - t)^2 e^-log_variance +
/// log 2 pi) / 2.
template <class V>
struct GaussianLoss {
  V value, mean_slope, log_variance_slope;
};
template <class V>
[[gnu::always_inline]] inline GaussianLoss<V> gaussian_nll(V mean, V log_variance, V target) {
  const V half = constant<V>(0.5), difference = mean - target;
  const V precision = exp(-log_variance);
  const V scaled = difference * precision, square = difference * scaled;
  return {fma(half, log_variance + square, constant<V>(0.91893853320467274)), scaled, fma(square, -half, half)};
}

// Cross-entropy of one row, docs/arithmetic.md item 7, step by step: M = max z (o ascending, max(M, z)); e =
// softmax_power(z, M);
// S = chain of e; the loss is a chain from 0 of add_cross_entropy with log S; the slope cross_entropy_slope.
template <class V>
[[gnu::always_inline]] inline V softmax_power(V z, V maximum) {
  return exp(z - maximum);
}
/// loss + t*(log S + (M - z)): M - z is exact for nearby scores however large, (log S + M) would drown log S. Unchanged where t is 0, so that
/// an impossible class with z = -inf costs nothing.
template <class V>
[[gnu::always_inline]] inline V add_cross_entropy(V loss, V target, V z, V log_sum, V maximum) {
  return select(equal(target, constant<V>(0)), loss, loss + target * (log_sum + (maximum - z)));
}
template <class V>
[[gnu::always_inline]] inline V cross_entropy_slope(V power, V sum, V target) {
  return power / sum - target;
}

/// Label smoothing by s over C classes (C = 2 for binary_cross_entropy): t becomes (1 - s)*t + s/C. Exactly t when s
/// = 0.
template <class V>
[[gnu::always_inline]] inline V smooth_target(V target, double smoothing, std::size_t classes) {
  return fma(constant<V>(1 - smoothing), target, constant<V>(smoothing / static_cast<double>(classes)));
}

/// The row's loss; gradient[o] becomes its slope (not yet weighted). `targets` are probabilities, already smoothed.
/// Scalars only.
template <class T>
T cross_entropy_row(const T* z, const T* targets, std::size_t outputs, T* gradient) {
  T maximum = z[0], sum = 0, loss = 0;
  for (std::size_t o = 1; o < outputs; ++o) maximum = max(maximum, z[o]);
  for (std::size_t o = 0; o < outputs; ++o) sum = sum + (gradient[o] = softmax_power(z[o], maximum));
  const T log_sum = log(sum);
  for (std::size_t o = 0; o < outputs; ++o) {
    loss = add_cross_entropy(loss, targets[o], z[o], log_sum, maximum);
    gradient[o] = cross_entropy_slope(gradient[o], sum, targets[o]);
  }
  return loss;
}

/// f(std::integral_constant<Loss, L>{}) for the L that equals `kind`, gaussian_nll and cross_entropy included.
template <class F>
[[gnu::always_inline]] inline decltype(auto) with_loss(Loss kind, F&& f) {
  using enum Loss;
  switch (kind) {
    case squared_error: break;
    case absolute_error: return f(std::integral_constant<Loss, absolute_error>{});
    case huber: return f(std::integral_constant<Loss, huber>{});
    case quantile: return f(std::integral_constant<Loss, quantile>{});
    case poisson: return f(std::integral_constant<Loss, poisson>{});
    case gaussian_nll: return f(std::integral_constant<Loss, gaussian_nll>{});
    case binary_cross_entropy: return f(std::integral_constant<Loss, binary_cross_entropy>{});
    case cross_entropy: return f(std::integral_constant<Loss, cross_entropy>{});
    case hinge: return f(std::integral_constant<Loss, hinge>{});
  }
  return f(std::integral_constant<Loss, squared_error>{});
}

}  // namespace chainrule::math
