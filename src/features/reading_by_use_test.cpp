// What a cell means to a trained model depends on how the model learned its column, not on the file around it or on the file's size.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include "data/table_stream.h"
#include "features/column_source.h"
#include "features/feature_set.h"
#include "testing/error_of.h"

namespace chainrule::features {
namespace {

class ReadingByUse : public testing::Test {
 protected:
  void SetUp() override {
    std::string text = "zone,day,x,y\n";
    const char *zones[] = {"1", "01", "2", "A"}, *days[] = {"2024-01-01", "01.02.2024", "monday"};
    for (std::size_t i = 0; i < 60; ++i) {
      text += std::string(zones[i % 4]) + "," + days[i % 3] + "," + std::to_string(i % 5) + "," + std::to_string(i % 7) + "\n";
    }
    ReadOptions options;
    options.categorical = {"zone", "day"};
    const data::Table table = data::read_csv_text(text, "train.csv", options);
    std::vector<std::uint32_t> rows(table.rows);
    std::iota(rows.begin(), rows.end(), 0u);
    features_ = fit(table, rows, "y", false, {});
  }
  void TearDown() override { std::remove(path_.c_str()); }

  void write(const std::string& text) { std::ofstream(path_, std::ios::binary) << text; }

  std::vector<float> streamed(std::size_t& parts, bool read_ahead = false) {
    data::TableStream stream(path_, {}, unlabelled_table(features_), read_ahead);
    std::vector<float> all;
    for (parts = 0; const auto part = stream.next(); ++parts) {
      const std::vector<float> x = apply(features_, *part);
      all.insert(all.end(), x.begin(), x.end());
    }
    return all;
  }

  std::vector<float> read_whole() {
    return apply(features_, data::read_table(path_, {}, labelled_table(features_)));
  }

  /// Names of the inputs that are 1 among those of a column.
  std::string ones(const std::vector<float>& x, std::size_t row, const std::string& column) const {
    std::string found;
    for (std::size_t j = 0; j < features_.inputs; ++j) {
      if (x[row * features_.inputs + j] == 1 && features_.input_names[j].rfind(column + "=", 0) == 0) found += features_.input_names[j] + " ";
    }
    return found;
  }

  FeatureSet features_;
  std::string path_ = testing::TempDir() + "chainrule_reading_by_use.csv";
};

TEST_F(ReadingByUse, CategoriesStayTheTextsTheyAreWrittenAsEvenWhereAllAreNumbers) {
  write("zone,day,x\n01,2024-01-01,1\n1,2024-01-01,2\n2.0,2024-01-01,3\n1.0,2024-01-01,4\n");
  std::size_t parts = 0;
  const std::vector<float> x = streamed(parts);
  EXPECT_EQ(ones(x, 0, "zone"), "zone=01 ");
  EXPECT_EQ(ones(x, 1, "zone"), "zone=1 ");
  EXPECT_EQ(ones(x, 2, "zone"), "zone=2 ");  // the only level that is this number
  EXPECT_EQ(ones(x, 3, "zone"), "");         // "1" or "01"?
  EXPECT_EQ(read_whole(), x);
}

TEST_F(ReadingByUse, CategoriesThatAreAllDatesInThisFileAreNoDates) {
  write("zone,day,x\n2,01.02.2024,1\n2,01.02.2024,2\n");
  std::size_t parts = 0;
  EXPECT_EQ(ones(streamed(parts), 1, "day"), "day=01.02.2024 ");
}

TEST_F(ReadingByUse, OneTextAmongManyNumbersIsNoSlipInACategory) {
  std::string text = "zone,day,x\n";
  for (int i = 0; i < 5000; ++i) text += i == 4000 ? "A,monday,1\n" : i % 2 == 0 ? "01,monday,1\n" : "1e999,monday,1\n";
  write(text);
  std::size_t parts = 0;
  EXPECT_EQ(ones(streamed(parts), 4000, "zone"), "zone=A ");
}

TEST_F(ReadingByUse, TheSameRowsInASmallAndALargeFileAreTheSameInputs) {
  const std::string head = "zone,day,x\n", rows = "01,2024-01-01,1\n1,2024-01-01,\n1.0,2024-02-30,3\n002,2024-01-01,1e3\n";
  write(head + rows);
  std::size_t parts = 0;
  const std::vector<float> few = streamed(parts);
  EXPECT_EQ(parts, 1u);
  std::string text = head;
  while (text.size() < (std::size_t{7} << 20)) text += rows;
  write(text);
  for (const bool read_ahead : {false, true}) {
    const std::vector<float> many = streamed(parts, read_ahead);
    EXPECT_GT(parts, 3u);
    ASSERT_GT(many.size(), few.size());
    for (std::size_t i = 0; i < many.size(); i += few.size()) {
      ASSERT_TRUE(std::equal(few.begin(), few.end(), many.begin() + static_cast<std::ptrdiff_t>(i))) << i;
    }
  }
}

TEST_F(ReadingByUse, FaultsComeThroughTheReadingThread) {
  std::string text = "zone,day,x\n";
  while (text.size() < (std::size_t{7} << 20)) text += "01,monday,1\n";
  write(text + "1,2\n");
  for (const bool read_ahead : {false, true}) {
    std::size_t parts = 0;
    EXPECT_EQ(error_of([&] { streamed(parts, read_ahead); }).code(), "E0307");
  }
}

}  // namespace
}  // namespace chainrule::features
