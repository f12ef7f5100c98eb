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

namespace chainrule::features {
namespace {

/// About 9 MB: numbers, missing cells, quotes with line ends and doubled quotes, dates, blank lines.
std::string large_table(const std::string& odd_row, std::size_t odd_place) {
  std::mt19937 random(3);
  std::string text = "id,area,city,day,y\n";
  for (std::size_t row = 0; row < 250000; ++row) {
    if (row == odd_place) text += odd_row;
    const std::string number = std::to_string(random() % 100000) + "." + std::to_string(random() % 1000);
    const char* cities[] = {"Bonn", "\"a, b\"", "\"say \"\"hi\"\"\"", "\"two\nlines\"", "x y", "7"};
    text += "id" + std::to_string(row) + "," + (row % 50 == 0 ? "" : "-" + number) + "," + cities[random() % 6] + ",2024-0" +
            std::to_string(1 + random() % 9) + "-11," + std::to_string(random() % 90) + (row % 3 == 0 ? "\r\n" : "\n");
    if (row % 70000 == 69999) text += "\n  \n";
  }
  return text;
}

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
    data::TableStream stream(path_, {}, [&](const data::Table& header) { return column_uses(features, header); });
    std::vector<float> all;
    for (parts = 0; const auto part = stream.next(); ++parts) {
      const std::vector<float> x = apply(features, *part);
      all.insert(all.end(), x.begin(), x.end());
    }
    return all;
  }
  std::string path_ = testing::TempDir() + "chainrule_large_table.csv";
};

TEST_F(LargeTable, ComesInPartsWithTheInputsOfTheWhole) {
  write(large_table("", 0));
  const data::Table whole = data::read_table(path_, {});
  const FeatureSet features = fitted(whole);
  std::size_t parts = 0;
  EXPECT_EQ(inputs_by_parts(features, parts), apply(features, whole));
  EXPECT_GT(parts, 3u);
}

TEST_F(LargeTable, FaultsFarDownAreThoseOfTheWhole) {
  write(large_table("", 0));
  const FeatureSet features = fitted(data::read_table(path_, {}));
  for (const std::string odd : {"id1,12x,Bonn,2024-01-01,3\n", "id1,2\n", "id1,1e999,Bonn,2024-01-01,3\n", "id1,\"2\"x,Bonn,2024-01-01,3\n",
                                "id1,2,B\xff,2024-01-01,3\n", "id1,2,\"Bonn,2024-01-01,3\n", "id1,2,Bonn,2024-01-01,oops\n"}) {
    write(large_table(odd, 240000));
    std::string expected, found;
    try {
      data::read_table(path_, {});
    } catch (const Error& error) {
      expected = error.what();
    }
    try {
      std::size_t parts = 0;
      inputs_by_parts(features, parts);
    } catch (const Error& error) {
      found = error.what();
    }
    EXPECT_FALSE(expected.empty()) << odd;
    EXPECT_EQ(found, expected) << odd;
  }
}

}  // namespace
}  // namespace chainrule::features
