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

}  // namespace
}  // namespace chainrule::engine
