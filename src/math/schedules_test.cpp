// Tests of every schedule: values at its ends and corners, warm-up, and its text form.
#include "math/schedules.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "chainrule/error.h"
#include "math/exact_double.h"
#include "testing/error_of.h"

namespace chainrule::math {
namespace {

constexpr std::uint64_t kPerEpoch = 10, kTotal = 1000;

double factor(const std::string& text, std::uint64_t step) { return schedule_factor(parse_schedule(text), step, kPerEpoch, kTotal); }

ScheduleSpec plain(ScheduleKind kind) {
  ScheduleSpec spec;
  spec.kind = kind;
  return spec;
}

class Schedules : public testing::TestWithParam<ScheduleKind> {};

TEST_P(Schedules, IsBetweenZeroAndOneAndFinite) {
  ScheduleSpec spec = plain(GetParam());
  spec.milestones = {20, 50};
  for (const double warmup : {0.0, 0.1, 37.0, 5000.0}) {
    spec.warmup = warmup;
    for (std::uint64_t step = 0; step < kTotal + 100; ++step) {
      const double f = schedule_factor(spec, step, kPerEpoch, kTotal);
      ASSERT_TRUE(f >= 0 && f <= 1) << step << " " << f;
    }
  }
}

TEST_P(Schedules, SurvivesDegenerateRuns) {
  const ScheduleSpec spec = plain(GetParam());
  for (const std::uint64_t total : {0ull, 1ull, 2ull}) {
    for (const std::uint64_t step : {0ull, 1ull, ~0ull}) EXPECT_TRUE(std::isfinite(schedule_factor(spec, step, 0, total)));
  }
}

TEST_P(Schedules, TextReadsBackToTheSameSchedule) {
  ScheduleSpec spec{.kind = GetParam(), .factor = 0.3, .period = 7.25, .period_growth = 2, .power = 1.5, .floor = 0.015625,
                    .peak_at = 0.1, .start_factor = 1e-7, .patience = 3, .milestones = {1, 2.5, 1e9}, .warmup = 0.05};
  const std::string text = format_schedule(spec);
  const ScheduleSpec read = parse_schedule(text);
  EXPECT_EQ(format_schedule(read), text);
  for (std::uint64_t step = 0; step < kTotal; step += 17) {
    EXPECT_EQ(schedule_factor(read, step, kPerEpoch, kTotal), schedule_factor(spec, step, kPerEpoch, kTotal));
  }
  EXPECT_EQ(parse_schedule(name(GetParam())), plain(GetParam()));
  EXPECT_EQ(format_schedule(plain(GetParam())), name(GetParam()));
}

TEST_P(Schedules, WarmupRisesInEqualSteps) {
  ScheduleSpec spec = plain(GetParam());
  spec.warmup = 4;
  const double start = schedule_factor(plain(GetParam()), 0, kPerEpoch, kTotal);
  for (std::uint64_t step = 0; step < 4; ++step) {
    EXPECT_DOUBLE_EQ(schedule_factor(spec, step, kPerEpoch, kTotal), start * static_cast<double>(step + 1) / 5);
  }
  EXPECT_EQ(schedule_factor(spec, 4, kPerEpoch, kTotal), start);
  EXPECT_DOUBLE_EQ(schedule_factor(spec, 104, kPerEpoch, kTotal + 4), schedule_factor(plain(GetParam()), 100, kPerEpoch, kTotal));
}

INSTANTIATE_TEST_SUITE_P(All, Schedules, testing::ValuesIn(all<ScheduleKind>()),
                         [](const auto& info) { return std::string(name(info.param)); });

TEST(Schedule, EndsAndCorners) {
  EXPECT_EQ(factor("constant", 999), 1);
  EXPECT_EQ(factor("step:factor=0.5,period=20", 199), 1);
  EXPECT_EQ(factor("step:factor=0.5,period=20", 200), 0.5);
  EXPECT_EQ(factor("step:factor=0.5,period=20", 999), 0.0625);
  EXPECT_EQ(factor("multi_step:factor=0.5,milestones=30+60", 299), 1);
  EXPECT_EQ(factor("multi_step:factor=0.5,milestones=30+60", 300), 0.5);
  EXPECT_EQ(factor("multi_step:factor=0.5,milestones=30+60", 999), 0.25);
  EXPECT_NEAR(factor("exponential:factor=0.9", 100), std::pow(0.9, 10), 1e-15);
  EXPECT_EQ(factor("polynomial:power=2,floor=0.1", 0), 1);
  EXPECT_NEAR(factor("polynomial:power=2,floor=0.1", 500), 0.1 + 0.9 * 0.25, 1e-15);
  EXPECT_EQ(factor("polynomial:power=2,floor=0.1", 1000), 0.1);
  EXPECT_EQ(factor("inverse_time:period=10", 100), 0.5);
  EXPECT_EQ(factor("cosine", 0), 1);
  EXPECT_EQ(factor("cosine", 500), 0.5);
  EXPECT_EQ(factor("cosine:floor=0.25", 1000), 0.25);
  EXPECT_NEAR(factor("cosine", 250), 0.5 * (1 + std::cos(3.141592653589793 / 4)), 1e-15);
}

TEST(Schedule, RestartsBeginAnewAndGrow) {
  const std::string text = "cosine_restarts:period=10,period_growth=2";
  for (const std::uint64_t start : {0, 100, 300, 700}) EXPECT_EQ(factor(text, start), 1) << start;
  EXPECT_EQ(factor(text, 50), 0.5);
  EXPECT_EQ(factor(text, 200), 0.5);
  EXPECT_LT(factor(text, 299), 0.001);
  EXPECT_EQ(factor("cosine_restarts:period=10", 500), 1);
}

TEST(Schedule, OneCyclePeaksWhereToldAndEndsAtTheFloor) {
  const std::string text = "one_cycle:peak_at=0.25,start_factor=0.04,floor=0.001";
  EXPECT_NEAR(factor(text, 0), 0.04, 1e-15);
  EXPECT_NEAR(factor(text, 125), 0.52, 1e-15);
  EXPECT_EQ(factor(text, 250), 1);
  EXPECT_NEAR(factor(text, 1000), 0.001, 1e-15);
  EXPECT_EQ(factor("one_cycle:peak_at=1", 1000), 1);
  EXPECT_EQ(factor("one_cycle:peak_at=0", 0), 1);
}

// RealMLP: coslog4(t) = (1 - cos(2 pi log2(1 + 15 t))) / 2; flat_cos(t) = (1 + cos(pi max(1, 2t) - pi)) / 2.
TEST(Schedule, RealMlpSchedulesFollowTheirFormulas) {
  constexpr double kPi = 3.141592653589793;
  for (std::uint64_t step = 0; step <= kTotal; step += 7) {
    const double t = static_cast<double>(step) / kTotal;
    EXPECT_NEAR(factor("coslog4", step), 0.5 * (1 - std::cos(2 * kPi * std::log2(1 + 15 * t))), 1e-13);
    EXPECT_NEAR(factor("flat_cos:peak_at=0.5", step), 0.5 * (1 + std::cos(kPi * (std::max(1.0, 2 * t) - 1))), 1e-14);
  }
}

TEST(Plateau, ShrinksAfterPatienceAndKeepsTheFloor) {
  const ScheduleSpec spec = parse_schedule("plateau:factor=0.5,floor=0.3,patience=2");
  PlateauState state;
  for (const double score : {5.0, 4.0, 4.0, 4.0}) state.add(spec, score);
  EXPECT_EQ(state.factor, 1);
  state.add(spec, 4.5);  // the third epoch without improvement
  EXPECT_EQ(state.factor, 0.5);
  state.add(spec, 3.0);
  EXPECT_EQ(state.best, 3.0);
  for (int i = 0; i < 3; ++i) state.add(spec, 9.0);
  EXPECT_EQ(state.factor, 0.3);
  state.add(spec, std::nan(""));
  EXPECT_EQ(state.best, 3.0);
}

void expect_error(const std::string& text, const std::string& code, const std::string& in_hint) {
  const Error error = error_of([&] { parse_schedule(text, "--schedule"); });
  EXPECT_EQ(error.code(), code) << text;
  EXPECT_EQ(error.where(), "--schedule");
  EXPECT_NE(error.hint().find(in_hint), std::string::npos) << error.hint();
}

TEST(ScheduleText, MistakesAreNamed) {
  expect_error("cosin", "E0202", "cosine");
  expect_error("", "E0202", "constant");
  expect_error("cosine:flor=0.1", "E0202", "floor");
  expect_error("cosine:factor=0.1", "E0202", "floor");
  expect_error("cosine:", "E0202", "warmup");
  expect_error("cosine:floor", "E0214", "");
  expect_error("cosine:floor=abc", "E0214", "");
  expect_error("cosine:floor=1e999", "E0214", "");
  expect_error("cosine:floor=nan", "E0214", "");
  expect_error("cosine:floor=0.1,", "E0202", "warmup");
  expect_error("multi_step:milestones=", "E0214", "");
  expect_error("multi_step:milestones=3+", "E0214", "");
  expect_error("multi_step:milestones=3++4", "E0214", "");
}

// In whole steps: a restart or a drop comes at the very step, whatever the period's fraction of an epoch rounds to.
TEST(Schedules, FractionalPeriodsRestartAndDropAtTheVeryStep) {
  for (const auto& [period, per_epoch] : {std::pair{0.2, 10}, {0.2, 5}, {0.1, 20}, {0.1, 10}, {1.1, 10}, {0.7, 10}, {0.3, 100}, {1.0 / 3, 3}}) {
    const auto length = static_cast<std::uint64_t>(std::lround(period * per_epoch));
    ScheduleSpec restarts = parse_schedule("cosine_restarts"), drops = parse_schedule("step:factor=0.5");
    restarts.period = drops.period = period;
    for (std::uint64_t step = 0; step < 40 * length; ++step) {
      const double in_cycle = static_cast<double>(step % length) / static_cast<double>(length);
      const auto per = static_cast<std::uint64_t>(per_epoch);
      EXPECT_NEAR(schedule_factor(restarts, step, per, 10000), 0.5 * (1 + std::cos(M_PI * in_cycle)), 1e-12) << period << " of " << per << ", step " << step;
      EXPECT_EQ(schedule_factor(drops, step, per, 10000), std::pow(0.5, static_cast<double>(step / length))) << period << " of " << per << ", step " << step;
    }
  }
}

TEST(Schedules, GrowingFractionalCyclesRestartAtTheVeryStep) {
  ScheduleSpec spec = parse_schedule("cosine_restarts:period_growth=2");
  spec.period = 0.2;  // 2, 4, 8, 16 steps of 10
  for (const std::uint64_t start : {0u, 2u, 6u, 14u, 30u}) EXPECT_EQ(schedule_factor(spec, start, 10, 1000), 1) << start;
  for (const std::uint64_t start : {1u, 5u, 13u, 29u}) EXPECT_LT(schedule_factor(spec, start, 10, 1000), 0.6) << start;
}

TEST(Schedules, FractionalMilestonesArePassedAtTheVeryStep) {
  ScheduleSpec spec = parse_schedule("multi_step:milestones=0.3+0.6+0.7");
  for (const auto& [step, passed] : {std::pair{2, 0}, {3, 1}, {5, 1}, {6, 2}, {7, 3}}) {
    EXPECT_EQ(schedule_factor(spec, static_cast<std::uint64_t>(step), 10, 100), exact_double::power(0.1, static_cast<std::uint64_t>(passed))) << step;
  }
}

}  // namespace
}  // namespace chainrule::math
