// A model reads every later table as its training table was read, whatever else stands in it.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include "chainrule/error.h"
#include "data/table_stream.h"
#include "features/column_source.h"
#include "features/feature_set.h"

namespace chainrule::features {
namespace {

using Floats = std::vector<float>;

class ReadingContract : public testing::Test {
 protected:
  void TearDown() override { std::remove(path_.c_str()); }

  FeatureSet learn(const std::string& text, const std::string& target, const ReadOptions& options = {}, bool classification = false) {
    const data::Table table = data::read_csv_text(text, "train.csv", options);
    std::vector<std::uint32_t> rows(table.rows);
    std::iota(rows.begin(), rows.end(), 0u);
    return from_json(to_json(fit(table, rows, target, classification, {})));  // as a model file keeps it
  }

  /// The inputs of a table as prediction and evaluation read it: they must agree.
  Floats inputs(const FeatureSet& features, const std::string& text, const ReadOptions& options = {}) {
    std::ofstream(path_, std::ios::binary) << text;
    data::TableStream stream(path_, options, unlabelled_table(features));
    Floats all;
    notes_.clear();
    while (const auto part = stream.next()) {
      const Floats x = apply(features, *part);
      all.insert(all.end(), x.begin(), x.end());
      notes_.insert(notes_.end(), part->notes.begin(), part->notes.end());
    }
    EXPECT_EQ(apply(features, data::read_table(path_, options, labelled_table(features))), all);
    return all;
  }

  std::string code(const FeatureSet& features, const std::string& text, const ReadOptions& options = {}) {
    try {
      inputs(features, text, options);
    } catch (const Error& error) {
      hint_ = error.hint();
      return error.code();
    }
    return "none";
  }

  bool warned(const std::string& what) const {
    for (const std::string& note : notes_) {
      if (note.starts_with("warning: ") && note.find(what) != std::string::npos) return true;
    }
    return false;
  }

