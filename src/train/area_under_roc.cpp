// Pairs are counted in whole numbers, so the area has the same bits whatever the order of rows.
#include "train/area_under_roc.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace chainrule::training {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kFew = 16;     // positive scores that are compared one by one: no branch, so faster than a search
constexpr std::size_t kColumns = 16; // of a cache line: classes whose probabilities are picked out together

// Two for each positive score above `score`, one for each that equals it.
std::uint64_t twice_above(std::span<const float> sorted, float score) {
  const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), score);
  return static_cast<std::uint64_t>(2 * (sorted.end() - last) + (last - first));
}

// Twice the wins of one positive score over all scores.
std::uint64_t twice_below(std::span<const float> scores, float positive) {
  std::uint64_t wins = 0;
  for (std::size_t begin = 0; begin < scores.size(); begin += 4096) {  // 32-bit sums fill twice as many lanes
    std::uint32_t part = 0;
    for (const float score : scores.subspan(begin, std::min<std::size_t>(4096, scores.size() - begin))) {
      part += (score < positive ? 1u : 0u) + (score <= positive ? 1u : 0u);
    }
    wins += part;
  }
  return wins;
}

bool has_nan(std::span<const float> scores) {
  bool nan = false;
  for (const float score : scores) nan |= std::isnan(score);
  return nan;
}

/// Rows by class: those of class c are numbers[begins[c]] up to numbers[begins[c + 1]].
struct RowsByClass {
  RowsByClass(std::span<const std::int32_t> labels, std::size_t classes) : begins(classes + 1), numbers(labels.size()) {
    for (const std::int32_t label : labels) ++begins[static_cast<std::size_t>(label) + 1];
    for (std::size_t c = 0; c < classes; ++c) begins[c + 1] += begins[c];
    std::vector<std::size_t> next(begins.begin(), begins.end() - 1);
    for (std::uint32_t row = 0; row < labels.size(); ++row) numbers[next[static_cast<std::size_t>(labels[row])]++] = row;
  }
  std::span<const std::uint32_t> of(std::size_t c) const { return std::span(numbers).subspan(begins[c], begins[c + 1] - begins[c]); }

  std::vector<std::size_t> begins;
  std::vector<std::uint32_t> numbers;
};

}  // namespace

double area_under_roc(std::span<const float> scores, std::span<const std::uint32_t> positive) {
  const std::uint64_t positives = positive.size(), negatives = scores.size() - positives;
  if (positives == 0 || negatives == 0 || has_nan(scores)) return kUndefined;
  std::vector<float> sorted;
  sorted.reserve(positives);
  for (const std::uint32_t row : positive) sorted.push_back(scores[row]);
  std::uint64_t twice = 0;
  if (positives <= kFew) {
    for (const float score : sorted) twice += twice_below(scores, score);
  } else {
    std::sort(sorted.begin(), sorted.end());
    for (const float score : scores) twice += twice_above(sorted, score);
  }
  twice -= positives * positives;  // what the positive rows won among themselves
  return 0.5 * static_cast<double>(twice) / (static_cast<double>(positives) * static_cast<double>(negatives));
}

MeanArea mean_area_under_roc(std::span<const float> probabilities, std::span<const std::int32_t> labels, std::size_t classes) {
  const std::size_t rows = labels.size();
  const RowsByClass by_class(labels, classes);
  std::vector<float> scores(rows * std::min(kColumns, classes));
  double sum = 0;
  std::size_t counted = 0;
  for (std::size_t first = classes == 2 ? 1 : 0; first < classes; first += kColumns) {
    const std::size_t columns = std::min(kColumns, classes - first);
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t c = 0; c < columns; ++c) scores[c * rows + row] = probabilities[row * classes + first + c];
    }
    for (std::size_t c = 0; c < columns; ++c) {
      const std::span<const std::uint32_t> positive = by_class.of(first + c);
      if (positive.empty() || positive.size() == rows) continue;
      sum += area_under_roc(std::span(scores).subspan(c * rows, rows), positive);
      ++counted;
    }
  }
  if (counted == 0) return {kUndefined, 0};
  return {sum / static_cast<double>(counted), classes == 2 ? 2 : counted};
}

}  // namespace chainrule::training
