// Tests of the counter-based generator: published vectors, places, and evenness.
#include "base/counter_rng.h"

#include <gtest/gtest.h>

#include <set>

namespace chainrule {
namespace {

using Words = std::array<std::uint32_t, 4>;

// Random123, kat_vectors, "philox4x32 10".
TEST(CounterRng, PhiloxEqualsThePublishedVectors) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t ff = 0xffffffff;
  EXPECT_EQ(philox4x32({ff, ff, ff, ff}, {ff, ff}), (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(CounterRng, ElementIsWordOfItsBlock) {
  const DrawPlace place{.seed = 0x123456789abcdef0, .purpose = Purpose::dropout, .layer = 3, .step = 77, .row = 5};
  EXPECT_EQ(draw_block(place, 2), philox4x32({2, 5, 77, 2u << 24 | 3}, {0x9abcdef0, 0x12345678}));
  for (std::uint32_t element = 0; element < 40; ++element) {
    EXPECT_EQ(draw(place, element), draw_block(place, element / 4)[element % 4]);
  }
}

TEST(CounterRng, EveryPartOfThePlaceChangesTheDraw) {
  std::set<std::uint32_t> words;
  words.insert(draw({}, 0));
  words.insert(draw({.seed = 1}, 0));
  words.insert(draw({.seed = std::uint64_t{1} << 32}, 0));
  words.insert(draw({.purpose = Purpose::split}, 0));
  words.insert(draw({.layer = 1}, 0));
  words.insert(draw({.step = 1}, 0));
  words.insert(draw({.row = 1}, 0));
  words.insert(draw({}, 1));
  words.insert(draw({}, 4));
  EXPECT_EQ(words.size(), 9u);
}

TEST(CounterRng, DrawBelowStaysBelowAndIsEven) {
  std::array<int, 7> counts{};
  for (std::uint32_t i = 0; i < 70000; ++i) {
    const std::uint32_t value = draw_below({.seed = 9}, i, 7);
    ASSERT_LT(value, 7u);
    ++counts[value];
  }
  for (const int count : counts) EXPECT_NEAR(count, 10000, 500);  // five deviations of sqrt(70000 * 6/49) = 93
  EXPECT_EQ(draw_below({}, 0, 1), 0u);
}

}  // namespace
}  // namespace chainrule
