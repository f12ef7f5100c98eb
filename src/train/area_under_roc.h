// Area under the ROC curve, of two classes or as the mean over many.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace chainrule::training {

/// The share of pairs of a positive and another row whose positive row has the higher score; a tie counts half (Mann and Whitney 1947).
/// `positive`: numbers of the positive rows, each once. 0.5 when one side is absent or a score is NaN.
double area_under_roc(std::span<const float> scores, std::span<const std::uint32_t> positive);

/// Two classes: of class 1. More: mean of one class against the rest over the classes that occur.
/// `probabilities`: [rows, classes]. Every probability is looked at once: time grows with rows * classes, as that of computing them does.
double mean_area_under_roc(std::span<const float> probabilities, std::span<const std::int32_t> labels, std::size_t classes);

}  // namespace chainrule::training
