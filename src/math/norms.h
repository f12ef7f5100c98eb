// What the reference and the fast engine must agree on about layer and batch normalisation.
#pragma once

namespace chainrule::math {

/// Added to a variance before its root, so that a constant column is divided by something (docs/arithmetic.md, item 3).
inline constexpr double kNormEpsilon = 1e-5;

/// How far batch norm's running mean and variance move to those of a batch.
inline constexpr double kRunningShare = 0.1;

}  // namespace chainrule::math
