// A large CSV file in parts gives the inputs of the whole table, bit for bit, and its errors.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "chainrule/error.h"
#include "data/table_stream.h"
#include "features/column_source.h"
#include "features/feature_set.h"
#include "testing/error_of.h"

namespace chainrule::features {
namespace {

/// About 9 MB: numbers, missing cells, quotes with line ends and doubled quotes, dates, blank lines; a long text keeps the rows few.
struct LargeText {
  static constexpr std::size_t kRows = 90000, kOddRow = 86000;
  std::string text = "id,area,city,note,day,y\n";
  std::size_t odd_place = 0;  ///< where row kOddRow begins

  LargeText() {
    std::mt19937 random(3);
    const char* cities[] = {"Bonn", "\"a, b\"", "\"say \"\"hi\"\"\"", "\"two\nlines\"", "x y", "7"};
    const std::string notes[] = {std::string(70, 'n'), '"' + std::string(30, 'a') + ", " + std::string(30, 'b') + '"', std::string(65, 'm')};
    for (std::size_t row = 0; row < kRows; ++row) {
      if (row == kOddRow) odd_place = text.size();
      const std::string number = std::to_string(random() % 100000) + "." + std::to_string(random() % 1000);
      text += "id" + std::to_string(row) + "," + (row % 50 == 0 ? "" : "-" + number) + "," + cities[random() % 6] + "," + notes[random() % 3] +
              ",2024-0" + std::to_string(1 + random() % 9) + "-11," + std::to_string(random() % 90) + (row % 3 == 0 ? "\r\n" : "\n");
      if (row % 25000 == 24999) text += "\n  \n";
    }
  }
  std::string with(const std::string& odd_row) const { return text.substr(0, odd_place) + odd_row + text.substr(odd_place); }
};

class LargeTable : public testing::Test {
 protected:
  void write(const std::string& text) { std::ofstream(path_, std::ios::binary) << text; }
  void TearDown() override { std::remove(path_.c_str()); }
  FeatureSet fitted(const data::Table& table) {
    std::vector<std::uint32_t> rows(1000);
    std::iota(rows.begin(), rows.end(), 0u);
    return fit(table, rows, "y", false, std::vector<std::string>{"id"});
  }
  std::vector<float> inputs_by_parts(const FeatureSet& features, std::size_t& parts) {
    data::TableStream stream(path_, {}, unlabelled_table(features));
    std::vector<float> all;
    for (parts = 0; const auto part = stream.next(); ++parts) {
      const std::vector<float> x = apply(features, *part);
      all.insert(all.end(), x.begin(), x.end());
    }
    return all;
  }
  const LargeText large_;
  std::string path_ = testing::TempDir() + "chainrule_large_table.csv";
};

TEST_F(LargeTable, ComesInPartsWithTheInputsOfTheWhole) {
  write(large_.text);
  const data::Table whole = data::read_table(path_, {});
  const FeatureSet features = fitted(whole);
  std::size_t parts = 0;
  EXPECT_EQ(inputs_by_parts(features, parts), apply(features, whole));
  EXPECT_GT(parts, 3u);
}

TEST_F(LargeTable, FaultsFarDownAreThoseOfTheWhole) {
  write(large_.text);
  const FeatureSet features = fitted(data::read_table(path_, {}));
  for (const std::string odd : {"id1,12x,Bonn,n,2024-01-01,3\n", "id1,2\n", "id1,1e999,Bonn,n,2024-01-01,3\n", "id1,\"2\"x,Bonn,n,2024-01-01,3\n",
                                "id1,2,B\xff,n,2024-01-01,3\n", "id1,2,\"Bonn,n,2024-01-01,3\n"}) {
    write(large_.with(odd));
    std::size_t parts = 0;
    const Error expected = error_of([&] { data::read_table(path_, {}); });
    const Error found = error_of([&] { inputs_by_parts(features, parts); });
    EXPECT_NE(expected.code(), "none") << odd;
    EXPECT_STREQ(found.what(), expected.what()) << odd;
  }
}

TEST_F(LargeTable, ColumnsThatTheModelDoesNotNeedCannotStopIt) {
  write(large_.text);
  const FeatureSet features = fitted(data::read_table(path_, {}));
  std::size_t parts = 0;
  const std::vector<float> usual = inputs_by_parts(features, parts);
  for (const std::string cell : {"oops", "inf", "1e999", "\"1,5\""}) {
    write(large_.with("id1,2,Bonn,n,2024-01-01," + cell + "\n"));
    EXPECT_EQ(inputs_by_parts(features, parts).size(), usual.size() + features.inputs) << cell;
  }
}

}  // namespace
}  // namespace chainrule::features
