// What chance alone can do: exact bounds of a measured share, and the sign test for pairs.
#pragma once

#include <cstdint>

namespace chainrule::lesson {

struct Interval {
  double low = 0, high = 1;
  bool holds(double value) const { return low <= value && value <= high; }
};

/// Clopper and Pearson's bounds of a share: they miss the true one with a probability of at most `error`, whatever it is.
Interval share_bounds(std::uint64_t hits, std::uint64_t trials, double error);

/// The chance of at least `wins` out of `trials` if both sides were equally likely to win.
double sign_test(std::uint64_t wins, std::uint64_t trials);

/// Each bound on a measured share misses this rarely, so that 20 seeds times all kinds of dropout never fail by chance.
inline constexpr double kBoundError = 1e-9;
/// A normal deviate is farther out than this less often than kBoundError.
inline constexpr double kBoundDeviations = 6.2;
/// A sign test convinces when chance alone would do as well this rarely.
inline constexpr double kSignTestError = 1e-3;

}  // namespace chainrule::lesson
