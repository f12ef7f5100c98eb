// Area under the ROC curve, of two classes or as the mean over many.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace chainrule::training {

/// The share of pairs of a positive and another row whose positive row has the higher score; a tie counts half (Mann and Whitney 1947).
/// `positive`: numbers of the positive rows, each once. NaN when one side is absent or a score is NaN: then there is no pair, or no order.
double area_under_roc(std::span<const float> scores, std::span<const std::uint32_t> positive);

/// NaN, of no class, when it is defined for none.
struct MeanArea {
  double mean = 0;
  std::size_t classes = 0;  ///< that the mean is over
};
/// Two classes: of class 1, which both then are counted for. More: mean of one class against the rest over the classes that occur.
/// `probabilities`: [rows, classes]. Every probability is looked at once: time grows with rows * classes, as that of computing them does.
MeanArea mean_area_under_roc(std::span<const float> probabilities, std::span<const std::int32_t> labels, std::size_t classes);

}  // namespace chainrule::training
