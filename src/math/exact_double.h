// exp, log, cos and powers in double from + - * / alone: the same bits on every machine, about 1e-15 accurate.
#pragma once

#include <cstdint>

#include "math/lanes.h"

// For constants that are computed once per step (schedules, bias corrections), where the C library's last bit would
// differ between systems.
namespace chainrule::math::exact_double {

/// base^exponent by repeated squaring.
inline double power(double base, std::uint64_t exponent) noexcept {
  double result = 1;
  for (; exponent != 0; exponent >>= 1) {
    if (exponent & 1) result *= base;
    base *= base;
  }
  return result;
}

/// Taylor's series on |r| <= log(2)/2; the 14th term is below 1e-17.
inline double exp(double x) noexcept {
  if (!(x > -740)) return x != x ? x : 0;
  if (x > 709) return __builtin_inf();
  const double n = round_even(x * 1.4426950408889634);
  const double r = (x - n * 0.693147180369123816490) - n * 1.90821492927058770002e-10;
  double term = 1, sum = 0;
  for (int i = 1; i <= 14; ++i) {
    term *= r / i;
    sum += term;
  }
  return scale_by_power_of_two(1 + sum, n);
}

/// 2 artanh(s), s = (m - 1)/(m + 1), for x = m * 2^e; x > 0.
inline double log(double x) noexcept {
  double exponent;
  const double f = split_exponent(x, exponent) - 1;
  const double s = f / (2 + f), square = s * s;
  double sum = 0;
  for (int k = 25; k >= 3; k -= 2) sum = (sum + 1.0 / k) * square;
  return exponent * 0.693147180369123816490 + (exponent * 1.90821492927058770002e-10 + (2 * s * sum + 2 * s));
}

/// base^exponent for base >= 0; 0^0 = 1.
inline double power(double base, double exponent) noexcept {
  if (exponent == 0) return 1;
  if (base <= 0) return 0;
  return base == 1 ? 1 : exp(exponent * log(base));
}

/// cos(pi * x) for |x| < 2^50; exact at multiples of 1/2.
inline double cos_pi(double x) noexcept {
  double y = abs(x - 2 * round_even(x / 2));  // in [0, 1]
  const bool flip = y > 0.5;
  if (flip) y = 1 - y;
  const bool sine = y > 0.25;  // cos(pi y) = sin(pi (1/2 - y))
  const double angle = 3.141592653589793 * (sine ? 0.5 - y : y), square = angle * angle;
  double term = sine ? angle : 1, sum = term;
  for (int k = sine ? 2 : 1; k < 22; k += 2) {
    term *= -square / (k * (k + 1));
    sum += term;
  }
  return flip ? -sum : sum;
}

}  // namespace chainrule::math::exact_double
