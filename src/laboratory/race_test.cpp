// Tests of tuning, surfaces and races: the best rate of a quadratic is found, slopes are right, threads change nothing.
#include "laboratory/race.h"

#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/error.h"
#include "laboratory/race_verdict.h"
#include "laboratory/rate_tuning.h"
#include "laboratory/surfaces.h"
#include "testing/error_of.h"

namespace chainrule::laboratory {
namespace {

TEST(Tuning, FindsTheBestRateOfAQuadratic) {
  // Gradient descent on curvatures mu = 1 and L = 50 shrinks fastest at 2/(L + mu).
  const Surface& valley = find_surface("valley");
  const ScoreRates score = [&](std::span<const double> rates) {
    std::vector<double> scores;
    for (const double rate : rates) {
      TrainingSpec training;
      training.optimizer = default_optimizer("sgd");
      training.optimizer.learning_rate = rate;
      scores.push_back(walk_surface(valley, training, 1, 150).heights.back());
    }
    return scores;
  };
  const TunedRate tuned = tune_rate({1e-5, 10, 41}, score);
  EXPECT_NEAR(tuned.rate * (50 + 1) / 2, 1, 0.02);
  EXPECT_FALSE(tuned.at_edge);
  EXPECT_EQ(tuned.trials.size(), 41u);
}

TEST(Tuning, UsesItsBudgetAndSaysWhenTheEdgeIsBest) {
  for (const std::size_t trials : {3u, 4u, 7u, 15u, 33u}) {
    std::size_t used = 0;
    const TunedRate tuned = tune_rate({1e-3, 1, trials}, [&](std::span<const double> rates) {
      used += rates.size();
      return std::vector<double>(rates.begin(), rates.end());
    });
    EXPECT_EQ(used, trials);
    EXPECT_NEAR(tuned.rate, 1e-3, 1e-12);
    EXPECT_TRUE(tuned.at_edge);
  }
}

TEST(Surface, SlopesAgreeWithDifferences) {
  constexpr double kNudge = 1e-6;
  for (const Surface& surface : surfaces()) {
    for (const auto& [x, y] : {std::pair{0.3, -0.7}, {1.7, 0.4}, {-1.1, 1.3}}) {
      const Ground ground = surface.at(x, y);
      EXPECT_NEAR(ground.slope.x, (surface.at(x + kNudge, y).height - surface.at(x - kNudge, y).height) / (2 * kNudge),
                  1e-5 * (1 + std::abs(ground.slope.x)))
          << surface.info.name;
      EXPECT_NEAR(ground.slope.y, (surface.at(x, y + kNudge).height - surface.at(x, y - kNudge).height) / (2 * kNudge),
                  1e-5 * (1 + std::abs(ground.slope.y)))
          << surface.info.name;
    }
    for (const auto& [x, y] : surface.info.minima) EXPECT_NEAR(surface.at(x, y).height, 0, 1e-12) << surface.info.name;
  }
}

TEST(Surface, TheEngineTakesTheStepOfTheFormula) {
  const Surface& valley = find_surface("valley");
  TrainingSpec training;
  training.optimizer = default_optimizer("sgd");
  training.optimizer.learning_rate = 0.01;
  const SurfaceWalk walk = walk_surface(valley, training, 7, 1);
  const float x = static_cast<float>(walk.path[0].x), y = static_cast<float>(walk.path[0].y);
  EXPECT_EQ(static_cast<float>(walk.path[1].x), std::fma(-0.01f, x, x));
  EXPECT_EQ(static_cast<float>(walk.path[1].y), std::fma(-0.01f, static_cast<float>(50.0 * static_cast<double>(y)), y));
}

TEST(Surface, UnknownNamesNameTheNearest) {
  const Error error = error_of([] { find_surface("rosenbrok"); });
  EXPECT_EQ(error.code(), "E0202");
  EXPECT_NE(error.hint().find("rosenbrock"), std::string::npos);
}

Race small_race(const std::string& surface, int threads, std::vector<std::string> optimizers = {"sgd", "momentum:nesterov", "adam"}) {
  RaceSettings settings;
  settings.optimizers = std::move(optimizers);
  settings.seeds = 8;
  settings.tuning_seeds = 2;
  settings.trials = 9;
  settings.threads = threads;
  return hold_race(surface_contest(surface, settings), settings, {});
}

TEST(Race, SameBitsForAnyNumberOfThreads) {
  for (const Surface& surface : surfaces()) {
    const Race one = small_race(surface.info.name, 1);
    for (const int threads : {2, 5}) {
      const Race other = small_race(surface.info.name, threads);
      ASSERT_EQ(one.lanes.size(), other.lanes.size());
      for (std::size_t i = 0; i < one.lanes.size(); ++i) {
        EXPECT_EQ(one.lanes[i].rate, other.lanes[i].rate);
        EXPECT_EQ(one.lanes[i].scores, other.lanes[i].scores);
        EXPECT_EQ(one.lanes[i].path_x, other.lanes[i].path_x);
      }
      EXPECT_EQ(one.verdict, other.verdict);
    }
  }
}

TEST(Race, EveryOptimizerRunsFromTheSameStart) {
  std::vector<std::string> optimizers;
  for (const std::string_view kind : names<Optimizer>()) {
    if (kind != "lbfgs") optimizers.emplace_back(kind);
  }
  const Race race = small_race("rosenbrock", 2, optimizers);
  ASSERT_EQ(race.lanes.size(), optimizers.size());
  for (const RaceLane& lane : race.lanes) {
    EXPECT_EQ(lane.path_x[0], race.lanes[0].path_x[0]);
    EXPECT_LT(lane.score.mean, 6) << lane.optimizer;
    EXPECT_EQ(lane.trials.size(), 9u);
  }
}

// A contest with made-up scores: judges the judgement.
Race made_up(double advantage) {
  Contest contest;
  contest.optimizers = {"a", "b", "c"};
  contest.run = [=](std::size_t lane, double, std::size_t seed) {
    LaneRun run;
    run.score = std::sin(static_cast<double>(7 * seed + lane * lane)) + (lane == 1 ? -advantage : 0);
    return run;
  };
  RaceSettings settings;
  settings.seeds = 10;
  settings.threads = 1;
  return hold_race(contest, settings, {});
}

TEST(Verdict, AClearAdvantageWinsAndNoneDoesNot) {
  EXPECT_EQ(made_up(5).winner, "b");
  EXPECT_EQ(made_up(5).leaders.size(), 1u);
  EXPECT_EQ(made_up(0).winner, "");
  EXPECT_EQ(made_up(0).leaders.size(), 3u);
  EXPECT_NE(made_up(0).verdict.find("No clear winner"), std::string::npos);
}

TEST(Verdict, SaysWhenTheSeedsAreTooFew) {
  RaceSettings settings;
  settings.seeds = 4;
  settings.threads = 1;
  settings.optimizers = {"sgd", "adam"};
  const Race race = hold_race(surface_contest("valley", settings), settings, {});
  EXPECT_EQ(race.winner, "");
  EXPECT_NE(race.notes.back().find("--seeds 6"), std::string::npos) << race.notes.back();
}

TEST(Race, SettingsOutOfRangeAreErrors) {
  const auto code = [](RaceSettings settings) {
    return error_of([&] { hold_race(surface_contest("valley", settings), settings, {}); }).code();
  };
  EXPECT_EQ(code({{"sgd"}}), "E0102");
  EXPECT_EQ(code({{"sgd", "sgd"}}), "E0102");
  EXPECT_EQ(code({{"sgd", "lbfgs"}}), "E0106");
  EXPECT_EQ(code({{"sgd", "adamm"}}), "E0202");
  EXPECT_EQ(code({{"sgd", "adam"}, 1}), "E0102");
  EXPECT_EQ(code({{"sgd", "adam"}, 5, 1, 2}), "E0102");
}

}  // namespace
}  // namespace chainrule::laboratory
