// The reference network as an engine: Plan's calls, one scalar thread.
#pragma once

#include <memory>
#include <string>

#include "engine/plan.h"

namespace chainrule::engine {

/// Always "": the reference runs everything.
std::string refuse_reference(const NetworkSpec&, const TrainingSpec&, const PlanOptions&);
std::unique_ptr<Plan> make_reference_plan(const NetworkSpec& network, const TrainingSpec& training, const PlanOptions& options);

}  // namespace chainrule::engine
