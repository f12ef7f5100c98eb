// What the reference and the fast engine must agree on about layer and batch normalisation.
#pragma once

namespace chainrule::math {

/// Added to a variance before its root, so that a constant column is divided by something (docs/arithmetic.md, item 3).
inline constexpr double kNormEpsilon = 1e-5;

/// How far batch norm's running mean and variance move to those of a batch.
inline constexpr double kRunningShare = 0.1;

/// What a batch norm's statistics are taken over: `weight` = sum of w, `square` = sum of w^2, double chains over the rows.
struct RowMass {
  double weight = 0, square = 0;

  void add(double w) noexcept {
    weight += w;
    square += w * w;
  }
  /// What a variance is divided by in place of `weight` to be unbiased: W - sum(w^2)/W, which is n - 1 for n rows of weight 1. Like the
  /// variance itself, variance * W / divisor does not know a common factor of the weights.
  double unbiased() const noexcept { return weight - square / weight; }
  /// False where one row has all the weight: such a batch knows a mean but no variance, and running statistics do not move to it.
  bool has_variance() const noexcept { return weight > 0 && unbiased() > 1e-9 * weight; }
};

}  // namespace chainrule::math
