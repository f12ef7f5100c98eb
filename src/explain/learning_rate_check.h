// Is the learning rate one that this optimiser can take on this loss?
#pragma once

#include "explain/checks.h"
#include "explain/first_steps.h"

namespace chainrule::explain {

/// How an optimiser's largest stable rate follows from the curvature: rate < factor / lambda_max(D^-1/2 H D^-1/2), D the diagonal it divides
/// by. Cohen et al. 2021, "Gradient descent on neural networks typically occurs at the edge of stability", and 2022 for adaptive methods.
struct StabilityLimit {
  double factor = 0;            ///< 0: the method has none (lion, lbfgs, adadelta)
  std::vector<double> divisor;  ///< empty: the method divides by nothing
};
StabilityLimit stability_limit(const TrainingSpec& training, const training::Snapshot& state);

/// "learning_rate": value is the rate over its limit where the first steps ended, limit 1. Failed when the first steps blow up: a value that
/// is not finite, or a loss far above that of knowing nothing. Warning when the value is above 1 and the loss did not fall.
CheckItem check_learning_rate(const Subject& subject, const FirstSteps& first);

}  // namespace chainrule::explain
