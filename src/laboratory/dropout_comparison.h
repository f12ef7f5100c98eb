// Every kind and rate of dropout on the same splits, starts and batches, compared with none.
#pragma once

#include <vector>

#include "chainrule/laboratory.h"
#include "laboratory/training_subject.h"

namespace chainrule::laboratory {

struct DropoutExperiment {
  /// One for each seed; their networks' own dropout of hidden layers is replaced. `network` is the same for all.
  std::vector<TrainingSubject> subjects;
  double overlap = 0;  ///< see estimate()
};

/// The kinds that this network can have: alpha only where all hidden layers are selu.
std::vector<DropoutKind> possible_kinds(const NetworkSpec& network);

/// Throws Error E0102 (settings), E0206 (alpha without selu).
DropoutComparison compare_dropout(const DropoutExperiment& experiment, const DropoutSettings& settings, const LaboratoryWatch& watch);

}  // namespace chainrule::laboratory
