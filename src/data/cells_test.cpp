// Shared memory for columns: no two overlap, whichever thread takes and gives back.
#include "data/cells.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <thread>
#include <vector>

namespace chainrule::data {
namespace {

TEST(Cells, OfManySizesKeepWhatIsWrittenWhateverOthersDo) {
  const auto work = [](unsigned seed) {
    std::mt19937 random(seed);
    std::vector<std::pair<Cells<double>, double>> all(40);
    for (int round = 0; round < 3000; ++round) {
      auto& [cells, value] = all[random() % all.size()];
      for (const double cell : cells) ASSERT_EQ(cell, value);
      const std::size_t most = std::size_t{1} << (random() % 18);
      value = static_cast<double>(random());
      cells = Cells<double>(random() % most, value);
      if (random() % 4 == 0) cells.resize(cells.size() * 2, value);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 3; ++seed) threads.emplace_back(work, seed);
  for (std::thread& thread : threads) thread.join();
}

TEST(Cells, EqualVectorsOfTheSameValues) {
  const Cells<double> cells = {1, 2};
  EXPECT_TRUE(cells == (std::vector<double>{1, 2}));
  EXPECT_FALSE(cells == (std::vector<double>{1, 3}));
  EXPECT_FALSE(cells == (std::vector<double>{1, 2, 3}));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they end the program instead
TEST(Cells, TooManyAreRefused) { EXPECT_THROW(Cells<double>(Cells<double>().max_size()), std::bad_alloc); }
#endif

}  // namespace
}  // namespace chainrule::data
