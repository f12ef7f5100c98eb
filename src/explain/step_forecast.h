// The update that training would make on some rows: what the gradient says it does to the loss, and what it does.
#pragma once

#include "explain/loss_surface.h"
#include "chainrule/explanation.h"

namespace chainrule::explain {

/// One update with fresh optimiser state (t = 1) at the spec's learning rate, schedules left out; `top` weights are also moved alone.
/// REQUIRES: not L-BFGS, whose step needs a line search over the whole data.
StepForecast forecast_step(const NetworkSpec& network, const TrainingSpec& training, std::span<const float> parameters,
                           const Samples& samples, std::span<const std::uint32_t> rows, std::size_t top);

}  // namespace chainrule::explain
