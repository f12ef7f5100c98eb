// The choice between a team and one thread follows what steps take, and costs little.
#include "engine/cpu/team_choice.h"

#include <gtest/gtest.h>

namespace chainrule::engine::cpu {
namespace {

/// Seconds that `total` seconds' worth of steps spent on one thread, on a machine where a step takes so long.
double seconds_alone(TeamChoice& choice, double total, double step_of_team, double step_alone) {
  double alone = 0;
  for (double passed = 0; passed < total;) {
    const double seconds = choice.alone() ? step_alone : step_of_team;
    if (choice.alone()) alone += seconds;
    passed += seconds;
    choice.took(seconds, 32);
  }
  return alone;
}

TEST(TeamChoice, ATeamThatIsFasterRunsButForTrials) {
  TeamChoice choice(TeamChoice::Kind::adapting);
  const double alone = seconds_alone(choice, 60, 1e-4, 1.8e-4);
  EXPECT_GT(alone, 0);
  EXPECT_LT(alone, 60 * 0.01);
}

TEST(TeamChoice, OneThreadTakesOverWhereTheTeamWaits) {
  TeamChoice choice(TeamChoice::Kind::adapting);
  EXPECT_GT(seconds_alone(choice, 60, 4e-3, 2e-4), 60 * 0.97);
}

TEST(TeamChoice, TheTeamComesBackWithinSecondsWhenItsCoresAreFreeAgain) {
  TeamChoice choice(TeamChoice::Kind::adapting);
  seconds_alone(choice, 60, 4e-3, 2e-4);
  ASSERT_TRUE(choice.alone());
  seconds_alone(choice, 5, 1e-4, 2e-4);
  EXPECT_FALSE(choice.alone());
}

TEST(TeamChoice, ALittleDifferenceChangesNothing) {
  TeamChoice choice(TeamChoice::Kind::adapting);
  EXPECT_LT(seconds_alone(choice, 60, 1.05e-4, 1e-4), 60 * 0.01);
}

TEST(TeamChoice, LongStepsAreTriedAtLeastFourTimes) {
  TeamChoice choice(TeamChoice::Kind::adapting);
  while (!choice.alone()) choice.took(0.02, 32);
  int alone = 0;
  for (; choice.alone(); ++alone) choice.took(0.04, 32);
  EXPECT_EQ(alone, 4);
}

TEST(TeamChoice, AFixedTeamIsNeverAlone) {
  TeamChoice choice;
  EXPECT_EQ(seconds_alone(choice, 10, 1, 1e-3), 0);
}

}  // namespace
}  // namespace chainrule::engine::cpu
