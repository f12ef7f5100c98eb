// Numbers as text: enough digits to tell neighbouring predictions apart, none of noise.
#include "base/number_text.h"

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <set>
#include <string>

namespace chainrule {
namespace {

std::string text_of(double value, double resolution) {
  char buffer[kLongestNumber];
  return std::string(buffer, write_number_to(buffer, value, resolution));
}

double read(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

TEST(NumberText, WithoutResolutionIsTheShortestTextOfTheFloat) {
  EXPECT_EQ(text_of(static_cast<double>(0.1f), 0), "0.1");
  EXPECT_EQ(text_of(3, 0), "3");
  EXPECT_EQ(text_of(static_cast<double>(1.0f / 3), 0), "0.33333334");
}

TEST(NumberText, OutsideTheRangeOfFloatsHasTheDigitsOfOne) {
  EXPECT_EQ(text_of(1.5e300, 0), "1.5e+300");
  EXPECT_EQ(text_of(1.23456789012e-46, 0), "1.23456789e-46");
  EXPECT_EQ(text_of(0, 0), "0");
}

TEST(NumberText, KeepsWhatTheResolutionTellsApartAndNoMore) {
  EXPECT_EQ(text_of(1699999872.123456789, 100 * 0x1p-24), "1699999872.123457");
  EXPECT_EQ(text_of(251234.567891234, 80000 * 0x1p-24), "251234.568");
  EXPECT_EQ(text_of(0.1 + 1e-15, 0x1p-24), "0.1");
  EXPECT_EQ(text_of(-12.5, 0x1p-24), "-12.5");
  EXPECT_EQ(text_of(-0.001, 0x1p-24), "-0.001");
  EXPECT_EQ(text_of(1e-12, 0x1p-24), "0");
  EXPECT_EQ(text_of(120, 0x1p-24), "120");
  EXPECT_EQ(text_of(0.05, 0x1p-24), "0.05");
  EXPECT_EQ(text_of(2460000.25, 3 * 0x1p-24), "2460000.25");
}

TEST(NumberText, IsNeverOffByMoreThanHalfTheResolution) {
  for (const double center : {0.0, 1e9, -2.46e6, 1e300, 1e-300}) {
    for (const double scale : {1e-3, 1.0, 7e5, 1e299, 1e-301}) {
      const double resolution = scale * 0x1p-24;
      for (int i = -50; i <= 50; ++i) {
        const double value = center + scale * i / 17.0;
        if (value == 0) continue;
        EXPECT_LE(std::fabs(read(text_of(value, resolution)) - value), 0.5 * resolution + std::fabs(value) * 0x1p-52) << value;
      }
    }
  }
}

TEST(NumberText, NeighbouringOutputsOfAnOffsetTargetHaveDifferentTexts) {
  std::set<std::string> texts;
  float z = 1;
  for (int i = 0; i < 300; ++i, z = std::nextafter(z, 2.0f)) texts.insert(text_of(1.7e9 + 100 * static_cast<double>(z), 100 * 0x1p-24));
  EXPECT_EQ(texts.size(), 300u);
}

}  // namespace
}  // namespace chainrule
