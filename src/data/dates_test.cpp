// Dates as people write them, one cell at a time.
#include "data/dates.h"

#include <gtest/gtest.h>

#include <string>

namespace chainrule::data {
namespace {

constexpr double kDay = 951782400;  // 2000-02-29

TEST(Dates, EverySpellingGivesTheSameDay) {
  const std::pair<const char*, DateStyle> days[] = {
      {"2000-02-29", {DateOrder::ymd, '-'}},       {"2000-2-29", {DateOrder::ymd, '-'}},         {"2000/02/29", {DateOrder::ymd, '/'}},
      {"2000.02.29", {DateOrder::ymd, '.'}},       {"29.02.2000", {DateOrder::dmy, '.'}},        {"29.2.2000", {DateOrder::dmy, '.'}},
      {"29.02.00", {DateOrder::dmy, '.'}},         {"29/02/2000", {DateOrder::dmy, '/'}},        {"02/29/2000", {DateOrder::mdy, '/'}},
      {"2/29/00", {DateOrder::mdy, '/'}},          {"29-02-2000", {DateOrder::dmy, '-'}},        {"29-Feb-2000", {DateOrder::dmy, '-', true}},
      {"29-FEB-00", {DateOrder::dmy, '-', true}},  {"29 February 2000", {DateOrder::dmy, ' ', true}}, {"Feb 29, 2000", {DateOrder::mdy, ' ', true}},
      {"Tue, 29 Feb 2000", {DateOrder::dmy, ' ', true}}, {"2000-Feb-29", {DateOrder::ymd, '-', true}}, {"00-02-29", {DateOrder::ymd, '-', false, true}}};
  for (const auto& [text, style] : days) {
    EXPECT_EQ(parse_date(text, style), kDay) << text;
    EXPECT_EQ(date_style_named(date_style_name(style)), style) << text;
    EXPECT_NE(shape_of_date(text, style.short_year_first).orders & order_bit(style.order), 0) << text;
  }
}

TEST(Dates, TimesOfDayAndOffsetsAreTakenToUtc) {
  const std::pair<const char*, double> times[] = {
      {"2000-02-29 13:05", 47100},     {"2000-02-29T13:05:59.5Z", 47159.5}, {"2000-02-29 13:05:59,25", 47159.25}, {"2000-02-29T13:05:00+02:00", 39900},
      {"2000-02-29 13:05 +0200", 39900}, {"2000-02-29 13:05:00-05", 65100},   {"2000-02-29 1:05 PM", 47100},        {"2000-02-29 12:05 AM", 300},
      {"2000-02-29 13:05 UTC", 47100},   {"2000-02-29  13:05", 47100},        {"2000-02-29, 1:05pm", 47100}};
  for (const auto& [text, seconds] : times) {
    const auto parsed = parse_date(text, {});
    ASSERT_TRUE(parsed.has_value()) << text;
    EXPECT_DOUBLE_EQ(*parsed - kDay, seconds) << text;
  }
  EXPECT_EQ(parse_date("1970-01-01", {}), 0.0);
  EXPECT_EQ(parse_date("1969-12-31", {}), -86400.0);
  EXPECT_EQ(parse_date("31.12.69", DateStyle{DateOrder::dmy, '.'}), -86400.0);
  EXPECT_EQ(parse_date("31.12.68", DateStyle{DateOrder::dmy, '.'}), 3124137600.0);
}

TEST(Dates, WhatIsNoRealDayOrTimeIsNoDate) {
  for (const char* text : {"2024-02-30", "2023-02-29", "1900-02-29", "2024-13-01", "2024-00-01", "0000-00-00", "2024-01-01 ", "2024-01-01x",
                           "2024-01-01 24:00", "2024-01-01 10:60", "2024-01", "31.04.2024", "2024/02-01", "20240101", "", "NaT", "1.2.10", "1-2-10",
                           "2024-01-01T", "2024-01-01 10:00 +25:00", "2024-01-01 10:00*02", "2024-01-01 13:00 PM", "2024-01-01 10:00 CEST", "32/01/2024",
                           "1/2", "10:30", "29 Foo 2000", "02/29/2001", "192.168.10.1", "1 2 2024"}) {
    EXPECT_EQ(shape_of_date(text).orders, 0) << text;
  }
}

TEST(Dates, DayAndMonthAreOpenUntilOneIsBeyondTwelve) {
  EXPECT_EQ(shape_of_date("01/02/2024").orders, order_bit(DateOrder::dmy) | order_bit(DateOrder::mdy));
  EXPECT_EQ(shape_of_date("13/02/2024").orders, order_bit(DateOrder::dmy));
  EXPECT_EQ(shape_of_date("02/13/2024").orders, order_bit(DateOrder::mdy));
  EXPECT_EQ(day_in_words(*parse_date("01/02/2024", DateStyle{DateOrder::dmy, '/'})), "1 February 2024");
}

}  // namespace
}  // namespace chainrule::data
