// Trains the same subjects with one optimiser after another.
#include "laboratory/data_race.h"

#include <algorithm>
#include <cmath>

#include "chainrule/error.h"

namespace chainrule::laboratory {
namespace {

constexpr std::size_t kUsualTrials = 15;

LaneRun lane_run(TrainedSubject& trained) {
  LaneRun run;
  run.diverged = trained.diverged();
  run.seconds = trained.seconds();
  run.curve.push_back(trained.start_loss());
  for (const TrainResult::Point& point : trained.progress().history) {
    run.curve.push_back(point.validation_loss);
    run.training_curve.push_back(point.loss);
  }
  // The start counts too, so the score is finite: a user who keeps the best weights is never worse off.
  for (const double loss : run.curve) {
    if (std::isfinite(loss)) run.score = std::min(run.score, loss);
  }
  return run;
}

}  // namespace

Contest data_contest(const std::string& name, const DataExperiment& experiment) {
  for (const OptimizerSpec& optimizer : experiment.optimizers) {
    if (optimizer.kind != Optimizer::lbfgs) continue;
    throw Error("E0106", "--optimizers", "lbfgs takes all rows at once, so it cannot race on the same batches", "leave lbfgs out");
  }
  Contest contest;
  contest.name = name;
  contest.on_data = true;
  contest.score_name = "lowest validation loss within " + std::to_string(experiment.racing[0].epochs) + " epochs";
  contest.optimizers = experiment.names;
  contest.usual_trials = kUsualTrials;
  contest.usual_tuning_seeds = kUsualTuningSeeds;
  contest.overlap = experiment.overlap;
  for (std::uint64_t i = 0; i <= experiment.racing[0].epochs; ++i) contest.curve_x.push_back(static_cast<double>(i));
  contest.run = [&experiment](std::size_t lane, double rate, std::size_t seed) {
    TrainingSubject subject = seed < kTuningSeeds ? experiment.racing[seed] : experiment.tuning[seed - kTuningSeeds];
    subject.training.optimizer = experiment.optimizers[lane];
    subject.training.optimizer.learning_rate = rate;
    subject.early_stop = 0;
    TrainedSubject trained(subject);
    return lane_run(trained);
  };
  return contest;
}

}  // namespace chainrule::laboratory
