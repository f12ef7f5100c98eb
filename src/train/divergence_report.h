// The steps before a divergence, looked at and taken again with milder settings.
#pragma once

#include "chainrule/divergence.h"
#include "train/trainer.h"

namespace chainrule::training {

/// Fills steps, layers, tried_from and cures. `from`: a state of the run before step `failed`, from which it goes there by itself. The run
/// is repeated on plans of its own: at most 50 steps are looked at with the reference engine (fewer for large networks), at most 2000
/// before the failed one are tried again, and as many beyond it.
void examine_divergence(const RunSpec& run, const Snapshot& from, std::uint64_t failed, DivergenceReport& report);

/// "input", "layer", ... as divergence.json says it.
std::string place_name(Divergence::Place place);

}  // namespace chainrule::training
