// What a run leaves behind when it diverges, in divergence.json and divergence.html: where it broke, how it came to that, what would have
// prevented it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace chainrule {

/// The network just before one step. Norms are Euclidean; activations are root mean squares over rows and units. One entry per layer.
struct DivergenceStep {
  std::uint64_t epoch = 0, step = 0;  ///< counted from 1
  double learning_rate = 0;
  double loss = 0;                    ///< of the step's batch
  double parameter_norm = 0, gradient_norm = 0;
  std::vector<double> weights, gradients, activations;
};

/// The run from its start, on a copy, with one setting changed.
struct DivergenceCure {
  std::string change, setting;  ///< "a tenth of the rate", "--lr 0.5"
  bool survived = false;        ///< every value stayed finite, and the mean loss of the last 20 steps is at most twice that of the first step
  std::uint64_t steps = 0;      ///< taken before a value was not finite, or all of them
  double loss = 0;              ///< of the last finite step
};

struct DivergenceReport {
  std::string sentence;              ///< what happened, in one or two sentences
  std::string place;                 ///< "input", "layer", "loss", "gradient" or "update": where the first bad value appeared
  std::uint64_t epoch = 0, step = 0;
  long long layer = -1, unit = -1, row = -1;  ///< -1: does not apply; row counts from 0
  std::string row_name, column, parameter;    ///< "row 17 (a.csv line 19)", an input's name, "layers.1.weight[3,17]"; may be empty
  double value = 0;                  ///< the first bad value: infinite or not a number
  std::string data, model, optimizer;
  double learning_rate = 0;
  std::vector<std::string> layers;   ///< names for the vectors of DivergenceStep
  std::vector<DivergenceStep> steps; ///< the last ones, the failed one included
  std::uint64_t tried_to = 0;        ///< the cures took the run's steps from the first to this one
  std::vector<DivergenceCure> cures;
  std::string cure;                  ///< trains with the first cure that survived; empty when none did
  std::string command;               ///< takes the failed step again; empty when the data cannot be read again
};

}  // namespace chainrule
