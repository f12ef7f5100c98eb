// The fp64 normal quantile, the judge of the fp32 one.
#include "math/elementary.h"

#include <cmath>

namespace chainrule::math {

double normal_quantile(double p) {
  // The fp32 polynomial, then Newton's method on the smaller tail: three steps reach full precision.
  const double tail = p < 0.5 ? p : 1 - p;
  double x = quantile_of_centered(2 * tail - 1, -std::log(4 * tail * (1 - tail)));
  for (int i = 0; i < 3; ++i) {
    const double density = 0.3989422804014327 * std::exp(-0.5 * x * x);
    x -= (0.5 * std::erfc(-x * 0.7071067811865476) - tail) / density;
  }
  return p < 0.5 ? x : -x;
}

double log_gamma(double x) noexcept {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

}  // namespace chainrule::math
