// Training on numbers and dates as people write them, and predicting from files that hold one row or all of them: the same bits.
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "chainrule/model.h"
#include "chainrule/train.h"
#include "testing/error_of.h"
#include "testing/own_folder.h"

namespace chainrule {
namespace {

class NumberStyles : public OwnFolder {
 protected:
  static constexpr const char* kNames = "pop;price;share;weight;swiss;day;stamp";

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }

  /// Thousands in groups, the rest behind `mark`.
  static std::string grouped(int value, const char* mark) {
    return value < 1000 ? std::to_string(value) : std::to_string(value / 1000) + mark + std::to_string(1000 + value % 1000).substr(1);
  }
  static std::string row(int i) {
    const std::string two = std::to_string(100 + i % 28 + 1).substr(1);
    return grouped(197 + 97 * i, ",") + ";$" + std::to_string(i % 13) + ".50;" + std::to_string(i % 90 + 1) + "%;" + grouped(i * 37 + 5, ".") + ",5;" +
           grouped(500 + 61 * i, "'") + ";0" + std::to_string(i % 9 + 1) + "/" + two + "/2024;2024-01-" + two + "T0" + std::to_string(i % 10) + ":30:00+02:00";
  }
  static std::string target(int i) { return "$" + grouped(700 + 45 * i, ",") + ".25"; }

  std::string table(bool with_target) const {
    std::string text = std::string(kNames) + (with_target ? ";y\n" : "\n");
    for (int i = 0; i < kRows; ++i) text += row(i) + (with_target ? ";" + target(i) : "") + "\n";
    return text;
  }

  TrainSettings settings() const {
    TrainSettings s;
    s.target = "y";
    s.hidden = {8};
    s.epochs = 3;
    s.threads = 1;
    s.validation = "0.2";
    s.out = path("run");
    s.force = true;
    return s;
  }

  static std::vector<double> answers(Model& model, const std::string& file, const ReadOptions& options = {}) {
    std::vector<double> all;
    model.predict_file(file, options, 0, [&](const Predictions& part) { all.insert(all.end(), part.values.begin(), part.values.end()); });
    return all;
  }

