// Training loss against validation loss, with and without a remedy for over-fitting, over many pairs of runs.
#pragma once

#include <functional>
#include <string>

#include "chainrule/lesson.h"
#include "lesson/subject.h"

namespace chainrule::lesson {

/// Trains pairs of networks, equal but for `change`, on rows too few for them, and judges by sign tests whether the gap between training
/// and validation loss, and the validation loss itself, are smaller with the change. `remedy` names it: "an L2 penalty".
LessonOutcome compare_gaps(const LessonSetting& setting, const std::string& remedy, const std::function<void(NetworkSpec&)>& change);

/// Two classes by the side of a plane, a share of the labels turned round: little can be learned, much learned by heart.
Rows noisy_halves(std::size_t rows, std::size_t inputs, double turned, std::uint64_t seed);

/// The network without penalties, noise and dropout.
NetworkSpec without_regularisation(NetworkSpec network);

/// Training and validation rows of a subject, at most so many; its last fifth validates when no rows were set apart.
struct TwoParts {
  Samples train, validation;
};
TwoParts two_parts(const LessonSubject& subject, std::size_t most_train, std::size_t most_validation);

}  // namespace chainrule::lesson
