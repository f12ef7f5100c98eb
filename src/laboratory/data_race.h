// The race on a user's data: the score is the lowest validation loss over the epochs.
#pragma once

#include <string>
#include <vector>

#include "laboratory/race.h"
#include "laboratory/training_subject.h"

namespace chainrule::laboratory {

/// Seeds that the tuning takes unless the settings say otherwise.
constexpr std::size_t kUsualTuningSeeds = 3;

struct DataExperiment {
  std::vector<TrainingSubject> racing, tuning;  ///< one for each seed, ready but for the optimiser
  std::vector<OptimizerSpec> optimizers;        ///< one for each lane; the rate is the race's
  std::vector<std::string> names;
  double overlap = 0;                           ///< see estimate()
};

/// The experiment must outlive the contest. Throws Error E0106 for lbfgs.
Contest data_contest(const std::string& name, const DataExperiment& experiment);

}  // namespace chainrule::laboratory
