// Fitting and applying features: the decisions of docs/features.md about columns.
#include "features/feature_set.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "chainrule/error.h"
#include "features/fit_table_test.h"
#include "features/input_layout.h"
#include "testing/error_of.h"

namespace chainrule::features {
namespace {

std::vector<float> row_of(const FeatureSet& features, const std::vector<float>& inputs, std::size_t row) {
  return {inputs.begin() + static_cast<std::ptrdiff_t>(row * features.inputs),
          inputs.begin() + static_cast<std::ptrdiff_t>((row + 1) * features.inputs)};
}

using Floats = std::vector<float>;

TEST(Features, NumbersAreStandardisedByTrainingRowsAlone) {
  const data::Table table = csv("x,y\n1,a\n3,b\n1000,a\n");
  const std::vector<std::uint32_t> rows = {0, 1};
  const FeatureSet features = fit(table, rows, "y", true, {});
  EXPECT_EQ(features.columns[0].center, 2);
  EXPECT_EQ(features.columns[0].scale, 1);
  EXPECT_EQ(apply(features, table), (Floats{-1, 1, 998}));
}

TEST(Features, MissingNumberBecomesMedianAndIndicator) {
  const data::Table table = csv("x,y\n1,a\n2,b\n,a\n9,b\n");
  const FeatureSet features = fit_all(table, "y");
  EXPECT_EQ(features.columns[0].fill, 2);
  EXPECT_EQ(features.input_names, (std::vector<std::string>{"x", "x missing"}));
  const std::vector<float> inputs = apply(features, table);
  EXPECT_EQ(inputs[4], inputs[2]);  // filled with the median, 2
  EXPECT_EQ(inputs[5], 1);
  EXPECT_EQ(inputs[3], 0);
}

TEST(Features, NewMissingNumberTakesTheMedianAndWarns) {
  const FeatureSet features = fit_all(csv("x,z,y\n1,1,a\n2,5,b\n9,8,b\n"), "y");
  ApplyReport report;
  const std::vector<float> inputs = apply(features, csv("x,z\n,3\n2,4\n"), &report);
  EXPECT_EQ(inputs[0], inputs[2]);
  ASSERT_EQ(report.warnings.size(), 1u);
  EXPECT_EQ(report.warnings[0].find("column \"x\": 1 row without a value"), 0u) << report.warnings[0];
  EXPECT_NE(report.warnings[0].find("line 2"), std::string::npos);
}

TEST(Features, HugeAndTinyValuesStayFinite) {
  for (const char* unit : {"e9", "e155", "e307", "e-160", "e-300", "e0"}) {
    std::string text = "x,y\n";
    for (const char* digits : {"-1.5", "0.25", "1.75", "0.5"}) text += std::string(digits) + unit + "," + (digits[0] == '0' ? "a\n" : "b\n");
    const data::Table table = csv(text);
    const FeatureSet features = fit_all(table, "y");
    double sum = 0, squares = 0;
    for (const float x : apply(features, table)) {
      ASSERT_TRUE(std::isfinite(x)) << unit;
      sum += x;
      squares += static_cast<double>(x) * x;
    }
    EXPECT_NEAR(sum, 0, 1e-5) << unit;
    EXPECT_NEAR(squares, 4, 1e-5) << unit;
  }
}

TEST(Features, FarAwayNewValueIsHeldAndWarned) {
  const FeatureSet features = fit_all(csv("x,y\n1,a\n3,b\n"), "y");
  ApplyReport report;
  EXPECT_EQ(apply(features, csv("x\n1e300\n-1e300\n3\n"), &report), (Floats{1e6f, -1e6f, 1}));
  EXPECT_EQ(report.warnings.size(), 1u);
}

TEST(Features, ConstantEmptyAndNamingColumnsAreLeftOutWithANote) {
  std::string text = "x,same,void,id,y\n";
  for (int i = 0; i < 30; ++i) text += std::to_string(i % 7) + ",5,,name" + std::to_string(i) + (i % 2 == 0 ? ",a\n" : ",b\n");
  const FeatureSet features = fit_all(csv(text), "y");
  EXPECT_EQ(features.input_names, std::vector<std::string>{"x"});
  EXPECT_EQ(features.notes.size(), 3u);
}

TEST(Features, ConstantColumnWithMissingCellsKeepsItsIndicatorOnly) {
  const data::Table table = csv("x,k,y\n1,7,a\n2,,b\n3,7,a\n");
  const FeatureSet features = fit_all(table, "y");
  EXPECT_EQ(features.input_names, (std::vector<std::string>{"x", "k missing"}));
  const std::vector<float> inputs = apply(features, table);
  EXPECT_EQ((Floats{inputs[1], inputs[3], inputs[5]}), (Floats{0, 1, 0}));
}

TEST(Features, CategoriesAreOneHotMostFrequentFirstAndRareOnesShareAnInput) {
  const data::Table table = csv("c,y\nred,a\nblue,b\nred,a\nblue,b\nred,b\ngreen,a\npink,a\n");
  const FeatureSet features = fit_all(table, "y");
  EXPECT_EQ(features.input_names, (std::vector<std::string>{"c=red", "c=blue", "c other"}));
  EXPECT_EQ(features.notes.size(), 1u);
  const std::vector<float> inputs = apply(features, table);
  EXPECT_EQ(row_of(features, inputs, 0), (Floats{1, 0, 0}));
  EXPECT_EQ(row_of(features, inputs, 1), (Floats{0, 1, 0}));
  EXPECT_EQ(row_of(features, inputs, 5), (Floats{0, 0, 1}));
  ApplyReport report;
  EXPECT_EQ(apply(features, table, &report), inputs);
  EXPECT_TRUE(report.warnings.empty());  // rare, but not new
}

TEST(Features, UnseenLevelIsOtherOrZerosAndWarned) {
  const FeatureSet with_other = fit_all(csv("c,y\nr,a\nr,b\nb,b\nb,a\ng,a\n"), "y");
  ApplyReport report;
  EXPECT_EQ(apply(with_other, csv("c\nnew\nr\n"), &report), (Floats{0, 0, 1, 0, 1, 0}));
  ASSERT_EQ(report.warnings.size(), 1u);
  EXPECT_NE(report.warnings[0].find("\"new\""), std::string::npos);
  const FeatureSet without = fit_all(csv("c,y\nr,a\nr,b\nb,b\nb,a\n"), "y");
  report = {};
  EXPECT_EQ(apply(without, csv("c\nnew\n"), &report), (Floats{0, 0}));
  EXPECT_EQ(report.warnings.size(), 1u);
}

TEST(Features, MissingCategoryIsALevelWhenTrainingHadIt) {
  const data::Table table = csv("c,y\nr,a\nr,b\nb,b\nb,a\n,a\n");
  const FeatureSet features = fit_all(table, "y");
  EXPECT_EQ(features.input_names, (std::vector<std::string>{"c=b", "c=r", "c missing"}));
  EXPECT_EQ(row_of(features, apply(features, table), 4), (Floats{0, 0, 1}));
}

TEST(Features, AtMost255LevelsGetAnInputOfTheirOwn) {
  std::string text = "c,y\n";
  for (int i = 0; i < 400; ++i) {
    for (int copy = 0; copy < 3; ++copy) text += "level" + std::to_string(i) + (copy == 0 ? ",a\n" : ",b\n");
  }
  const FeatureSet features = fit_all(csv(text), "y");
  EXPECT_EQ(features.columns[0].levels.size(), 255u);
  EXPECT_TRUE(features.columns[0].other);
  EXPECT_EQ(features.inputs, 256u);
}

TEST(Features, NumbersReadAsTextMatchCategoriesByNumber) {
  const FeatureSet features = fit_all(csv("c,y\n1,a\n1,b\nx,b\nx,a\n2,a\n2,b\n"), "y");
  const std::vector<float> inputs = apply(features, csv("c\n2.0\n1.0\n"));  // a numeric column this time
  EXPECT_EQ(features.columns[0].levels, (std::vector<std::string>{"1", "2", "x"}));
  EXPECT_EQ(inputs, (Floats{0, 1, 0, 1, 0, 0}));
}

TEST(Features, TextInANumericColumnIsE0321WithPlace) {
  const FeatureSet features = fit_all(csv("a,x,y\n1,1,a\n0,3,b\n"), "y");
  const Error error = error_of([&] { apply(features, csv("a,x\n1,5\n2,five\n")); });
  EXPECT_EQ(error.code(), "E0321");
  EXPECT_EQ(error.where(), "t.csv line 3, column 1 (\"x\")");
  EXPECT_NE(error.message().find("\"five\""), std::string::npos);
}

TEST(Features, ColumnsAreFoundByNameInAnyOrderAndExtraOnesIgnored) {
  const data::Table table = csv("x,z,y\n1,10,a\n3,20,b\n");
  const FeatureSet features = fit_all(table, "y");
  EXPECT_EQ(apply(features, csv("extra,z,x\nq,10,1\nq,20,3\n")), apply(features, table));
}

TEST(Features, MissingColumnIsE0320WithTheNearestName) {
  const FeatureSet features = fit_all(csv("area,rooms,y\n1,10,a\n3,20,b\n"), "y");
  const Error error = error_of([&] { apply(features, csv("areas,rooms\n1,2\n")); });
  EXPECT_EQ(error.code(), "E0320");
  EXPECT_NE(error.message().find("\"area\""), std::string::npos);
  EXPECT_NE(error.hint().find("\"areas\""), std::string::npos);
}

TEST(Features, TablesWithoutHeaderGoByPositionWithAndWithoutTheTarget) {
  ReadOptions options;
  options.no_header = true;
  const data::Table table = csv("1,0,10\n3,1,20\n5,1,90\n", options);
  const FeatureSet features = fit_all(table, "1");
  EXPECT_TRUE(features.by_position);
  ApplyReport report;
  EXPECT_EQ(apply(features, csv("1,10\n3,20\n5,90\n", options), &report), apply(features, table));
  EXPECT_EQ(report.warnings.size(), 1u);
  EXPECT_TRUE(has_target(features, table));
  EXPECT_FALSE(has_target(features, csv("1,10\n", options)));
  EXPECT_EQ(error_of([&] { apply(features, csv("1\n2\n", options)); }).code(), "E0320");
}

TEST(Features, DatesBecomeTimeMonthAndWeekday) {
  const data::Table table = csv("d,y\n2024-01-01,a\n2024-02-29,b\n2023-12-31,a\n2024-02-01,b\n");
  const FeatureSet features = fit_all(table, "y");
  ASSERT_EQ(features.columns[0].type, data::ColumnType::date);
  EXPECT_EQ(features.columns[0].levels, (std::vector<std::string>{"month", "weekday"}));
  EXPECT_EQ(features.inputs, 1u + 12u + 7u);
  const std::vector<float> leap_day = row_of(features, apply(features, table), 1);
  EXPECT_EQ(leap_day[1 + 1], 1);       // February
  EXPECT_EQ(leap_day[1 + 12 + 3], 1);  // a Thursday
  EXPECT_EQ(std::accumulate(leap_day.begin() + 1, leap_day.end(), 0.0f), 2);
  EXPECT_EQ(features.input_names[1 + 12 + 3], "d weekday=Thursday");
}

TEST(Features, DatePartsCountCorrectlyBeforeAndFarFrom1970) {
  const DatePart &month = *find_date_part("month"), &weekday = *find_date_part("weekday"), &hour = *find_date_part("hour");
  EXPECT_EQ(month.index(-1), 11u);       // 1969-12-31 23:59:59, a Wednesday
  EXPECT_EQ(weekday.index(-1), 2u);
  EXPECT_EQ(hour.index(-1), 23u);
  EXPECT_EQ(hour.index(3600 * 5 + 0.5), 5u);
  for (const double seconds : {-1e300, 1e300, -9.3e11, 9.3e11}) {
    EXPECT_LT(month.index(seconds), 12u);
    EXPECT_LT(weekday.index(seconds), 7u);
    EXPECT_LT(hour.index(seconds), 24u);
  }
}

TEST(Features, DenseBytesShareOneScaleAndKeepTheirShape) {
  data::Table table;
  table.source = "images";
  table.rows = 3;
  table.dense = {2, "pixel", {0, 255, 0, 0, 255, 255}, {}};
  data::Column label;
  label.name = "label";
  label.numbers = {0, 1, 1};
  label.integers = true;
  table.columns = {label};
  const FeatureSet features = fit_all(table, "label");
  EXPECT_EQ(features.dense.center, std::vector<double>{127.5});
  EXPECT_EQ(apply(features, table), (Floats{-1, 1, -1, -1, 1, 1}));
  EXPECT_EQ(features.input_names, (std::vector<std::string>{"pixel0", "pixel1"}));
  EXPECT_EQ(apply(features, csv("pixel1,pixel0\n255,0\n")), (Floats{-1, 1}));  // the same pixels from a CSV
  table.dense.columns = 3;
  table.rows = 2;
  EXPECT_EQ(error_of([&] { apply(features, table); }).code(), "E0320");
}

TEST(Features, DenseFloatsAreScaledPerColumnAndMissingIsZero) {
  data::Table table;
  table.source = "array.npy";
  table.rows = 2;
  table.dense = {3, "x", {}, {1, 7, 1e9f, 3, 7, std::nanf("")}};
  data::Column target;
  target.name = "y";
  target.numbers = {0.5, 2};
  table.columns = {target};
  const FeatureSet features = fit_all(table, "y", false);
  EXPECT_EQ(apply(features, table), (Floats{-1, 0, 0, 1, 0, 0}));
  EXPECT_EQ(features.notes.size(), 1u);
  table.dense.values[0] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(error_of([&] { apply(features, table); }).code(), "E0309");
  EXPECT_EQ(error_of([&] { fit_all(table, "y", false); }).code(), "E0309");
}

}  // namespace
}  // namespace chainrule::features
