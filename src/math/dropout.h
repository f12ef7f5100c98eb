// Every dropout kind: from a random word to the factor m, for scalars and vectors alike.
#pragma once

#include <cstdint>

#include "math/activations.h"

// docs/arithmetic.md item 5. For inverted, standard and dropconnect  m = select(dropped, 0, kept); for gaussian
// gaussian_factor();
// a becomes a*m and the backward factor slope*m. alpha has apply_alpha_dropout(). Rate 0: do not call.
namespace chainrule::math {

/// Everything a dropout layer needs, from its rate; engines round the doubles to their type once.
struct DropoutConstants {
  std::uint32_t threshold = 0;  ///< a unit is dropped when its word < threshold
  double kept = 1;              ///< m of a kept unit: inverted 1/p; standard, dropconnect 1
  double deviation = 0;         ///< gaussian: sqrt(rate/p)
  double alpha_scale = 1;       ///< alpha: A
  double alpha_shift = 0;       ///< alpha: B
  double alpha_value = 0;       ///< alpha: what a dropped unit's activation becomes, -kSeluScale*kSeluAlpha
  double predict_scale = 1;     ///< factor at prediction: standard p (on activations), dropconnect p (on weights), else 1
};
/// rate in [0, 1). Alpha: Klambauer et al. 2017, section 3 "alpha dropout": mean 0 and variance 1 are kept.
DropoutConstants dropout_constants(DropoutKind kind, double rate) noexcept;

/// gaussian: 1 + deviation*N. `upper_bits`: word >> 8 as an integral V.
template <class V>
[[gnu::always_inline]] inline V gaussian_factor(V upper_bits, V deviation) {
  return fma(deviation, normal_from_draw(upper_bits), constant<V>(1));
}

/// alpha: dropped units take alpha_value, then value = fma(A, value, B); slope becomes A*slope, or 0 when dropped.
template <class V, class Mask>
[[gnu::always_inline]] inline ValueSlope<V> apply_alpha_dropout(ValueSlope<V> a, Mask dropped, V scale, V shift, V dropped_value) {
  return {fma(scale, select(dropped, dropped_value, a.value), shift), select(dropped, constant<V>(0), scale * a.slope)};
}

}  // namespace chainrule::math
