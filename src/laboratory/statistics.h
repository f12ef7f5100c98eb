// The statistics behind a verdict: intervals of means, paired tests, corrections for many comparisons, bounds of a share.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chainrule/laboratory.h"

namespace chainrule::laboratory {

double mean(std::span<const double> values);
/// With divisor n - 1; 0 for fewer than two values.
double variance(std::span<const double> values);
double median(std::vector<double> values);

/// I_x(a, b), by Lentz's continued fraction (Press et al., Numerical Recipes, section 6.4); relative error below 1e-12.
double incomplete_beta(double a, double b, double x);
/// P(|T| > |t|) of Student's distribution, and the t that leaves `tail` on both sides together.
double student_two_sided(double t, double freedom);
double student_critical(double tail, double freedom);

/// The mean with its 95 % interval by Student's distribution. `overlap` = rows measured / rows trained on when every value comes from a
/// split of its own of the same rows: such values are not independent, and the variance of their mean is (1/n + overlap) times theirs
/// (Nadeau & Bengio 2003). Fewer than two values: an interval without bounds.
Estimate estimate(std::span<const double> values, double overlap = 0);

/// Two-sided p that the mean of paired differences is 0. All differences equal: 1 when they are 0, else 0. Fewer than two: 1.
double paired_t_test(std::span<const double> differences, double overlap = 0);
/// Exact two-sided p of Wilcoxon's signed-rank test (1945): differences of 0 are dropped, equal sizes share their mean rank.
double signed_rank_test(std::span<const double> differences);
/// Exact two-sided p that both signs are equally likely.
double sign_test(std::size_t positive, std::size_t negative);

/// Holm's (1979) adjusted p-values: each may be compared with the error rate wanted for all together.
std::vector<double> holm(std::span<const double> p);

/// How often each candidate has the lowest mean when the seeds are drawn again with replacement (2,000 times; ties share).
/// scores[candidate][seed].
std::vector<double> best_shares(const std::vector<std::vector<double>>& scores, std::uint64_t seed);

/// Exact bounds of a probability after `hits` in `draws` (Clopper & Pearson 1934); `tail` is the error of both sides together.
struct Bounds { double low = 0, high = 1; };
Bounds share_bounds(std::uint64_t hits, std::uint64_t draws, double tail);

}  // namespace chainrule::laboratory