  static constexpr int kRows = 60;
};

bool any_has(const std::vector<std::string>& lines, const std::string& part) {
  for (const std::string& line : lines) {
    if (line.find(part) != std::string::npos) return true;
  }
  return false;
}

TEST_F(NumberStyles, OneRowAtATimeIsAllRowsAtOnceToTheBit) {
  const TrainResult result = train(write("train.csv", table(true)), settings());
  EXPECT_TRUE(any_has(result.decisions, "task: regression"));
  Model model = Model::load(path("run"));
  const std::vector<double> all = answers(model, write("all.csv", table(false)));
  ASSERT_EQ(all.size(), static_cast<std::size_t>(kRows));
  for (int i = 0; i < kRows; ++i) {
    const std::string one = std::string(kNames) + "\n" + row(i) + "\n";
    EXPECT_EQ(answers(model, write("one.csv", one)), (std::vector<double>{all[static_cast<std::size_t>(i)]})) << row(i);
  }
  const Table labelled = model.read(path("train.csv"));
  EXPECT_EQ(model.predict(labelled, 0).values, all);
  EXPECT_GT(model.evaluate(labelled).rows, 0u);
  EXPECT_EQ(model.evaluate(model.read(write("last.csv", std::string(kNames) + ";y\n" + row(59) + ";" + target(59) + "\n"))).rows, 1u);
}

TEST_F(NumberStyles, WhatElseStandsInTheFileChangesNothing) {
  train(write("train.csv", table(true)), settings());
  Model model = Model::load(path("run"));
  const std::string head = std::string(kNames) + ";other\n";
  const double alone = answers(model, write("p.csv", head + row(20) + ";x\n"))[0];
  for (const std::string other : {"0.5", "0,5", "1.234", "1,234", "01/02/2024", ""}) {
    EXPECT_EQ(answers(model, write("p.csv", head + row(20) + ";" + other + "\n"))[0], alone) << other;
  }
}

TEST_F(NumberStyles, ACellInAnotherStyleIsAnErrorWithItsLineAndTheHintCuresIt) {
  std::string text = "a;y\n";
  for (int i = 0; i < 40; ++i) text += std::to_string(i) + ".5;" + std::to_string(3 * i) + ".25\n";
  train(write("train.csv", text), settings());
  Model model = Model::load(path("run"));
  for (const std::string beside : {"", "0.5\n", "7\n"}) {
    const Error error = error_of([&] { answers(model, write("p.csv", "a;b\n1,5;0.2\n" + (beside.empty() ? "" : beside.substr(0, beside.size() - 1) + ";1\n"))); });
    EXPECT_EQ(error.code(), "E0321") << error.what();
    EXPECT_NE(error.where().find("line 2, column 0 (\"a\")"), std::string::npos) << error.where();
    EXPECT_NE(error.hint().find("--decimal ,"), std::string::npos) << error.hint();
  }
  const std::vector<double> expected = answers(model, write("p.csv", "a\n1.5\n"));
  ReadOptions comma;
  comma.decimal = ",";
  EXPECT_EQ(answers(model, write("p.csv", "a\n\"1,5\"\n"), comma), expected);
  std::vector<std::string> warnings;
  model.predict_file(path("p.csv"), comma, 0, [&](const Predictions& part) { warnings = part.warnings; });
  EXPECT_TRUE(any_has(warnings, "read by the marks given with --decimal"));
  EXPECT_EQ(error_of([&] { answers(model, write("p.csv", "a;b\n1,234;1\n")); }).code(), "E0321");
  ReadOptions thousands;
  thousands.thousands = ",";
  EXPECT_EQ(answers(model, path("p.csv"), thousands), answers(model, write("q.csv", "a;b\n1234;1\n")));
}

TEST_F(NumberStyles, ATargetWithAStrayCellIsNoClassifierAndTheHintCuresIt) {
  std::string text = "a,y\n";
  for (int i = 0; i < 60; ++i) text += std::to_string(i) + "," + (i == 30 ? "1.2x" : std::to_string(i) + ".5") + "\n";
  TrainSettings s = settings();
  const Error error = error_of([&] { train(write("train.csv", text), s); });
  EXPECT_EQ(error.code(), "E0349");
  EXPECT_NE(error.where().find("line 32, column 1 (\"y\")"), std::string::npos) << error.where();
  EXPECT_EQ(error.hint(), "correct the cell, or remove the row; if the values are classes, give --task classification");
  s.task = Task::classification;
  EXPECT_EQ(error_of([&] { train(path("train.csv"), s); }).code(), "none");
  s.task = Task::automatic;
  text.erase(text.find("30,1.2x\n"), 8);
  EXPECT_TRUE(any_has(train(write("train.csv", text), s).decisions, "task: regression"));
}

TEST_F(NumberStyles, FewWholeNumbersAndSomeTextsAreClasses) {
  std::string text = "a,y\n";
  for (int i = 0; i < 60; ++i) text += std::to_string(i) + "," + (i % 4 == 3 ? "other" : std::to_string(i % 4)) + "\n";
  EXPECT_TRUE(any_has(train(write("train.csv", text), settings()).decisions, "task: classification"));
}

TEST_F(NumberStyles, AnOpenTargetIsAnErrorAndEitherFlagSettlesIt) {
  std::string text = "a;y\n";
  for (int i = 0; i < 40; ++i) text += std::to_string(i) + ";" + std::to_string(i + 1) + "," + std::to_string(100 + 7 * i) + "\n";
  TrainSettings s = settings();
  const Error error = error_of([&] { train(write("train.csv", text), s); });
  EXPECT_EQ(error.code(), "E0347") << error.what();
  EXPECT_EQ(error.hint(), "give --thousands , for 1100, --decimal , for 1.1");
  s.read.thousands = ",";
  EXPECT_EQ(error_of([&] { train(path("train.csv"), s); }).code(), "none");
  s.read.thousands = "";
  s.read.decimal = ",";
  EXPECT_EQ(error_of([&] { train(path("train.csv"), s); }).code(), "none");
}

TEST_F(NumberStyles, ATimeColumnWithABadCellNamesIt) {
  std::string text = "a,t,y\n";
  for (int i = 0; i < 30; ++i) text += std::to_string(i) + "," + (i == 5 ? "soon" : "2024-01-" + std::to_string(10 + i % 20)) + "," + std::to_string(i) + ".5\n";
  TrainSettings s = settings();
  s.split = SplitKind::time;
  s.split_column = "t";
  const Error error = error_of([&] { train(write("train.csv", text), s); });
  EXPECT_EQ(error.code(), "E0349");
  EXPECT_NE(error.where().find("line 7, column 1 (\"t\")"), std::string::npos) << error.where();
}

TEST_F(NumberStyles, ATimeColumnOfOpenDatesIsSettledByTheHint) {
  std::string text = "a,t,y\n";
  for (int i = 0; i < 30; ++i) text += std::to_string(i) + ",0" + std::to_string(i % 9 + 1) + "/0" + std::to_string(i % 7 + 1) + "/2024," + std::to_string(i) + ".5\n";
  TrainSettings s = settings();
  s.split = SplitKind::time;
  s.split_column = "t";
  const Error error = error_of([&] { train(write("train.csv", text), s); });
  EXPECT_EQ(error.code(), "E0348");
  EXPECT_EQ(error.hint(), "give --date-order dmy or --date-order mdy");
  for (const char* order : {"dmy", "mdy"}) {
    s.read.date_order = order;
    EXPECT_EQ(error_of([&] { train(path("train.csv"), s); }).code(), "none") << order;
  }
}

TEST_F(NumberStyles, ClassesAndGroupsAreToldApartAsTheyAreWritten) {
  std::string text = "a,id,y\n";
  for (int i = 0; i < 64; ++i) text += std::to_string(i) + ",900719925474099" + std::to_string(i % 4) + "," + (i % 2 ? "01" : i % 4 == 0 ? "1" : "02") + "\n";
  TrainSettings s = settings();
  s.split = SplitKind::group;
  s.split_column = "id";
  train(write("train.csv", text), s);
  Model model = Model::load(path("run"));
  model.predict_file(path("train.csv"), {}, 0, [](const Predictions& part) {
    EXPECT_EQ(part.classes, (std::vector<std::string>{"01", "1", "02"}));
  });
  EXPECT_EQ(model.evaluate(model.read(path("train.csv"))).rows, 64u);
}

TEST_F(NumberStyles, AValidationFileIsReadInTheStylesOfTheTrainingFile) {
  TrainSettings s = settings();
  s.validation = write("validation.csv", std::string(kNames) + ";y\n" + row(7) + ";" + target(7) + "\n");
  s.read.thousands = "";
  const TrainResult result = train(write("train.csv", table(true)), s);
  EXPECT_TRUE(any_has(result.decisions, "validation: 1 row"));
  EXPECT_FALSE(any_has(result.decisions, "not as the model learned"));
  write("validation.csv", std::string(kNames) + ";y\n" + row(7) + ";700.25\n");
  EXPECT_EQ(error_of([&] { train(path("train.csv"), s); }).code(), "E0321");
  s.validation = "20%";
  EXPECT_EQ(error_of([&] { train(path("train.csv"), s); }).code(), "none");
}

TEST_F(NumberStyles, WeightsAreReadInTheirStyleToo) {
  std::string text = "a;w;y\n";
  for (int i = 0; i < 40; ++i) text += std::to_string(i) + ";" + grouped(300 + 100 * i, ",") + ";" + std::to_string(i) + ".5\n";
  TrainSettings s = settings();
  s.weight_column = "w";
  train(write("train.csv", text), s);
  Model model = Model::load(path("run"));
  EXPECT_EQ(model.evaluate(model.read(write("e.csv", "a;w;y\n1;1,234;5.5\n"))).rows, 1u);
  EXPECT_EQ(error_of([&] { model.read(write("e.csv", "a;w;y\n1;1.234,5;5.5\n")); }).code(), "E0321");
}

TEST_F(NumberStyles, PercentAndCurrencyTargetsTrainARegression) {
  for (const std::string unit : {"%", " \xe2\x82\xac"}) {
    std::string text = "a;y\n";
    for (int i = 0; i < 40; ++i) text += std::to_string(i) + ";" + std::to_string(i % 30 + 1) + unit + "\n";
    EXPECT_TRUE(any_has(train(write("train.csv", text), settings()).decisions, "task: regression")) << unit;
  }
}

}  // namespace
}  // namespace chainrule
