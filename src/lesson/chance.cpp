// Clopper and Pearson's bounds and the sign test, by the incomplete beta function.
#include "lesson/chance.h"

#include <cmath>
#include <initializer_list>

#include "math/elementary.h"

namespace chainrule::lesson {
namespace {

/// The continued fraction of the incomplete beta function (Lentz's method).
double beta_fraction(double a, double b, double x) {
  const auto kept_off_zero = [](double v) { return std::abs(v) < 1e-300 ? 1e-300 : v; };
  double c = 1, d = 1 / kept_off_zero(1 - (a + b) * x / (a + 1)), result = d;
  for (int m = 1; m < 5000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    double change = 1;
    for (const double term : {even, odd}) {
      d = 1 / kept_off_zero(1 + term * d);
      c = kept_off_zero(1 + term / c);
      change = c * d;
      result *= change;
    }
    if (std::abs(change - 1) < 1e-15) break;
  }
  return result;
}

/// The chance of at least `hits` out of `trials` when each is a hit with probability p; 1 <= hits <= trials.
double upper_tail(double hits, double trials, double p) {
  const double a = hits, b = trials - hits + 1;
  const double front = std::exp(math::log_gamma(a + b) - math::log_gamma(a) - math::log_gamma(b) + a * std::log(p) + b * std::log1p(-p));
  return p < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, p) / a : 1 - front * beta_fraction(b, a, 1 - p) / b;
}

/// The p at which upper_tail() reaches `chance`.
double share_with_tail(double hits, double trials, double chance) {
  double low = 0, high = 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (upper_tail(hits, trials, middle) < chance ? low : high) = middle;
  }
  return low;
}

}  // namespace

Interval share_bounds(std::uint64_t hits, std::uint64_t trials, double error) {
  const double k = static_cast<double>(hits), n = static_cast<double>(trials);
  Interval bounds;
  if (hits > 0) bounds.low = share_with_tail(k, n, error / 2);
  if (hits < trials) bounds.high = 1 - share_with_tail(n - k, n, error / 2);
  return bounds;
}

double sign_test(std::uint64_t wins, std::uint64_t trials) {
  return wins == 0 ? 1 : upper_tail(static_cast<double>(wins), static_cast<double>(trials), 0.5);
}

}  // namespace chainrule::lesson
