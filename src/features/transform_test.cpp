// The blockwise transform against the formulas of docs/features.md, cell by cell, on random tables: the same bits.
#include "features/transform.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>

#include "features/input_layout.h"

namespace chainrule::features {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

data::Column number_column(const std::string& name, std::size_t rows, double missing, double far, std::mt19937& random) {
  data::Column column;
  column.name = name;
  std::normal_distribution<double> normal(7, 30);
  std::uniform_real_distribution<double> chance(0, 1);
  for (std::size_t i = 0; i < rows; ++i) {
    const double draw = chance(random), value = normal(random);
    column.numbers.push_back(draw < missing ? kNone : draw < missing + far ? value * 1e12 : value);
  }
  return column;
}

data::Column date_column(std::size_t rows, std::mt19937& random) {
  data::Column column = number_column("when", rows, 0.1, 0, random);
  column.type = data::ColumnType::date;
  for (double& value : column.numbers) value = std::floor(value * 1e6);
  return column;
}

/// Level i is met with a probability that falls with i, so that some are rare; `levels` may hold more than training saw.
data::Column category_column(const std::string& name, std::size_t rows, std::size_t levels, std::mt19937& random) {
  data::Column column;
  column.name = name;
  column.type = data::ColumnType::categorical;
  for (std::size_t i = 0; i < levels; ++i) column.levels.push_back(name + std::to_string(i));
  std::geometric_distribution<int> draw(0.3);
  for (std::size_t i = 0; i < rows; ++i) column.codes.push_back(std::min(draw(random), static_cast<int>(levels)) - 1);
  return column;
}

data::Table random_table(std::size_t rows, std::size_t levels, double missing, double far, std::mt19937& random) {
  data::Table table;
  table.source = "t";
  table.rows = rows;
  for (int i = 0; i < 21; ++i) table.columns.push_back(number_column("n" + std::to_string(i), rows, i % 3 == 0 ? missing : 0, i % 4 == 0 ? far : 0, random));
  table.columns.insert(table.columns.begin() + 5, category_column("wide", rows, levels, random));
  table.columns.insert(table.columns.begin() + 9, category_column("pair", rows, 2, random));
  table.columns.insert(table.columns.begin() + 12, date_column(rows, random));
  table.columns.push_back(number_column("y", rows, 0, 0, random));
  return table;
}

void expect_number(const ColumnState& state, double value, const float* x) {
  const bool missing = std::isnan(value);
  if (state.scale != 0) {
    const double z = ((missing ? state.fill : value) - state.center) / state.scale;
    ASSERT_EQ(*x++, static_cast<float>(z > 1e6 ? 1e6 : z < -1e6 ? -1e6 : z));
  }
  for (const std::string& name : state.levels) {
    const DatePart& part = *find_date_part(name);
    for (std::size_t j = 0; j < part.inputs; ++j) ASSERT_EQ(*x++, !missing && part.index(value) == j ? 1.0f : 0.0f) << name;
  }
  if (!state.indicator) return;
  ASSERT_EQ(*x, missing ? 1.0f : 0.0f);
}

void expect_category(const ColumnState& state, const std::string& text, const float* x) {
  const auto found = std::find(state.levels.begin(), state.levels.end(), text);
  std::size_t one = static_cast<std::size_t>(found - state.levels.begin());
  if (found == state.levels.end() && (!state.other || text.empty())) one = state.inputs;  // none
  for (std::size_t j = 0; j < state.inputs; ++j) ASSERT_EQ(x[j], j == one ? 1.0f : 0.0f) << text << " " << j;
}

void expect_row(const FeatureSet& features, const data::Table& table, std::size_t row, const float* x) {
  for (const ColumnState& state : features.columns) {
    const data::Column& column = table.columns[table.find_column(state.name)];
    SCOPED_TRACE(state.name + " row " + std::to_string(row));
    const bool category = state.type == data::ColumnType::categorical;
    if (category) expect_category(state, column.text(row), x + state.first_input);
    else expect_number(state, column.numbers[row], x + state.first_input);
  }
}

std::vector<std::uint32_t> all_rows(std::size_t count) {
  std::vector<std::uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

TEST(Transform, EqualsTheFormulasCellByCell) {
  std::mt19937 random(5);
  for (const std::size_t rows : {1u, 127u, 128u, 129u, 1000u}) {
    for (const double missing : {0.0, 0.2}) {
      const data::Table seen = random_table(300, 6, missing, 0, random);
      const FeatureSet features = fit(seen, all_rows(300), "y", false, {});
      const data::Table table = random_table(rows, 9, 0.1, 0.01, random);
      const std::vector<float> x = apply(features, table);
      ASSERT_EQ(x.size(), rows * features.inputs);
      for (std::size_t row = 0; row < rows; ++row) expect_row(features, table, row, x.data() + row * features.inputs);
      if (HasFailure()) return;
    }
  }
}

TEST(Transform, PiecesOfAnySizeGiveTheRowsAndWarningsOfTheWhole) {
  std::mt19937 random(6);
  const FeatureSet features = fit(random_table(300, 6, 0, 0, random), all_rows(300), "y", false, {});
  const data::Table table = random_table(700, 9, 0.1, 0.01, random);
  ApplyReport report;
  const std::vector<float> whole = apply(features, table, &report);
  Transform transform(features);
  transform.open(table);
  std::size_t first = 0;
  for (const std::size_t size : {1u, 100u, 128u, 300u, 171u}) {
    std::vector<float> x(size * features.inputs, 99.0f);
    transform.write(first, size, x.data());
    ASSERT_EQ(std::memcmp(x.data(), whole.data() + first * features.inputs, x.size() * sizeof(float)), 0) << size;
    first += size;
  }
  EXPECT_EQ(transform.warnings(), report.warnings);
  EXPECT_FALSE(report.warnings.empty());
}

TEST(Transform, WarningsAddUpOverTheTablesItIsGiven) {
  const auto table = [](const std::string& text) { return data::read_csv_text(text, "t.csv", {}); };
  const FeatureSet features = fit(table("x,c,y\n1,a,1\n2,b,2\n3,a,3\n4,b,7\n"), all_rows(4), "y", false, {});
  data::Table first = table("x,c\n1,a\n,new\n"), second = table("x,c\n,a\n3,newer\n");
  second.rows_before = 2;
  Transform transform(features);
  std::vector<float> x(2 * features.inputs);
  for (const data::Table* part : {&first, &second}) {
    transform.open(*part);
    transform.write(0, 2, x.data());
  }
  const std::vector<std::string> warnings = transform.warnings();
  ASSERT_EQ(warnings.size(), 2u);
  EXPECT_EQ(warnings[0].find("column \"x\": 2 rows without a value"), 0u) << warnings[0];
  EXPECT_NE(warnings[0].find("(first: line 3)"), std::string::npos) << warnings[0];
  EXPECT_NE(warnings[1].find("2 rows with a value that training never saw, such as \"new\""), std::string::npos) << warnings[1];
}

TEST(Transform, DenseColumnsComeAsBytesFloatsOrNamedColumnsAlike) {
  std::mt19937 random(7);
  data::Table bytes;
  bytes.rows = 200;
  bytes.dense.columns = 40;
  bytes.dense.name_prefix = "pixel";
  for (std::size_t i = 0; i < 200 * 40; ++i) bytes.dense.bytes.push_back(static_cast<std::uint8_t>(random()));
  bytes.columns.push_back(number_column("y", 200, 0, 0, random));
  const FeatureSet features = fit(bytes, all_rows(200), "y", false, {});
  const std::vector<float> x = apply(features, bytes);
  for (std::size_t i = 0; i < x.size(); ++i) {
    ASSERT_EQ(x[i], static_cast<float>((static_cast<double>(bytes.dense.bytes[i]) - features.dense.center[0]) / features.dense.scale[0]));
  }
  data::Table named, floats = bytes;
  named.rows = 200;
  floats.dense.bytes.clear();
  for (const std::uint8_t value : bytes.dense.bytes) floats.dense.values.push_back(value);
  for (std::size_t j = 0; j < 40; ++j) {
    data::Column& column = named.columns.emplace_back();
    column.name = "pixel" + std::to_string(j);
    for (std::size_t row = 0; row < 200; ++row) column.numbers.push_back(bytes.dense.bytes[row * 40 + j]);
  }
  EXPECT_EQ(apply(features, floats), x);
  EXPECT_EQ(apply(features, named), x);
}

}  // namespace
}  // namespace chainrule::features
