// Fitting, applying and storing features: every decision of docs/features.md.
#include "features/feature_set.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "chainrule/error.h"
#include "features/input_layout.h"

namespace chainrule::features {
namespace {

data::Table csv(const std::string& text, ReadOptions options = {}) { return data::read_csv_text(text, "t.csv", options); }

std::vector<std::uint32_t> all_rows(const data::Table& table) {
  std::vector<std::uint32_t> rows(table.rows);
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

FeatureSet fit_all(const data::Table& table, const std::string& target, bool classification = true,
                   std::vector<std::string> ignored = {}) {
  return fit(table, all_rows(table), target, classification, ignored);
}

template <class Body>
Error error_of(Body body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  return Error("none", "", "no error");
}

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
  EXPECT_EQ(target_values(features, table), (Floats{-1, 1}));
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

TEST(Features, SixtyThousandImagesTakeLessThanASecond) {
  data::Table table;
  table.rows = 60000;
  table.dense = {784, "pixel", std::vector<std::uint8_t>(60000 * 784), {}};
  for (std::size_t i = 0; i < table.dense.bytes.size(); ++i) table.dense.bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 784);
  data::Column label;
  label.name = "label";
  label.integers = true;
  for (std::size_t i = 0; i < table.rows; ++i) label.numbers.push_back(static_cast<double>(i % 10));
  table.columns = {label};
  const auto start = std::chrono::steady_clock::now();
  const FeatureSet features = fit_all(table, "label");
  const auto fitted = std::chrono::steady_clock::now();
  const std::vector<float> inputs = apply(features, table);
  const double fit_seconds = std::chrono::duration<double>(fitted - start).count();
  const double apply_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - fitted).count();
  RecordProperty("fit_seconds", std::to_string(fit_seconds));
  RecordProperty("apply_seconds", std::to_string(apply_seconds));
  std::printf("fit %.3f s, apply %.3f s\n", fit_seconds, apply_seconds);
  EXPECT_EQ(inputs.size(), 60000u * 784u);
  EXPECT_LT(apply_seconds, 5.0);  // alone on two cores 0.1 s; the limit allows for sanitizers and a busy machine
}

TEST(FeatureJson, WeightsOfRowsAreKeptAndChecked) {
  FeatureSet features = everything();
  EXPECT_EQ(to_json(features).find("weight"), std::string::npos);
  features.target.classification = true;
  features.target.classes = {"a", "b"};
  features.target.weight_column = "w";
  features.target.class_weights = {0.25f, 3};
  const std::string text = to_json(features);
  EXPECT_EQ(from_json(text).target.weight_column, "w");
  EXPECT_EQ(from_json(text).target.class_weights, features.target.class_weights);
  for (const char* wrong : {"[1]", "[-1,1]", "[1,1,1]", "[1e99,1]"}) {
    std::string changed = text;
    changed.replace(changed.find("[0.25,3.0]"), 10, wrong);
    EXPECT_EQ(error_of([&] { from_json(changed); }).code(), "E0411") << wrong;
  }
}

}  // namespace
}  // namespace chainrule::features
