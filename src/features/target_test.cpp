// What is to be predicted: classes and their order, scaled numbers, and targets that cannot be learned.
#include <gtest/gtest.h>

#include "chainrule/error.h"
#include "features/feature_set.h"
#include "features/fit_table_test.h"
#include "testing/error_of.h"

namespace chainrule::features {
namespace {

TEST(Targets, ClassesAreInNumericOrByteOrder) {
  EXPECT_EQ(fit_all(csv("x,y\n1,10\n2,9\n3,2\n"), "y").target.classes, (std::vector<std::string>{"2", "9", "10"}));
  EXPECT_EQ(fit_all(csv("x,y\n1,b\n2,a\n3,B\n"), "y").target.classes, (std::vector<std::string>{"B", "a", "b"}));
}

TEST(Targets, LabelsCompareByTextThenByNumber) {
  const FeatureSet features = fit_all(csv("x,y\n1,1\n2,2\n"), "y");
  EXPECT_EQ(class_labels(features, csv("x,y\n5,2.0\n5,1.00\n")), (std::vector<std::int32_t>{1, 0}));
  const Error error = error_of([&] { class_labels(features, csv("x,y\n5,2\n5,3\n")); });
  EXPECT_EQ(error.code(), "E0322");
  EXPECT_EQ(error.where(), "t.csv line 3, column 1 (\"y\")");
}

TEST(Targets, RegressionTargetIsScaled) {
  const data::Table table = csv("x,y\n1,10\n2,30\n");
  const FeatureSet features = fit_all(table, "y", false);
  EXPECT_EQ(target_values(features, table), (std::vector<float>{-1, 1}));
}

TEST(Targets, ClassOutsideTheTrainingRowsIsKnown) {
  const data::Table table = csv("x,y\n1,a\n2,b\n3,c\n");
  const std::vector<std::uint32_t> rows = {0, 1};
  const FeatureSet features = fit(table, rows, "y", true, {});
  EXPECT_EQ(features.target.classes.size(), 3u);
  EXPECT_EQ(features.notes.size(), 1u);
}

TEST(Targets, BadTargetsHaveTheirCodes) {
  const auto code = [](const char* text, const char* target, bool classification) {
    return error_of([&] { fit_all(csv(text), target, classification); }).code();
  };
  EXPECT_EQ(code("x,y\n1,a\n2,b\n", "why", true), "E0311");
  EXPECT_EQ(code("x,y\n1,5\n2,5\n", "y", false), "E0312");
  EXPECT_EQ(code("x,y\n1,a\n2,a\n", "y", true), "E0313");
  EXPECT_EQ(code("x,y\n7,a\n7,b\n", "y", true), "E0314");
  EXPECT_EQ(code("x,y\n1,a\n2,\n3,b\n", "y", true), "E0315");
  EXPECT_EQ(code("x,y\n1,a\n2,b\n3,b\n", "y", false), "E0321");
  EXPECT_NE(error_of([&] { fit_all(csv("x,y\n1,a\n2,b\n3,b\n"), "y", false); }).hint().find("--task classification"), std::string::npos);
}

// `rows` rows, row i has the text of number i % texts.
data::Table texts_in_rows(std::size_t texts, std::size_t rows) {
  std::string text = "x,y\n";
  for (std::size_t row = 0; row < rows; ++row) text += std::to_string(row) + ",t" + std::to_string(row % texts) + "\n";
  return csv(text);
}

TEST(Targets, MoreThanAHundredTextsThatHardlyComeTwiceAreNoClasses) {
  const auto code = [](const data::Table& table) { return error_of([&] { refuse_identifiers(table, table.columns[1]); }).code(); };
  EXPECT_EQ(code(texts_in_rows(101, 101)), "E0346");
  EXPECT_EQ(code(texts_in_rows(101, 201)), "E0346");
  EXPECT_NO_THROW(refuse_identifiers(texts_in_rows(101, 202), texts_in_rows(101, 202).columns[1]));
  EXPECT_NO_THROW(refuse_identifiers(texts_in_rows(100, 100), texts_in_rows(100, 100).columns[1]));
  EXPECT_NO_THROW(refuse_identifiers(texts_in_rows(101, 150), texts_in_rows(101, 150).columns[0])) << "numbers are not classes";
}

TEST(Targets, TaskIsChosenByTypeAndDistinctValues) {
  const auto chosen = [](const std::string& text) { return choose_task(csv(text).columns[0]).classification; };
  EXPECT_TRUE(chosen("y,x\na,1\nb,2\n"));
  EXPECT_TRUE(chosen("y,x\n0,1\n1,2\n"));
  EXPECT_FALSE(chosen("y,x\n0.5,1\n1,2\n"));
  std::string many = "y,x\n";
  for (int i = 0; i < 21; ++i) many += std::to_string(i) + ",1\n";
  EXPECT_FALSE(chosen(many));
  EXPECT_FALSE(choose_task(csv(many).columns[0]).why.empty());
}

}  // namespace
}  // namespace chainrule::features
