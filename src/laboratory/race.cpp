// Holds races.
#include "laboratory/race.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "chainrule/error.h"
#include "laboratory/parallel_runs.h"
#include "laboratory/race_verdict.h"
#include "laboratory/rate_tuning.h"
#include "laboratory/statistics.h"

namespace chainrule::laboratory {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

void check_settings(const Contest& contest, const RaceSettings& settings) {
  const auto demand = [](bool holds, const char* where, const char* message, const char* hint) {
    if (!holds) throw Error("E0102", where, message, hint);
  };
  demand(contest.optimizers.size() >= 2, "optimizers", "a race needs at least two optimisers", "for example --optimizers sgd,adam");
  demand(settings.seeds >= 2 && settings.seeds <= 1000, "seeds", "the race needs 2 to 1,000 seeds", "10 is the default");
  demand(settings.tuning_seeds <= 1000, "tuning-seeds", "tuning needs 1 to 1,000 seeds", "leave --tuning-seeds out for the default");
  demand(settings.trials == 0 || (settings.trials >= 3 && settings.trials <= 1000), "trials", "tuning tries 3 to 1,000 learning rates",
         "leave --trials out for the default");
  demand(settings.lowest_rate > 0 && settings.highest_rate > settings.lowest_rate && std::isfinite(settings.highest_rate), "rates",
         "the lowest learning rate must be above 0 and below the highest", "for example --rates 1e-5,10");
  for (std::size_t i = 0; i < contest.optimizers.size(); ++i) {
    const bool again = std::count(contest.optimizers.begin(), contest.optimizers.end(), contest.optimizers[i]) > 1;
    demand(!again, "optimizers", "an optimiser is named twice", "name each once");
  }
}

/// Means over the seeds, point by point; runs that ended early count only where they were.
std::vector<Estimate> mean_curve(const std::vector<LaneRun>& runs, std::size_t points, double overlap) {
  std::vector<Estimate> curve;
  std::vector<double> values;
  for (std::size_t i = 0; i < points; ++i) {
    values.clear();
    for (const LaneRun& run : runs) {
      if (i < run.curve.size() && std::isfinite(run.curve[i])) values.push_back(run.curve[i]);
    }
    curve.push_back(values.empty() ? Estimate{NAN, NAN, NAN} : estimate(values, std::max(0.0, overlap)));
  }
  return curve;
}

std::vector<double> mean_training_curve(const std::vector<LaneRun>& runs) {
  std::vector<double> means;
  for (std::size_t i = 0;; ++i) {
    std::vector<double> values;
    for (const LaneRun& run : runs) {
      if (i < run.training_curve.size() && std::isfinite(run.training_curve[i])) values.push_back(run.training_curve[i]);
    }
    if (values.empty()) return means;
    means.push_back(mean(values));
  }
}

class RaceHolder {
 public:
  /// settings: every 0 is filled in already.
  RaceHolder(const Contest& contest, const RaceSettings& settings, const LaboratoryWatch& watch)
      : contest_(contest), settings_(settings), runner_(settings.threads, watch) {
    runner_.expect(contest.optimizers.size() * (settings.trials * settings.tuning_seeds + settings.seeds));
  }

  Race run() {
    Race race;
    race.name = contest_.name;
    race.on_data = contest_.on_data;
    race.score_name = contest_.score_name;
    for (std::size_t lane = 0; lane < contest_.optimizers.size(); ++lane) race.lanes.push_back(tuned_lane(lane));
    runner_.set_stage("racing");
    run_all(race);
    judge_race(race, contest_, settings_);
    return race;
  }

 private:
  RaceLane tuned_lane(std::size_t lane) {
    runner_.set_stage("tuning " + contest_.optimizers[lane]);
    const TuningBudget budget{settings_.lowest_rate, settings_.highest_rate, settings_.trials};
    const TunedRate tuned = tune_rate(budget, [&](std::span<const double> rates) { return tuning_scores(lane, rates); });
    RaceLane result;
    result.optimizer = contest_.optimizers[lane];
    result.rate = tuned.rate;
    result.at_edge = tuned.at_edge;
    result.trials = tuned.trials;
    return result;
  }

  std::vector<double> tuning_scores(std::size_t lane, std::span<const double> rates) {
    const std::size_t seeds = settings_.tuning_seeds;
    std::vector<double> scores(rates.size() * seeds);
    runner_.run(scores.size(), [&](std::size_t i) {
      const LaneRun run = contest_.run(lane, rates[i / seeds], kTuningSeeds + i % seeds);
      scores[i] = run.diverged ? kInfinity : run.score;
    });
    std::vector<double> means;
    for (std::size_t r = 0; r < rates.size(); ++r) means.push_back(mean(std::span<const double>(scores).subspan(r * seeds, seeds)));
    return means;
  }

  void run_all(Race& race) {
    const std::size_t seeds = settings_.seeds;
    std::vector<LaneRun> runs(race.lanes.size() * seeds);
    runner_.run(runs.size(), [&](std::size_t i) { runs[i] = contest_.run(i / seeds, race.lanes[i / seeds].rate, i % seeds); });
    for (std::size_t lane = 0; lane < race.lanes.size(); ++lane) {
      const auto begin = runs.begin() + static_cast<std::ptrdiff_t>(lane * seeds);
      fill_lane(race.lanes[lane], {begin, begin + static_cast<std::ptrdiff_t>(seeds)});
    }
  }

  void fill_lane(RaceLane& lane, const std::vector<LaneRun>& runs) const {
    std::vector<double> steps, seconds;
    for (const LaneRun& run : runs) {
      lane.scores.push_back(run.score);
      lane.diverged += run.diverged;
      lane.arrived += std::isfinite(run.steps_to_goal);
      steps.push_back(run.steps_to_goal);
      seconds.push_back(run.seconds);
    }
    lane.score = estimate(lane.scores, std::max(0.0, contest_.overlap));
    lane.curve_x = contest_.curve_x;
    lane.curve = mean_curve(runs, contest_.curve_x.size(), contest_.overlap);
    lane.training_curve = mean_training_curve(runs);
    lane.path_x = runs[0].path_x;
    lane.path_y = runs[0].path_y;
    lane.median_steps = median(steps);
    lane.seconds = median(seconds);
  }

  const Contest& contest_;
  const RaceSettings& settings_;
  Runner runner_;
};

}  // namespace

Race hold_race(const Contest& contest, const RaceSettings& settings, const LaboratoryWatch& watch) {
  check_settings(contest, settings);
  RaceSettings filled = settings;
  if (filled.trials == 0) filled.trials = contest.usual_trials;
  if (filled.tuning_seeds == 0) filled.tuning_seeds = contest.usual_tuning_seeds;
  return RaceHolder(contest, filled, watch).run();
}

}  // namespace chainrule::laboratory
