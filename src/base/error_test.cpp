// Errors: text, kind, and a catalogue entry for every code.
#include "chainrule/error.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "base/error_catalogue.h"
#include "chainrule/kinds.h"

namespace chainrule {
namespace {

TEST(Error, WhatJoinsPlaceAndMessage) {
  const Error error("E0301", "a.csv line 2", "cannot read \"x\" as a number", "look");
  EXPECT_STREQ(error.what(), "a.csv line 2: cannot read \"x\" as a number");
  EXPECT_STREQ(Error("E0101", "", "no such flag").what(), "no such flag");
}

TEST(Error, KindFollowsTheHundredsOfTheCode) {
  EXPECT_EQ(Error("E0101", "", "").kind(), ErrorKind::usage);
  EXPECT_EQ(Error("E0299", "", "").kind(), ErrorKind::usage);
  EXPECT_EQ(Error("E0301", "", "").kind(), ErrorKind::data);
  EXPECT_EQ(Error("E0401", "", "").kind(), ErrorKind::file);
  EXPECT_EQ(Error("E0501", "", "").kind(), ErrorKind::diverged);
  EXPECT_EQ(Error("E0590", "", "").kind(), ErrorKind::interrupted);
  EXPECT_EQ(Error("E0601", "", "").kind(), ErrorKind::check_failed);
}

TEST(ErrorCatalogue, IsSortedWithoutDuplicatesAndNoTextIsEmpty) {
  std::string_view last;
  for (const ErrorEntry& entry : error_catalogue()) {
    EXPECT_LT(last, entry.code);
    EXPECT_EQ(entry.code.size(), 5u);
    EXPECT_FALSE(entry.title.empty()) << entry.code;
    EXPECT_FALSE(entry.explanation.empty()) << entry.code;
    EXPECT_NE(explain_error(entry.code).find(entry.explanation), std::string_view::npos);
    last = entry.code;
  }
  EXPECT_TRUE(explain_error("E9999").empty());
}

// Reads the sources: a code in quotes anywhere in src/ is a code that can be thrown.
TEST(ErrorCatalogue, ExplainsEveryCodeTheSourcesMention) {
  const std::filesystem::path sources = std::filesystem::path(__FILE__).parent_path().parent_path();
  if (!std::filesystem::exists(sources / "base" / "error.cpp")) GTEST_SKIP() << "the sources are not at " << sources;
  const std::regex quoted_code("\"(E0[1-6][0-9][0-9])\"");
  std::size_t seen = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(sources)) {
    const std::string name = entry.path().filename().string();
    const bool source = name.ends_with(".cpp") || name.ends_with(".h");
    if (!source || name.ends_with("_test.cpp") || name == "error_catalogue.cpp") continue;
    std::ifstream file(entry.path());
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    for (std::sregex_iterator it(text.begin(), text.end(), quoted_code), end; it != end; ++it, ++seen) {
      EXPECT_FALSE(explain_error((*it)[1].str()).empty()) << (*it)[1] << " in " << entry.path();
    }
  }
  EXPECT_GT(seen, 50u);
}

TEST(NearestName, ForgivesSlipsAndIgnoresStrangers) {
  const std::vector<std::string_view> names = {"relu", "leaky_relu", "tanh", "sigmoid"};
  EXPECT_EQ(nearest_name("rleu", names), "relu");
  EXPECT_EQ(nearest_name("Sigmiod", names), "sigmoid");
  EXPECT_EQ(nearest_name("quantum", names), "");
  EXPECT_EQ(nearest_name("", names), "");
}

}  // namespace
}  // namespace chainrule
