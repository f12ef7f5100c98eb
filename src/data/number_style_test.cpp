// Numbers as people write them, one cell at a time.
#include "data/number_style.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

namespace chainrule::data {
namespace {

struct Written {
  const char* text;
  NumberStyle style;
  double value;
};

const NumberStyle kPlain, kComma{',', Grouping::none, {}}, kUs{'.', Grouping::mark, {}}, kGerman{',', Grouping::mark, {}};

TEST(NumberStyle, EverySpellingIsReadByItsStyle) {
  const Written cells[] = {
      {"1,070", kUs, 1070}, {"1,234,567.25", kUs, 1234567.25}, {"973", kUs, 973}, {"1234.5", kUs, 1234.5}, {"-1,070", kUs, -1070},
      {"1.070", kGerman, 1070}, {"1.234.567,25", kGerman, 1234567.25}, {"0,5", kGerman, 0.5}, {"1,5e3", kComma, 1500},
      {"1 234 567,5", {',', Grouping::blank, {}}, 1234567.5}, {"1\xc2\xa0" "234", {',', Grouping::blank, {}}, 1234},
      {"1\xe2\x80\xaf" "234,5", {',', Grouping::blank, {}}, 1234.5}, {"12'345.60", {'.', Grouping::apostrophe, {}}, 12345.6},
      {"12\xe2\x80\x99" "345", {'.', Grouping::apostrophe, {}}, 12345}, {"1,23,456", {'.', Grouping::indian, {}}, 123456},
      {"12,34,567.89", {'.', Grouping::indian, {}}, 1234567.89}, {"1,234", {'.', Grouping::indian, {}}, 1234},
      {"$12.50", {'.', Grouping::none, "$"}, 12.5}, {"$ 12.50", {'.', Grouping::none, "$"}, 12.5}, {"-$12.50", {'.', Grouping::none, "$"}, -12.5},
      {"$-12.50", {'.', Grouping::none, "$"}, -12.5}, {"($1,012.50)", {'.', Grouping::mark, "$"}, -1012.5}, {"$(12.50)", {'.', Grouping::none, "$"}, -12.5},
      {"12,50 \xe2\x82\xac", {',', Grouping::none, "\xe2\x82\xac"}, 12.5}, {"\xe2\x82\xac" "12,50", {',', Grouping::none, "\xe2\x82\xac"}, 12.5},
      {"EUR 1.234,50", {',', Grouping::mark, "EUR"}, 1234.5}, {"CHF 1'234.50", {'.', Grouping::apostrophe, "CHF"}, 1234.5},
      {"\xe2\x82\xb9 1,23,456", {'.', Grouping::indian, "\xe2\x82\xb9"}, 123456}, {"\xc2\xa3" "5", {'.', Grouping::none, "\xc2\xa3"}, 5},
      {"45%", {'.', Grouping::none, "%"}, 45}, {"45 %", {'.', Grouping::none, "%"}, 45}, {"0", {'.', Grouping::none, "%"}, 0},
      {"(1,234.50)", kUs, -1234.5}, {"\xe2\x88\x92" "7.5", kPlain, -7.5}, {"7.5-", kPlain, -7.5}, {"+7.5", kPlain, 7.5}, {"1e3", kPlain, 1000}};
  for (const Written& cell : cells) {
    const ParsedNumber parsed = parse_number(cell.text, cell.style);
    EXPECT_EQ(parsed.kind, CellKind::number) << cell.text;
    EXPECT_EQ(parsed.value, cell.value) << cell.text;
    EXPECT_NE(shape_of_number(cell.text).styles, 0) << cell.text;
  }
}

TEST(NumberStyle, WhatDoesNotFitIsNoNumber) {
  const std::pair<const char*, NumberStyle> cells[] = {
      {"12,34", kUs}, {"1,2345", kUs}, {"1234,567", kUs}, {",123", kUs}, {"0,123", kUs}, {"1,,234", kUs}, {"1,234", kPlain}, {"1.5", kComma}, {"1.234", kComma},
      {"1,23,45", {'.', Grouping::indian, {}}}, {"1 23", {'.', Grouping::blank, {}}}, {"12.5", {'.', Grouping::none, "$"}}, {"$1", {'.', Grouping::none, "%"}},
      {"$12.50", kPlain}, {"--5", kPlain}, {"(-5)", kPlain}, {"-5-", kPlain}, {"(5", kPlain}, {"5)", kPlain}, {"$$5", {'.', Grouping::none, "$"}},
      {"$", kPlain}, {"()", kPlain}, {"%", kPlain}, {"2024-01-05", kPlain}, {"555-1234", kPlain}, {"1.2.3", kGerman}, {"nan", kPlain}, {"", kPlain}, {"1_000", kUs}};
  for (const auto& [text, style] : cells) EXPECT_EQ(parse_number(text, style).kind, CellKind::text) << text;
}

TEST(NumberStyle, HexadecimalIdentifiersAreNoNumbersOutOfRange) {
  EXPECT_EQ(parse_number("50060e8007123401", '.').kind, CellKind::text);
  EXPECT_EQ(parse_number("+00078060e123400", '.').kind, CellKind::text);  // as in the styles, which take signs off first
  EXPECT_EQ(parse_number("1e9999", '.').kind, CellKind::text);
  EXPECT_EQ(parse_number("1e+9999", '.').kind, CellKind::out_of_range);
  EXPECT_EQ(parse_number("1e999", '.').kind, CellKind::out_of_range);
}

TEST(NumberStyle, TheStyleOfPlainNumbersReadsThemToTheSameBits) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 20000; ++i) {
    char text[40];
    std::snprintf(text, sizeof text, random() % 2 == 0 ? "%.*g" : "%.*f", static_cast<int>(random() % 17), (static_cast<double>(random() % 2000001) - 1e6) / 7);
    const ParsedNumber plain = parse_number(text, '.'), styled = parse_number(text, kPlain), grouped = parse_number(text, kUs);
    ASSERT_EQ(plain.kind, styled.kind) << text;
    ASSERT_EQ(plain.value, styled.value) << text;
    ASSERT_EQ(plain.value, grouped.value) << text;
  }
}

TEST(NumberStyle, WholeNumbersThatSayMoreThanADoubleAreKnown) {
  for (const char* text : {"01", "-007", "00"}) EXPECT_TRUE(has_leading_zero(text)) << text;
  for (const char* text : {"0", "10", "0.5", "0x1", ""}) EXPECT_FALSE(has_leading_zero(text)) << text;
  for (const char* text : {"9007199254740993", "12345678901234567890", "-9007199254740993"}) EXPECT_TRUE(is_beyond_doubles(text)) << text;
  for (const char* text : {"9007199254740991", "1e20", "123456789012345", "1234567890123456.5"}) EXPECT_FALSE(is_beyond_doubles(text)) << text;
}

}  // namespace
}  // namespace chainrule::data