  std::string path_ = testing::TempDir() + "chainrule_reading_contract.csv", hint_;
  std::vector<std::string> notes_;
};

const char* const kMarked = "x,z,y\n1,4,1\n-999,5,2\n3,6,3\n5,-999,4\n";

TEST_F(ReadingContract, MarkersOfMissingCellsAreThoseOfTraining) {
  ReadOptions options;
  options.missing = {"-999"};
  const FeatureSet features = learn(kMarked, "y", options);
  EXPECT_EQ(inputs(features, "x,z\n-999,5\n"), inputs(features, "x,z\n,5\n"));
  EXPECT_NE(inputs(learn("x,z,y\n1,4,1\n,5,2\n3,6,3\n5,,4\n", "y"), "x,z\n-999,5\n"), inputs(features, "x,z\n-999,5\n"));
  ReadOptions others;
  others.missing = {"only:-1"};
  EXPECT_NE(inputs(features, "x,z\n-999,5\n", others), inputs(features, "x,z\n-999,5\n"));
  EXPECT_TRUE(warned("--missing") || (inputs(features, "x,z\n-999,5\n", others), warned("--missing")));
}

TEST_F(ReadingContract, ATextThatTrainingKnewAsAValueIsNotMissing) {
  ReadOptions options;
  options.missing = {"only:"};
  const FeatureSet features = learn("c,x,y\nNA,1,1\nDE,2,2\nNA,3,3\nDE,4,4\n", "y", options);
  const Floats x = inputs(features, "c,x\nNA,1\n");
  EXPECT_EQ(std::count(x.begin(), x.end(), 1.0f), 1);
}

TEST_F(ReadingContract, AModelWithoutHeaderLosesNoRow) {
  const FeatureSet features = learn("1,red,5\n2,blue,6\n3,red,7\n4,blue,9\n", "2");
  ASSERT_TRUE(features.by_position);
  const Floats one = inputs(features, "7,red\n");
  EXPECT_EQ(one.size(), features.inputs);
  EXPECT_EQ(inputs(features, "7,green\n8,red\n9,red\n").size(), 3 * features.inputs);  // "green" looks like a name
  EXPECT_EQ(code(features, "width,colour\n7,red\n"), "E0321");
  EXPECT_NE(hint_.find("--header"), std::string::npos) << hint_;
  ReadOptions cure;
  cure.header = true;
  EXPECT_EQ(inputs(features, "width,colour\n7,red\n", cure), one);
}

TEST_F(ReadingContract, AModelWithNamesFindsThemWhateverTheyLookLike) {
  ReadOptions options;
  options.header = true;
  const FeatureSet features = learn("0,1,2\n1,4,1\n2,5,2\n3,6,3\n", "2", options);
  ASSERT_FALSE(features.by_position);
  EXPECT_EQ(inputs(features, "0,1\n7,8\n").size(), features.inputs);
  EXPECT_EQ(inputs(features, "1,0\n8,7\n"), inputs(features, "0,1\n7,8\n"));
  EXPECT_EQ(code(features, "7,8\n9,9\n"), "E0320");
  EXPECT_NE(hint_.find("7,8"), std::string::npos) << hint_;
}

TEST_F(ReadingContract, TheSeparatorIsToldByTheFirstLineAlone) {
  const FeatureSet features = learn("a,b,y\n1,x,1\n2,z,2\n3,x,3\n4,z,4\n", "y");
  const Floats expected = inputs(features, "a,b\n1,x\n");
  EXPECT_EQ(inputs(features, "a\tb\n1\tx\n"), expected);
  EXPECT_EQ(inputs(features, "a;b;note\n1;x;u,v,w\n"), expected);
  EXPECT_EQ(inputs(features, "b|a\nx|1\n"), expected);
  const FeatureSet one = learn("a;y\n1;1\n2;2\n3;3\n", "y");
  EXPECT_EQ(inputs(one, "a\n1\n").size(), 1u);
}

TEST_F(ReadingContract, ColumnsTheModelDoesNotKnowChangeNothing) {
  const FeatureSet features = learn("a,b,y\n1,x,1\n2,z,2\n3,x,3\n4,z,4\n", "y");
  const Floats expected = inputs(features, "a,b\n1.5,x\n");
  for (const std::string odd : {"inf", "1e999", "oops", "\"1,5\"", "0.2", "", "2024-01-01", "NaN", "\"a \"\"quote\"\"\""}) {
    EXPECT_EQ(inputs(features, "odd,a,b\n" + odd + ",1.5,x\n"), expected) << odd;
    EXPECT_EQ(inputs(features, "a,odd,b,more\n1.5," + odd + ",x,?\n"), expected) << odd;
  }
  std::string many = "a,odd,b\n";
  for (int i = 0; i < 300; ++i) many += "1.5," + std::string(i == 7 ? "oops" : "3") + ",x\n";
  EXPECT_EQ(inputs(features, many).size(), 300 * features.inputs);
}

TEST_F(ReadingContract, ARepeatedNameIsWarnedOf) {
  const FeatureSet features = learn("temp,b,y\n1,x,1\n2,z,2\n3,x,3\n4,z,4\n", "y");
  EXPECT_EQ(inputs(features, "temp,temp,b\n1,9,x\n"), inputs(features, "temp,b\n1,x\n"));
  inputs(features, "temp,temp,b\n1,9,x\n");
  EXPECT_TRUE(warned("the name \"temp\" again"));
}

TEST_F(ReadingContract, CommentsAndSkippedLinesAreThoseOfTraining) {
  ReadOptions options;
  options.skip = 1;
  options.comment = "#";
  const FeatureSet features = learn("A title\na,b,y\n1,x,1\n# no row\n2,z,2\n3,x,3\n4,z,4\n", "y", options);
  const Floats expected = inputs(features, "Another title\na,b\n# no row\n1,x\n");
  EXPECT_EQ(expected.size(), features.inputs);
  EXPECT_EQ(inputs(features, "a,b\n1,x\n"), expected);  // no title here
}

TEST_F(ReadingContract, RareValuesOfTheTrainingRowsAreNotCalledNew) {
  std::string text = "c,x,y\n";
  for (int i = 0; i < 1500; ++i) {  // each of 1,500 values once, and enough others
    text += "k" + std::to_string(i) + ",1,1\n";
    for (int j = 0; j < 3; ++j) text += "common,2,2\n";
  }
  const FeatureSet features = learn(text, "y");
  ApplyReport report;
  apply(features, data::read_csv_text(text, "train.csv", {}), &report);
  EXPECT_TRUE(report.warnings.empty()) << report.warnings.front();
}

TEST_F(ReadingContract, StatesWithoutReadingAreReadAsEver) {
  FeatureSet features = learn("a,b,y\n1,x,1\n2,z,2\n3,x,3\n4,z,4\n", "y");
  const Floats expected = inputs(features, "a,b\n1,x\n");
  features.reading.reset();
  features = from_json(to_json(features));
  EXPECT_FALSE(features.reading.has_value());
  EXPECT_EQ(inputs(features, "a,b\n1,x\n"), expected);
}

}  // namespace
}  // namespace chainrule::features
