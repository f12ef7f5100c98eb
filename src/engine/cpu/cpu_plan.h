// The fast engine: the output-stationary step on vector kernels, bit-equal to the reference.
#pragma once

#include <memory>
#include <string>

#include "engine/cpu/instruction_sets.h"
#include "engine/plan.h"

namespace chainrule::engine {

/// Times the team waits for its slowest member in a step.
int waits_of_step(const NetworkSpec& network, const TrainingSpec& training);

/// "" or one line why this engine cannot run it. Throws Error E0110 when CHAINRULE_ISA is not usable here.
std::string refuse_cpu(const NetworkSpec& network, const TrainingSpec& training, const PlanOptions& options);
/// REQUIRES refuse_cpu(...) == "".
std::unique_ptr<Plan> make_cpu_plan(const NetworkSpec& network, const TrainingSpec& training,
                                    const PlanOptions& options);
/// For tests: steps use the team and one thread in turn.
std::unique_ptr<Plan> make_alternating_plan(const NetworkSpec& network, const TrainingSpec& training, const PlanOptions& options);

}  // namespace chainrule::engine
