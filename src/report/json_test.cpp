// JSON as it is written: numbers, texts, nesting, both layouts.
#include "report/json.h"

#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace chainrule::report {
namespace {

TEST(Json, NumbersReadBackToTheSameBits) {
  EXPECT_EQ(Json(0.1).dump(), "0.1");
  EXPECT_EQ(Json(1.0).dump(), "1.0");
  EXPECT_EQ(Json(-0.0).dump(), "-0.0");
  EXPECT_EQ(Json(1e22).dump(), "1e+22");
  EXPECT_EQ(Json(5e-324).dump(), "5e-324");
  EXPECT_EQ(Json(std::numeric_limits<std::uint64_t>::max()).dump(), "18446744073709551615");
  EXPECT_EQ(Json(std::int64_t{-7}).dump(), "-7");
}

TEST(Json, NumbersThatAreNotFiniteAreNull) {
  for (const double value : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(Json(value).dump(), "null");
  }
}

TEST(Json, EveryKindOfTextIsTextAndBooleansAreNot) {
  EXPECT_EQ(Json("a").dump(), "\"a\"");
  EXPECT_EQ(Json(std::string_view("a\n\"")).dump(), "\"a\\n\\\"\"");
  EXPECT_EQ(Json(std::string("a\xff")).dump(), "\"bytes:a\\\\xff\"");
  EXPECT_EQ(Json(true).dump(), "true");
  EXPECT_EQ(Json(nullptr).dump(), "null");
}

TEST(Json, ObjectsKeepTheOrderOfTheirKeys) {
  Json json = {{"z", 1}, {"a", {{"one", "two"}}}, {"list", std::vector<double>{0.5, 2}}};
  json["middle"] = false;
  json["z"] = 2;
  json["a"]["three"] = nullptr;
  json.update({{"list", Json::array()}, {"last", Json::object()}});
  EXPECT_EQ(json.dump(), R"({"z":2,"a":{"one":"two","three":null},"list":[],"middle":false,"last":{}})");
}

TEST(Json, ListsNest) {
  Json list = Json::array({1, "b"});
  list.push_back(std::vector<std::vector<int>>{{1, 2}, {}});
  list.push_back({{"k", 1}});
  list.back()["l"] = 2;
  EXPECT_EQ(list.dump(), R"([1,"b",[[1,2],[]],{"k":1,"l":2}])");
}

TEST(Json, AWrittenPartStandsAsItIs) {
  const Json json = {{"a", Json::array({Json::written(Json::array({1, 2}).dump()), 3})}};
  EXPECT_EQ(json.dump(), R"({"a":[[1,2],3]})");
  EXPECT_EQ(json.dump(1), "{\n \"a\": [\n  [1,2],\n  3\n ]\n}");
}

TEST(Json, IndentedTextHasOnePartToALine) {
  const Json json = {{"a", Json::array({1, 2})}, {"b", Json::array()}, {"c", {{"d", "e"}}}};
  EXPECT_EQ(json.dump(2), "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": [],\n  \"c\": {\n    \"d\": \"e\"\n  }\n}");
}

TEST(Json, TypedTextBecomesANumberOrABooleanOnlyWhenJsonSaysSo) {
  for (const auto& [text, json] : {std::pair{"1", "1"}, {"-3", "-3"}, {"0.10", "0.1"}, {"true", "true"}, {"1e3", "1000.0"}, {"01", "\"01\""},
                                   {"null", "\"null\""}, {"[1]", "\"[1]\""}, {"", "\"\""}, {"adam", "\"adam\""}, {"18446744073709551615", "18446744073709551615"}}) {
    EXPECT_EQ(typed_json(text).dump(), json) << text;
  }
}

TEST(Json, AWholeNumberIsFoundByItsKey) {
  EXPECT_EQ(whole_number_in(R"({"step": 7, "x": []})", "step"), 7u);
  for (const char* text : {"", "{", "[7]", "{}", R"({"step": -7})", R"({"step": 7.0})", R"({"step": "7"})"}) {
    EXPECT_FALSE(whole_number_in(text, "step")) << text;
  }
}

TEST(Json, WhatMustNotReachATerminalIsWrittenAsItsNumber) {
  EXPECT_EQ(Json("a\033\x7F\xC2\x9B\xE2\x80\xAE\xC3\xA9").dump(), "\"a\\u001b\\u007f\\u009b\\u202e\xC3\xA9\"");
}

}  // namespace
}  // namespace chainrule::report
