// Numbers and dates of single cells.
#include "data/number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "data/dates.h"

namespace chainrule::data {
namespace {

TEST(Number, SpellingsThatAreNumbers) {
  for (const char* text : {"0", "-0", "1", "+1", "12.5", ".5", "5.", "1e3", "1E-3", "-2.5e+10", "00012", "1e-999"}) {
    const ParsedNumber parsed = parse_number(text, '.');
    EXPECT_EQ(parsed.kind, CellKind::number) << text;
    EXPECT_EQ(parsed.value, std::strtod(text, nullptr)) << text;
  }
}

TEST(Number, SpellingsThatAreNot) {
  for (const char* text : {"", "-", "+", ".", "e5", "1e", "1 2", "1,5", "0x10", "nan", "NaN", "nan(1)", "1.2.3", "--1", "+-1", "12a", "1_000"}) {
    EXPECT_EQ(parse_number(text, '.').kind, CellKind::text) << text;
    double value = 0;
    EXPECT_FALSE(parse_short_number(text, '.', value)) << text;
  }
}

TEST(Number, InfiniteAndTooLargeAreOutOfRange) {
  for (const char* text : {"inf", "-inf", "+Inf", "Infinity", "1e999", "-1e400"}) {
    EXPECT_EQ(parse_number(text, '.').kind, CellKind::out_of_range) << text;
  }
}

TEST(Number, TheDecimalMarkIsTheOneGiven) {
  EXPECT_EQ(parse_number("1,5", ',').value, 1.5);
  EXPECT_EQ(parse_number("1.5", ',').kind, CellKind::text);
}

TEST(Number, TheShortPathGivesTheSameBitsAsTheLongOne) {
  std::mt19937_64 random(3);
  int taken = 0;
  for (int i = 0; i < 200000; ++i) {
    char text[40];
    const double scale = std::pow(10.0, static_cast<double>(random() % 17) - 8);
    std::snprintf(text, sizeof text, random() % 2 == 0 ? "%.*g" : "%.*f", static_cast<int>(random() % 17),
                  scale * (static_cast<double>(random() % 2000001) - 1000000) / 7);
    double value = 0;
    if (!parse_short_number(text, '.', value)) continue;
    ++taken;
    ASSERT_EQ(value, std::strtod(text, nullptr)) << text;
    ASSERT_EQ(value, parse_number(text, '.').value) << text;
  }
  EXPECT_GT(taken, 100000);
}

TEST(Dates, TextReadsBackToTheSameSecond) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 20000; ++i) {
    const double seconds = static_cast<double>(random() % 200000000000ull) - 60000000000.0;  // years 68 to 6400
    ASSERT_EQ(parse_date(date_text(seconds), DateStyle{}), seconds) << date_text(seconds);
  }
}

}  // namespace
}  // namespace chainrule::data
