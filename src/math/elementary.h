// exp, log, tanh, erf and their relatives as our own polynomials: one source, the same bits for scalars and vectors.
#pragma once

#include "math/lanes.h"

// The templates are for fp32 lanes; the overloads for double, used by the fp64 reference as a judge, call the C
// library.
// Coefficients: tools/fit_polynomials.py (minimax). Accuracy, measured against long double: docs/elementary.md.
// NaN gives NaN; infinities, overflow and denormal results are those of IEEE-754 arithmetic (nothing is flushed).
namespace chainrule::math {

// Declared before the templates, which for double must find these (a fundamental type has no argument-dependent
// lookup).
[[gnu::always_inline]] inline double exp(double x) { return __builtin_exp(x); }
[[gnu::always_inline]] inline double expm1(double x) { return __builtin_expm1(x); }
[[gnu::always_inline]] inline double log(double x) { return __builtin_log(x); }
[[gnu::always_inline]] inline double log1p(double x) { return __builtin_log1p(x); }
[[gnu::always_inline]] inline double tanh(double x) { return __builtin_tanh(x); }
[[gnu::always_inline]] inline double erf(double x) { return __builtin_erf(x); }
/// Full double precision, by the C library.
double normal_quantile(double p);
/// log |gamma(x)|, by the C library. Not std::lgamma, which writes a variable that all threads share.
double log_gamma(double x) noexcept;

/// c0 + c1*x + c2*x^2 + ..., by Horner's rule with fma.
template <class V>
[[gnu::always_inline]] inline V polynomial(V, double c0) {
  return constant<V>(c0);
}
template <class V, class... Higher>
[[gnu::always_inline]] inline V polynomial(V x, double c0, Higher... higher) {
  return fma(polynomial(x, higher...), x, constant<V>(c0));
}

/// x limited to [low, high]; NaN stays NaN.
template <class V>
[[gnu::always_inline]] inline V clamp(V x, V low, V high) {
  return min(high, max(low, x));
}

/// x = n*log(2) + r with |r| <= 0.347; gives n, r and e^r - 1 as r + r^2 q(r). x within [-104, 89], anything for NaN
/// but no trap.
template <class V>
struct ReducedExponential {
  V n, power_minus_one;
};
template <class V>
[[gnu::always_inline]] inline ReducedExponential<V> reduce_exponential(V x) {
  const V n = round_even(x * constant<V>(1.4426950408889634));
  const V r = fma(n, constant<V>(-1.428606765330187e-06), fma(n, constant<V>(-0.693145751953125), x));
  const V q = polynomial(r, 0.5000000047, 0.1666666682, 0.04166635325, 0.008333272772, 0.001394112647, 0.0001991433713);
  return {n, fma(r * r, q, r)};
}

template <class V>
[[gnu::always_inline]] inline V exp(V x) {
  const V limited = min(max(x, constant<V>(-104)), constant<V>(89));  // NaN becomes -104 here and is put back below
  const auto reduced = reduce_exponential(limited);
  const V result = scale_by_power_of_two(reduced.power_minus_one + constant<V>(1), reduced.n);
  return select(equal(x, x), result, x);
}

template <class V>
[[gnu::always_inline]] inline V expm1(V x) {
  const V limited = min(max(x, constant<V>(-20)), constant<V>(89));
  const auto reduced = reduce_exponential(limited);
  // 2^n overflows at n = 128 before the result does, so half of everything is formed first.
  const V half = scale_by_power_of_two(constant<V>(0.5), reduced.n);
  const V scaled = fma(half, reduced.power_minus_one, half - constant<V>(0.5)) * constant<V>(2);
  const V result = select(equal(reduced.n, constant<V>(0)), reduced.power_minus_one, scaled);
  return select(equal(x, x), select(equal(x, constant<V>(0)), x, result), x);
}

/// log(1 + f) + exponent*log(2) + correction, for f in [sqrt(1/2) - 1, sqrt(2) - 1].
template <class V>
[[gnu::always_inline]] inline V log_of_parts(V f, V exponent, V correction) {
  const V q = polynomial(f, 0.3333331261, -0.250000096, 0.2000211863, -0.1666799578, 0.1421955254, -0.124055896, 0.1188816289,
                         -0.116756507, 0.06746637556);
  const V square = f * f;
  V small = fma(square * f, q, correction);
  small = fma(exponent, constant<V>(1.428606765330187e-06), small);
  small = fma(square, constant<V>(-0.5), small);
  return fma(exponent, constant<V>(0.693145751953125), f + small);
}

/// log(0) = -inf, log of a negative number is NaN.
template <class V>
[[gnu::always_inline]] inline V log(V x) {
  const V infinity = constant<V>(__builtin_inf());
  V exponent;
  const V mantissa = split_exponent(x, exponent);
  V result = log_of_parts(mantissa - constant<V>(1), exponent, constant<V>(0));
  result = select(less(x, infinity), result, x);  // +inf and NaN
  result = select(equal(x, constant<V>(0)), -infinity, result);
  return select(less(x, constant<V>(0)), constant<V>(__builtin_nan("")), result);
}

template <class V>
[[gnu::always_inline]] inline V log1p(V x) {
  const V one = constant<V>(1), infinity = constant<V>(__builtin_inf());
  const V u = one + x;
  V exponent;
  const V mantissa = split_exponent(u, exponent);
  // What u lost to rounding: x - (u - 1), or 1 - (u - x) when x is the larger term; exact either way.
  const V lost = select(less(one, x), one - (u - x), x - (u - one));
  const auto near_one = equal(exponent, constant<V>(0));
  const V f = select(near_one, x, mantissa - one);
  V result = log_of_parts(f, exponent, select(near_one, constant<V>(0), lost / u));
  result = select(less(u, infinity), result, x);
  result = select(equal(x, constant<V>(0)), x, result);
  result = select(equal(u, constant<V>(0)), -infinity, result);
  return select(less(u, constant<V>(0)), constant<V>(__builtin_nan("")), result);
}

template <class V>
[[gnu::always_inline]] inline V tanh(V x) {
  const V one = constant<V>(1), magnitude = abs(x);
  const V square = x * x;
  const V q = polynomial(square, -0.3333330013, 0.1333197762, -0.05378813249, 0.02080980573, -0.005910617012);
  const V small = fma(x * square, q, x);
  const V power = exp(min(constant<V>(20), magnitude + magnitude));
  const V large = copysign(one - constant<V>(2) / (power + one), x);
  const V result = select(less(magnitude, constant<V>(0.6)), small, large);
  return select(equal(x, x), result, x);
}

/// 1 / (1 + e^-x), formed from e^-|x| so that nothing overflows and small results keep all their digits.
template <class V>
[[gnu::always_inline]] inline V sigmoid(V x) {
  const V one = constant<V>(1), power = exp(-abs(x));
  return select(less(x, constant<V>(0)), power, one) / (one + power);
}

/// log(1 + e^x)
template <class V>
[[gnu::always_inline]] inline V softplus(V x) {
  return max(constant<V>(0), x) + log1p(exp(-abs(x)));
}

template <class V>
[[gnu::always_inline]] inline V erf(V x) {
  const V one = constant<V>(1), magnitude = abs(x);
  const V square = x * x;
  const V p = polynomial(square, 0.1283791659, -0.3761262713, 0.1128360017, -0.02685444427, 0.005189534844, -0.0008020837466,
                         7.889107982e-5);
  const V small = fma(x, p, x);
  const V limited = min(constant<V>(4), magnitude);
  const V exponent = polynomial(limited, 0.0001884680182, -1.129580312, -0.6332163962, -0.1084220999, 0.02521033985,
                                -0.00420528476, 0.0004414726501, -2.169761394e-5);
  const V large = copysign(one - exp(exponent), x);
  const V result = select(less(magnitude, one), small, large);
  return select(equal(x, x), result, x);
}

/// sqrt(2) * erfinv(x) for x with w = -log(1 - x^2); accurate for w <= 17.
template <class V>
[[gnu::always_inline]] inline V quantile_of_centered(V x, V w) {
  const V centre = polynomial(w - constant<V>(2.5), 2.123313479, 0.3488020377, -0.005907717044, -0.001771644568, 0.0003087856701,
                              -7.019226169e-6, -4.89700475e-6, 6.592632708e-7, 3.285598233e-8, -1.243231875e-8);
  const V tail = polynomial(sqrt(w) - constant<V>(3), 4.006434723, 1.41658266, 0.01333508233, -0.01080626248, 0.008201752498,
                            -0.005099478732, 0.001726378707, 5.060419827e-5, -0.0001517944526);
  return x * select(less(w, constant<V>(5)), centre, tail);
}

/// The x with P(N <= x) = p, for p in [2^-25, 1 - 2^-24]; after M. Giles, "Approximating the erfinv function" (2011).
template <class V>
[[gnu::always_inline]] inline V normal_quantile(V p) {
  const V four_pq = constant<V>(4) * p * (constant<V>(1) - p);
  return quantile_of_centered(fma(constant<V>(2), p, constant<V>(-1)), max(constant<V>(0), -log(four_pq)));
}

/// The standard normal number N of a draw's upper 24 bits (as an integral V below 2^24): the quantile of (bits + 0.5)
/// * 2^-24.
/// The upper half mirrors the lower, because there (bits + 0.5) * 2^-24 would need 25 bits. |N| <= 5.42.
template <class V>
[[gnu::always_inline]] inline V normal_from_draw(V upper_bits) {
  const auto upper = less_equal(constant<V>(8388608), upper_bits);
  const V mirrored = select(upper, constant<V>(16777215) - upper_bits, upper_bits);
  const V x = normal_quantile((mirrored + constant<V>(0.5)) * constant<V>(0x1p-24));
  return select(upper, -x, x);
}

}  // namespace chainrule::math
