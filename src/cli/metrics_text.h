// Metrics and confusion matrices as text.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "chainrule/train.h"
#include "console.h"

namespace chainrule::cli {

/// One line per set of rows: ("train", metrics), ("validation", ...).
void print_metrics(Console& console, const std::vector<std::pair<std::string, const Metrics*>>& sets);

/// The whole matrix when it fits the width, otherwise the most frequent mistakes.
void print_confusion(Console& console, const Metrics& metrics);

/// Notes and decisions, one per line with a bullet.
void print_notes(Console& console, const std::vector<std::string>& notes);

}  // namespace chainrule::cli
