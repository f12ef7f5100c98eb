// Intervals and tests; shown to people, so the C library's functions are fine here.
#include "laboratory/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/counter_rng.h"
#include "math/elementary.h"

namespace chainrule::laboratory {
namespace {

constexpr double kUnbounded = std::numeric_limits<double>::infinity();
constexpr std::uint32_t kResamples = 2000;

/// The continued fraction of the incomplete beta function.
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  const auto away = [](double v) { return std::abs(v) < kTiny ? kTiny : v; };
  double c = 1, d = 1 / away(1 - (a + b) * x / (a + 1)), result = d;
  for (int m = 1; m < 10000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    double change = 1;
    for (const double term : {even, odd}) {
      d = 1 / away(1 + term * d);
      c = away(1 + term / c);
      result *= change = c * d;
    }
    if (std::abs(change - 1) < 1e-15) break;
  }
  return result;
}

/// The x in [low, high] where the rising function f passes `wanted`.
template <class F>
double solve_rising(double low, double high, double wanted, F f) {
  for (int i = 0; i < 200 && high - low > 1e-14 * std::max(1.0, std::abs(low)); ++i) {
    const double middle = 0.5 * (low + high);
    (f(middle) < wanted ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

/// Twice the rank of each size, so that mean ranks are whole numbers.
std::vector<std::size_t> doubled_ranks(const std::vector<double>& sizes) {
  std::vector<std::size_t> order(sizes.size()), ranks(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return sizes[a] < sizes[b]; });
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && sizes[order[end]] == sizes[order[begin]]) ++end;
    for (std::size_t i = begin; i < end; ++i) ranks[order[i]] = begin + 1 + end;
  }
  return ranks;
}

}  // namespace

double mean(std::span<const double> values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double variance(std::span<const double> values) {
  if (values.size() < 2) return 0;
  const double middle = mean(values);
  double sum = 0;
  for (const double v : values) sum += (v - middle) * (v - middle);
  return sum / static_cast<double>(values.size() - 1);
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : 0.5 * (values[half - 1] + values[half]);
}

double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(math::log_gamma(a + b) - math::log_gamma(a) - math::log_gamma(b) + a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double student_two_sided(double t, double freedom) { return incomplete_beta(0.5 * freedom, 0.5, freedom / (freedom + t * t)); }

double student_critical(double tail, double freedom) {
  return solve_rising(0, 1e6, -tail, [&](double t) { return -student_two_sided(t, freedom); });
}

Estimate estimate(std::span<const double> values, double overlap) {
  Estimate result;
  result.mean = mean(values);
  const double n = static_cast<double>(values.size());
  const double error = values.size() < 2 ? kUnbounded : std::sqrt(variance(values) * (1 / n + overlap)) * student_critical(0.05, n - 1);
  result.low = result.mean - error;
  result.high = result.mean + error;
  return result;
}

double paired_t_test(std::span<const double> differences, double overlap) {
  if (differences.size() < 2) return 1;
  const double n = static_cast<double>(differences.size()), middle = mean(differences), spread = variance(differences);
  if (spread == 0) return middle == 0 ? 1 : 0;
  return student_two_sided(middle / std::sqrt(spread * (1 / n + overlap)), n - 1);
}

double signed_rank_test(std::span<const double> differences) {
  std::vector<double> sizes;
  for (const double d : differences) {
    if (d != 0) sizes.push_back(std::abs(d));
  }
  if (sizes.empty()) return 1;
  const std::vector<std::size_t> ranks = doubled_ranks(sizes);
  const std::size_t total = std::accumulate(ranks.begin(), ranks.end(), std::size_t{0});
  std::size_t positive = 0, i = 0;
  for (const double d : differences) {
    if (d != 0) positive += d > 0 ? ranks[i++] : (++i, 0);
  }
  // share[s]: the share of all sign patterns whose positive ranks add up to s
  std::vector<double> share(total + 1, 0.0);
  share[0] = 1;
  for (const std::size_t rank : ranks) {
    for (std::size_t s = total + 1; s-- > 0;) share[s] = 0.5 * (share[s] + (s >= rank ? share[s - rank] : 0));
  }
  const std::size_t small = std::min(positive, total - positive);
  double tail = 0;
  for (std::size_t s = 0; s <= small; ++s) tail += share[s];
  return std::min(1.0, 2 * tail);
}

double sign_test(std::size_t positive, std::size_t negative) {
  const std::size_t n = positive + negative, small = std::min(positive, negative);
  double term = std::pow(0.5, static_cast<double>(n)), tail = 0;
  for (std::size_t k = 0; k <= small; ++k) {
    tail += term;
    term *= static_cast<double>(n - k) / static_cast<double>(k + 1);
  }
  return n == 0 ? 1 : std::min(1.0, 2 * tail);
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.size());
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, std::min(1.0, static_cast<double>(order.size() - i) * p[order[i]]));
    adjusted[order[i]] = largest;
  }
  return adjusted;
}

std::vector<double> best_shares(const std::vector<std::vector<double>>& scores, std::uint64_t seed) {
  std::vector<double> shares(scores.size(), 0.0), sums(scores.size());
  const std::uint32_t seeds = scores.empty() ? 0 : static_cast<std::uint32_t>(scores[0].size());
  for (std::uint32_t resample = 0; resample < kResamples && seeds > 0; ++resample) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (std::uint32_t i = 0; i < seeds; ++i) {
      const std::uint32_t drawn = draw_below({seed, Purpose::subsample, 1, resample, 0}, i, seeds);
      for (std::size_t c = 0; c < scores.size(); ++c) sums[c] += scores[c][drawn];
    }
    const double lowest = *std::min_element(sums.begin(), sums.end());
    const auto ties = static_cast<double>(std::count(sums.begin(), sums.end(), lowest));
    for (std::size_t c = 0; c < scores.size(); ++c) shares[c] += sums[c] == lowest ? 1 / (ties * kResamples) : 0;
  }
  return shares;
}

Bounds share_bounds(std::uint64_t hits, std::uint64_t draws, double tail) {
  const double k = static_cast<double>(hits), n = static_cast<double>(draws);
  Bounds bounds;
  if (hits > 0) bounds.low = solve_rising(0, 1, tail / 2, [&](double p) { return incomplete_beta(k, n - k + 1, p); });
  if (hits < draws) bounds.high = solve_rising(0, 1, 1 - tail / 2, [&](double p) { return incomplete_beta(k + 1, n - k, p); });
  return bounds;
}

}  // namespace chainrule::laboratory
