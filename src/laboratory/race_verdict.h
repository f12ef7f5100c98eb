// Who won a race, and how sure that is.
#pragma once

#include <string>

#include "laboratory/race.h"

namespace chainrule::laboratory {

/// The error rate for all comparisons of a race or laboratory together.
constexpr double kErrorRate = 0.05;

/// Sorts the lanes by mean score and fills everything that follows from their scores: comparisons, winner, leaders, verdict, notes.
void judge_race(Race& race, const Contest& contest, const RaceSettings& settings);

/// "0.012", "< 0.001"
std::string p_text(double p);
/// Three significant digits.
std::string short_text(double value);
/// "a", "a and b", "a, b and c"
std::string joined(const std::vector<std::string>& words);

}  // namespace chainrule::laboratory
