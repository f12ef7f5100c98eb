// Random factors of one step: masks and noise, each a pure function of its place (docs/arithmetic.md, "Random draws").
#pragma once

#include "base/counter_rng.h"
#include "math/dropout.h"

namespace chainrule::reference {

/// A standard normal number from a random word.
template <class T>
T normal(std::uint32_t word) {
  return math::normal_from_draw(static_cast<T>(word >> 8));
}

/// Dropout's factor m of one unit. Alpha is not a factor: there this says A when kept, 0 when dropped.
template <class T>
T dropout_factor(DropoutKind kind, const math::DropoutConstants& constants, std::uint32_t word) {
  if (kind == DropoutKind::gaussian) {
    return math::gaussian_factor(static_cast<T>(word >> 8), static_cast<T>(constants.deviation));
  }
  if (word < constants.threshold) return T(0);
  return static_cast<T>(kind == DropoutKind::alpha ? constants.alpha_scale : constants.kept);
}

}  // namespace chainrule::reference
