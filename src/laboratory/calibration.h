// How far stated probabilities and intervals can be believed.
#pragma once

#include <cstdint>
#include <span>

#include "laboratory/training_subject.h"

namespace chainrule::laboratory {

/// Expected calibration error (Naeini, Cooper & Hauskrecht 2015): 15 equal bins of the largest probability, the mean over rows of
/// |accuracy - mean probability| of their bin. probabilities [rows, classes].
double calibration_error(std::span<const float> probabilities, std::span<const std::int32_t> labels, std::size_t classes);

/// Share of truths inside prediction +- 1.645 * sqrt(spread^2 + rmse^2): spread over `samples` predictions with dropout left on (Gal &
/// Ghahramani 2016), rmse of the training rows. 0.9 when errors were normal and new rows like the training rows.
double interval_coverage(TrainedSubject& trained, const TrainingSubject& subject, const training::DataPart& part, double train_rmse,
                         std::size_t samples);

}  // namespace chainrule::laboratory
