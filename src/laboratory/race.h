// A race of optimisers: tunes a learning rate for each with the same budget, runs all on the same seeds, judges the differences.
#pragma once

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "chainrule/laboratory.h"

namespace chainrule::laboratory {

/// What one run of one optimiser gave.
struct LaneRun {
  double score = std::numeric_limits<double>::infinity();  ///< finite even when the run diverged
  bool diverged = false;
  std::vector<double> curve, training_curve;
  std::vector<double> path_x, path_y;
  double steps_to_goal = std::numeric_limits<double>::infinity(), seconds = 0;
};

/// Seeds of the race are numbered 0, 1, ...; those of the tuning begin here.
constexpr std::size_t kTuningSeeds = 1000000;

struct Contest {
  std::string name, score_name;
  bool on_data = false;
  std::vector<std::string> optimizers;
  std::vector<double> curve_x;
  std::size_t usual_trials = 15, usual_tuning_seeds = 3;
  /// Values of the seeds depend on one another by shared rows: see estimate(). Negative: they do not, and ranks decide.
  double overlap = -1;
  /// A pure function of its arguments; called from several threads.
  std::function<LaneRun(std::size_t lane, double rate, std::size_t seed)> run;
};

/// Throws Error E0102 for settings out of range.
Race hold_race(const Contest& contest, const RaceSettings& settings, const LaboratoryWatch& watch);

/// The contest of optimisers on a surface.
Contest surface_contest(const std::string& surface, const RaceSettings& settings);

}  // namespace chainrule::laboratory
