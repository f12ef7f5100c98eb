// Features as JSON: exact round trips, and refusal of everything that is not what was written.
#include <gtest/gtest.h>

#include "features/feature_set.h"
#include "features/fit_table_test.h"
#include "testing/error_of.h"

namespace chainrule::features {
namespace {

FeatureSet everything() {
  std::string text = "n,c,d,y\n";
  for (int i = 0; i < 40; ++i) {
    text += (i == 3 ? "" : std::to_string(i * 0.1)) + "," + (i % 5 == 0 ? "r\xC3\xA9" "d" : i == 7 ? "rare" : "b\"lue") + ",2024-0" +
            std::to_string(1 + i % 9) + "-11," + std::to_string(i % 3) + ".25\n";
  }
  return fit_all(csv(text), "y", false);
}

TEST(FeatureJson, RoundTripIsExact) {
  const FeatureSet features = everything();
  const std::string text = to_json(features);
  const FeatureSet back = from_json(text);
  EXPECT_EQ(to_json(back), text);
  EXPECT_EQ(back.input_names, features.input_names);
  EXPECT_EQ(back.inputs, features.inputs);
  ASSERT_EQ(back.columns.size(), features.columns.size());
  for (std::size_t i = 0; i < back.columns.size(); ++i) {
    EXPECT_EQ(back.columns[i].center, features.columns[i].center);
    EXPECT_EQ(back.columns[i].scale, features.columns[i].scale);
    EXPECT_EQ(back.columns[i].fill, features.columns[i].fill);
    EXPECT_EQ(back.columns[i].levels, features.columns[i].levels);
    EXPECT_EQ(back.columns[i].rare, features.columns[i].rare);
  }
  EXPECT_EQ(back.target.scale, features.target.scale);
}

TEST(FeatureJson, EveryTruncationAndBrokenFieldIsE0411) {
  const std::string text = to_json(everything());
  for (std::size_t size = 0; size < text.size(); ++size) {
    ASSERT_EQ(error_of([&] { from_json(text.substr(0, size)); }).code(), "E0411") << size;
  }
  const std::pair<const char*, const char*> changes[] = {
      {"\"width\":4", "\"width\":-4"},        {"\"width\":4", "\"width\":1e99"},       {"\"width\":4", "\"width\":2"},
      {"\"numeric\"", "\"complex\""},         {"\"indicator\":true", "\"indicator\":1"}, {"\"weekday\"", "\"decade\""},
      {"\"position\":0", "\"position\":4"},   {"\"scale\":", "\"scale\":-"},           {"\"columns\":[", "\"columns\":[5,"},
      {"\"columns\":", "\"colours\":"},       {"\"notes\":[", "\"notes\":[7,"},        {"\"classification\":false", "\"classification\":true"}};
  for (const auto& [from, to] : changes) {
    std::string changed = text;
    const std::size_t place = changed.find(from);
    ASSERT_NE(place, std::string::npos) << from;
    changed.replace(place, std::string(from).size(), to);
    EXPECT_EQ(error_of([&] { from_json(changed); }).code(), "E0411") << to;
  }
}

TEST(FeatureJson, WeightsOfRowsAreKeptAndChecked) {
  FeatureSet features = everything();
  EXPECT_EQ(to_json(features).find("weight"), std::string::npos);
  features.target.classification = true;
  features.target.classes = {"a", "b"};
  features.target.weight_column = "w";
  features.target.class_weights = {0.25, 3};
  const std::string text = to_json(features);
  EXPECT_EQ(from_json(text).target.weight_column, "w");
  EXPECT_EQ(from_json(text).target.class_weights, features.target.class_weights);
  for (const char* wrong : {"[1]", "[-1,1]", "[1,1,1]", "[1e999,1]"}) {
    std::string changed = text;
    changed.replace(changed.find("[0.25,3.0]"), 10, wrong);
    EXPECT_EQ(error_of([&] { from_json(changed); }).code(), "E0411") << wrong;
  }
}

}  // namespace
}  // namespace chainrule::features
