// The steps before a divergence, looked at; and the run taken again from its start with milder settings.
#pragma once

#include "chainrule/divergence.h"
#include "train/trainer.h"

namespace chainrule::training {

/// Fills steps, layers, tried_to and cures. `from`: a state of the run before step `failed`, from which it goes there by itself; at most 50
/// steps are looked at with the reference engine (fewer for large networks). `start`: the parameters the run began with. From there it is
/// taken again on plans of its own: with rates a tenth, a hundredth, ... until one holds, and with the gradient clipped; the rest with adamw.
/// Each goes to the end of the run, or as far as a second or two allow, but 2000 steps.
void examine_divergence(const RunSpec& run, const Snapshot& from, std::span<const float> start, std::uint64_t failed, DivergenceReport& report);

/// "input", "layer", ... as divergence.json says it.
std::string place_name(Divergence::Place place);

}  // namespace chainrule::training
