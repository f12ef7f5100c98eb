// Every activation: value and slope of one element together, for scalars and vectors alike.
#pragma once

#include <type_traits>

#include "chainrule/kinds.h"
#include "math/elementary.h"

namespace chainrule::math {

template <class V>
struct ValueSlope {
  V value, slope;
};

/// What LayerSpec::activation_parameter = 0 stands for: the slope of leaky_relu and prelu, alpha of elu and celu,
/// else 0.
constexpr double default_activation_parameter(Activation kind) noexcept {
  switch (kind) {
    case Activation::leaky_relu: return 0.01;
    case Activation::prelu: return 0.25;
    case Activation::elu:
    case Activation::celu: return 1;
    default: return 0;
  }
}

inline constexpr double kSeluScale = 1.0507009873554804934193349852946;  // Klambauer et al. 2017, section 2
inline constexpr double kSeluAlpha = 1.6732632423543772848170429916717;

namespace activation_parts {

template <class V>
[[gnu::always_inline]] inline ValueSlope<V> rectify(V z, V negative_value, V negative_slope) {
  const auto positive = less(constant<V>(0), z);
  return {select(positive, z, negative_value), select(positive, constant<V>(1), negative_slope)};
}

/// z * Phi(z); slope Phi(z) + z * phi(z).
template <class V>
[[gnu::always_inline]] inline ValueSlope<V> gelu(V z) {
  const V half = constant<V>(0.5);
  const V phi = fma(erf(z * constant<V>(0.70710678118654752)), half, half);
  const V density = exp(z * z * constant<V>(-0.5)) * constant<V>(0.39894228040143268);
  return {z * phi, fma(z, density, phi)};
}

/// z/2 * (1 + tanh(u)), u = sqrt(2/pi) * (z + 0.044715 z^3); beyond |z| = 10 the tanh is exactly +-1, so u is taken
/// there.
template <class V>
[[gnu::always_inline]] inline ValueSlope<V> gelu_tanh(V z) {
  const V half = constant<V>(0.5), one = constant<V>(1), root = constant<V>(0.79788456080286536);
  const V limited = clamp(z, constant<V>(-10), constant<V>(10));
  const V square = limited * limited;
  const V t = tanh(root * limited * fma(square, constant<V>(0.044715), one));
  const V phi = fma(t, half, half);
  const V inner = root * fma(square, constant<V>(3 * 0.044715), one);
  return {z * phi, fma(half * limited * fma(-t, t, one), inner, phi)};
}

/// z * tanh(log(1 + n)), n = e^z: with w = n^2 + 2n that is z * w/(w+2); 1 - tanh^2 = 4(w+1)/(w+2)^2. Beyond 20 it is
/// z.
template <class V>
[[gnu::always_inline]] inline ValueSlope<V> mish(V z) {
  const V one = constant<V>(1), two = constant<V>(2), limit = constant<V>(20);
  const V n = exp(min(limit, z));
  const V w = n * (n + two), inverse = one / (w + two);
  const V t = w * inverse;
  const V bend = constant<V>(4) * (w + one) * inverse * inverse * (n / (one + n));
  const auto linear = less(limit, z);
  return {select(linear, z, z * t), select(linear, one, fma(z, bend, t))};
}

}  // namespace activation_parts

/// parameter: as default_activation_parameter() says; ignored by the others. NaN gives NaN.
/// Slopes at kinks: relu, hard_tanh and hard_sigmoid 0; leaky_relu and prelu the parameter; elu alpha; selu
/// scale*alpha; celu 1.
template <Activation A, class V>
[[gnu::always_inline]] inline ValueSlope<V> activate(V z, [[maybe_unused]] V parameter) {
  using namespace activation_parts;
  const V zero = constant<V>(0), one = constant<V>(1);
  if constexpr (A == Activation::identity) {
    return {z, one};
  } else if constexpr (A == Activation::relu) {
    return {max(zero, z), select(less(zero, z), one, zero)};
  } else if constexpr (A == Activation::leaky_relu || A == Activation::prelu) {
    return rectify(z, parameter * z, parameter);
  } else if constexpr (A == Activation::elu) {
    const V power = expm1(z);
    return rectify(z, parameter * power, fma(parameter, power, parameter));
  } else if constexpr (A == Activation::selu) {
    const V power = expm1(z), scale = constant<V>(kSeluScale), both = constant<V>(kSeluScale * kSeluAlpha);
    const auto positive = less(zero, z);
    return {select(positive, scale * z, both * power), select(positive, scale, fma(both, power, both))};
  } else if constexpr (A == Activation::celu) {
    const V power = expm1(z / parameter);
    return rectify(z, parameter * power, power + one);
  } else if constexpr (A == Activation::gelu) {
    return gelu(z);
  } else if constexpr (A == Activation::gelu_tanh) {
    return gelu_tanh(z);
  } else if constexpr (A == Activation::silu) {
    const V s = sigmoid(z), value = z * s;
    return {value, fma(value, one - s, s)};
  } else if constexpr (A == Activation::mish) {
    return mish(z);
  } else if constexpr (A == Activation::tanh) {
    const V t = chainrule::math::tanh(z);
    return {t, fma(-t, t, one)};
  } else if constexpr (A == Activation::sigmoid) {
    const V s = chainrule::math::sigmoid(z);
    return {s, s * (one - s)};
  } else if constexpr (A == Activation::hard_tanh) {
    return {clamp(z, -one, one), select(less(abs(z), one), one, zero)};
  } else if constexpr (A == Activation::hard_sigmoid) {
    const V sixth = constant<V>(1.0 / 6), half = constant<V>(0.5);
    return {clamp(fma(z, sixth, half), zero, one), select(less(abs(z), constant<V>(3)), sixth, zero)};
  } else if constexpr (A == Activation::softplus) {
    return {chainrule::math::softplus(z), chainrule::math::sigmoid(z)};
  } else {
    static_assert(A == Activation::softsign);
    const V inverse = one / (one + abs(z));
    return {z * inverse, inverse * inverse};
  }
}

/// f(std::integral_constant<Activation, A>{}) for the A that equals `kind`.
template <class F>
[[gnu::always_inline]] inline decltype(auto) with_activation(Activation kind, F&& f) {
  using enum Activation;
  switch (kind) {
    case identity: break;
    case relu: return f(std::integral_constant<Activation, relu>{});
    case leaky_relu: return f(std::integral_constant<Activation, leaky_relu>{});
    case prelu: return f(std::integral_constant<Activation, prelu>{});
    case elu: return f(std::integral_constant<Activation, elu>{});
    case selu: return f(std::integral_constant<Activation, selu>{});
    case celu: return f(std::integral_constant<Activation, celu>{});
    case gelu: return f(std::integral_constant<Activation, gelu>{});
    case gelu_tanh: return f(std::integral_constant<Activation, gelu_tanh>{});
    case silu: return f(std::integral_constant<Activation, silu>{});
    case mish: return f(std::integral_constant<Activation, mish>{});
    case tanh: return f(std::integral_constant<Activation, tanh>{});
    case sigmoid: return f(std::integral_constant<Activation, sigmoid>{});
    case hard_tanh: return f(std::integral_constant<Activation, hard_tanh>{});
    case hard_sigmoid: return f(std::integral_constant<Activation, hard_sigmoid>{});
    case softplus: return f(std::integral_constant<Activation, softplus>{});
    case softsign: return f(std::integral_constant<Activation, softsign>{});
  }
  return f(std::integral_constant<Activation, identity>{});
}

}  // namespace chainrule::math
