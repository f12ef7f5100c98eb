// The input loops of every instruction set this machine runs give the same bits.
#include "features/simd/input_kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

namespace chainrule::features {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

TEST(InputKernels, StandardisedValuesAreTheFormulaBitForBit) {
  std::mt19937_64 random(4);
  std::normal_distribution<double> normal(3, 50);
  for (int round = 0; round < 400; ++round) {
    const Standard standard = {normal(random), std::abs(normal(random)) + (round % 7 == 0 ? 1e-12 : 0.1), normal(random)};
    const bool missing = round % 2 == 0, far = round % 3 == 0;
    double values[kBlockRows];
    for (double& value : values) value = missing && random() % 9 == 0 ? kNone : far && random() % 9 == 0 ? normal(random) * 1e300 : normal(random);
    bool any_missing = false, any_far = false;
    float expected[kBlockRows];
    for (std::size_t i = 0; i < kBlockRows; ++i) {
      const double z = ((std::isnan(values[i]) ? standard.fill : values[i]) - standard.center) / standard.scale;
      any_missing = any_missing || std::isnan(values[i]);
      any_far = any_far || std::abs(z) > kFarthest;
      expected[i] = static_cast<float>(z);
    }
    const InputKernelList list = runnable_input_kernels();
    for (std::size_t k = 0; k < list.count; ++k) {
      float x[kBlockRows];
      const Oddities odd = list.kernels[k]->standardise(values, standard, x);
      ASSERT_EQ(std::memcmp(x, expected, sizeof x), 0) << list.kernels[k]->name;
      ASSERT_EQ(odd.missing, any_missing);
      ASSERT_EQ(odd.far, any_far);
    }
  }
}

TEST(InputKernels, TilesOfEverySizeAreTurnedAndNothingElseIsWritten) {
  Tile tile;
  for (std::size_t j = 0; j < kTileInputs; ++j) {
    for (std::size_t i = 0; i < kBlockRows; ++i) tile[j][i] = static_cast<float>(1000 * j + i);
  }
  const InputKernelList list = runnable_input_kernels();
  for (std::size_t k = 0; k < list.count; ++k) {
    for (std::size_t inputs = 1; inputs <= kTileInputs; ++inputs) {
      for (const std::size_t rows : {1u, 7u, 8u, 9u, 31u, 127u, 128u}) {
        const std::size_t stride = inputs + 3;
        std::vector<float> x(kBlockRows * stride + 16, -1);
        list.kernels[k]->place_tile(tile, inputs, rows, x.data(), stride);
        for (std::size_t i = 0; i < kBlockRows * stride + 16; ++i) {
          const bool inside = i / stride < rows && i % stride < inputs;
          ASSERT_EQ(x[i], inside ? tile[i % stride][i / stride] : -1) << list.kernels[k]->name << ' ' << inputs << ' ' << rows << ' ' << i;
        }
      }
    }
  }
}

}  // namespace
}  // namespace chainrule::features
