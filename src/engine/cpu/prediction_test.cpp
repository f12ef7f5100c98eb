// Few rows predicted by one thread, by one member of a team or by all of it, column by column: the same bits as the reference.
#include <gtest/gtest.h>

#include "engine/cpu/plan_pair_test.h"
#include "engine/cpu/prediction_team.h"

namespace chainrule::engine {
namespace {

using testing::Pair;
using testing::RandomNetwork;

/// Wide enough for several panels, odd enough for a narrow last one; the last layer now and then too.
void widen(RandomNetwork& random, std::uint32_t number) {
  std::vector<LayerSpec>& layers = random.network.layers;
  for (LayerSpec& layer : layers) layer.units = &layer == &layers.back() && number % 4 != 0 ? layer.units : 70 + number % 5 * 30;
  for (std::size_t l = 0; l < layers.size(); ++l) layers[l].residual = layers[l].residual && layers[l].units == random.network.fan_in(l);
}

TEST(Prediction, FewRowsDividedAmongMembersEqualTheReference) {
  for (std::uint32_t number = 0; number < 120; ++number) {
    RandomNetwork random = testing::random_network(number);
    widen(random, number);
    if (number % 6 == 5) random.training.precision = Precision::bf16;
    SCOPED_TRACE(spec_to_toml(random.network, random.training));
    Pair pair(random, number, 2 + static_cast<int>(number % 2), make_alternating_plan);
    for (int turn = 0; turn < 2; ++turn) {
      for (const std::size_t rows : {1, 2, 7, 48}) {
        pair.data = testing::random_data(random, rows, number);
        ASSERT_NO_FATAL_FAILURE(pair.expect_equal_predictions(rows)) << rows << " rows";
      }
      std::vector<float> outputs(random.network.outputs());
      pair.fast->predict(pair.data.x.data(), 1, false, outputs.data());  // now the team does what one thread did, and the other way round
    }
  }
}

TEST(Prediction, RowAfterRowWithTheSameWeightsEqualsTheReference) {
  for (std::uint32_t number = 0; number < 60; ++number) {
    RandomNetwork random = testing::random_network(number);
    widen(random, number);
    random.network.input_dropout.rate = 0;
    SCOPED_TRACE(spec_to_toml(random.network, random.training));
    Pair pair(random, number, 1);
    std::vector<float> outputs(random.network.outputs());
    for (std::uint64_t t = 1; t <= 3; ++t) {  // between them the weights change
      for (int row = 0; row < 20; ++row) pair.fast->predict(pair.data.x.data(), 1, t == 3, outputs.data());
      ASSERT_NO_FATAL_FAILURE(pair.expect_equal_predictions(1)) << "step " << t;
      for (int row = 0; row < 20; ++row) pair.fast->predict(pair.data.x.data(), 1, false, outputs.data());
      for (Plan* plan : {pair.fast.get(), pair.slow.get()}) plan->step(pair.data.samples, pair.rows(t), pair.control(t));
      ASSERT_NO_FATAL_FAILURE(pair.expect_equal_predictions(1)) << "after step " << t;
    }
  }
}

/// Shows the time it is told.
struct ToldClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<ToldClock>;
  static inline time_point time{std::chrono::hours(1)};
  static time_point now() { return time; }
};

/// Calls of `rows` rows, each `pause` after the last and taking `alone` or `by_team`; how many of them the team ran.
int calls_by_team(cpu::PredictionTeamBy<ToldClock>& team, std::size_t rows, int calls, std::chrono::microseconds pause,
                  std::chrono::microseconds alone = std::chrono::microseconds(40), std::chrono::microseconds by_team = std::chrono::microseconds(25)) {
  int found = 0;
  for (int i = 0; i < calls; ++i) {
    ToldClock::time += pause;
    const bool is_team = team.begin(rows);
    found += is_team;
    ToldClock::time += is_team ? by_team : alone;
    team.end(rows);
  }
  return found;
}

constexpr std::chrono::microseconds kAtOnce(1), kLater(1000);

cpu::PackedNetwork network_of(std::vector<std::size_t> widths, Norm norm = Norm::none) {
  NetworkSpec spec;
  spec.inputs = widths.front();
  for (std::size_t l = 1; l < widths.size(); ++l) {
    spec.layers.emplace_back().units = widths[l];
    spec.layers.back().norm = norm;
  }
  return {spec, {}, *cpu::active_kernels()};
}

TEST(PredictionTeam, TakesRowsOfWideNetworksThatAreAskedForAgainAndAgain) {
  const cpu::PackedNetwork wide = network_of({784, 512, 512, 10});
  cpu::PredictionTeamBy<ToldClock> team(wide, 2, false);
  EXPECT_EQ(calls_by_team(team, 1, 100, kLater), 0);
  EXPECT_GT(calls_by_team(team, 1, 100, kAtOnce), 70);
  EXPECT_EQ(calls_by_team(team, 1, 10, kLater), 0);
  EXPECT_TRUE(team.divides(wide.layers[0], 1));
  EXPECT_FALSE(team.divides(wide.layers[2], 1));
}

TEST(PredictionTeam, LeavesToOneThreadWhatItDoesFaster) {
  const cpu::PackedNetwork wide = network_of({784, 512, 512, 10});
  cpu::PredictionTeamBy<ToldClock> team(wide, 2, false);
  const auto slow = std::chrono::microseconds(100);
  calls_by_team(team, 1, 100'000, kAtOnce, std::chrono::microseconds(40), slow);
  EXPECT_LT(calls_by_team(team, 1, 10'000, kAtOnce, std::chrono::microseconds(40), slow), 1'000);
}

TEST(PredictionTeam, LeavesSmallWorkToOneThreadAndTakesWhatIsLong) {
  const cpu::PackedNetwork small = network_of({64, 64, 64, 1});
  cpu::PredictionTeamBy<ToldClock> team(small, 2, false), one(small, 1, false);
  EXPECT_EQ(calls_by_team(team, 1, 1000, kAtOnce), 0);
  EXPECT_EQ(calls_by_team(team, 64, 100, kLater), 0);
  EXPECT_GT(calls_by_team(team, 64, 100, kAtOnce), 70);
  EXPECT_EQ(calls_by_team(team, 2000, 10, kLater), 10);
  EXPECT_EQ(calls_by_team(one, 2000, 10, kAtOnce), 0);
}

TEST(PredictionTeam, DoesNotDivideWhatLayerNormNeedsWhole) {
  const cpu::PackedNetwork wide = network_of({784, 512, 512, 10}, Norm::layer);
  cpu::PredictionTeamBy<ToldClock> team(wide, 2, false);
  EXPECT_EQ(calls_by_team(team, 1, 100, kAtOnce), 0);
}

}  // namespace
}  // namespace chainrule::engine
