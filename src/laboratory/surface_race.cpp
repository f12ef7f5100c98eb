// The race on a test surface: the score is log10 of the height above the minimum after the last step.
#include <algorithm>
#include <cmath>

#include "chainrule/error.h"
#include "laboratory/race.h"
#include "laboratory/surfaces.h"

namespace chainrule::laboratory {
namespace {

constexpr double kGoal = -3;  // log10 of the height that counts as arrived
constexpr std::size_t kSurfaceTrials = 33, kSurfaceTuningSeeds = 10;
constexpr std::uint64_t kMostSteps = 1000000;

LaneRun lane_run(const SurfaceWalk& walk) {
  LaneRun run;
  run.score = walk.heights.back();
  run.diverged = walk.diverged;
  run.curve = walk.heights;
  const auto arrived = std::find_if(walk.heights.begin(), walk.heights.end(), [](double height) { return height <= kGoal; });
  if (arrived != walk.heights.end()) run.steps_to_goal = static_cast<double>(arrived - walk.heights.begin());
  for (const Point& point : walk.path) {
    run.path_x.push_back(point.x);
    run.path_y.push_back(point.y);
  }
  return run;
}

TrainingSpec training_of(const std::string& optimizer) {
  TrainingSpec training;
  training.optimizer = default_optimizer(optimizer);
  training.optimizer.weight_decay = 0;  // the surface is the whole objective
  if (training.optimizer.kind == Optimizer::lbfgs) {
    throw Error("E0106", "--optimizers", "lbfgs chooses its own step by line search, so it cannot race at a tuned rate", "leave lbfgs out");
  }
  return training;
}

}  // namespace

Contest surface_contest(const std::string& name, const RaceSettings& settings) {
  const Surface& surface = find_surface(name);
  const std::uint64_t steps = settings.steps == 0 ? surface.info.steps : settings.steps;
  if (steps > kMostSteps) throw Error("E0102", "--steps", "at most 1,000,000 steps", "the surfaces ask for 40 to 500");
  Contest contest;
  contest.name = name;
  contest.score_name = "log10 of the height above the minimum after " + std::to_string(steps) + " steps";
  contest.optimizers = settings.optimizers;
  contest.usual_trials = kSurfaceTrials;
  contest.usual_tuning_seeds = kSurfaceTuningSeeds;
  for (std::uint64_t i = 0; i <= steps; ++i) contest.curve_x.push_back(static_cast<double>(i));
  std::vector<TrainingSpec> specs;
  for (const std::string& optimizer : settings.optimizers) specs.push_back(training_of(optimizer));
  contest.run = [&surface, specs, steps, first = settings.seed](std::size_t lane, double rate, std::size_t seed) {
    TrainingSpec training = specs[lane];
    training.optimizer.learning_rate = rate;
    return lane_run(walk_surface(surface, training, first + seed, steps));
  };
  return contest;
}

}  // namespace chainrule::laboratory
