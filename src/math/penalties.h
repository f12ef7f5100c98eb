// What happens to one gradient or weight besides the optimiser: penalties, clipping, max-norm, running mean of weights.
#pragma once

#include <cstdint>

#include "math/exact_double.h"
#include "math/losses.h"

// docs/arithmetic.md items 13 to 17. A setting of 0 means: do not call.
namespace chainrule::math {

template <class V>
[[gnu::always_inline]] inline V add_l2(V g, V w, V l2) {
  return fma(l2, w, g);
}
template <class V>
[[gnu::always_inline]] inline V add_l1(V g, V w, V l1) {
  return fma(l1, sign(w), g);
}
/// g limited to [-limit, limit]; NaN stays NaN, so that it is found.
template <class V>
[[gnu::always_inline]] inline V clip_by_value(V g, V limit) {
  return clamp(g, -limit, limit);
}
/// The gain of the running mean of weights at step t, from 1: (1 - decay) / (1 - decay^t), so that after every step it is the mean of the
/// weights so far, the newest with the largest share, and nothing of the start is left in it (Kingma & Ba 2015, section 3: bias correction).
inline double average_gain(double decay, std::uint64_t t) noexcept { return (1 - decay) / (1 - exact_double::power(decay, t)); }
/// One element of the running mean of weights.
template <class V>
[[gnu::always_inline]] inline V average_element(V average, V w, V gain) {
  return fma(gain, w - average, average);
}
/// l1*|w| + l2/2*w^2, the penalty's share of the loss.
[[gnu::always_inline]] inline double penalty_value(double w, double l1, double l2) { return l1 * (w < 0 ? -w : w) + 0.5 * l2 * w * w; }

}  // namespace chainrule::math
