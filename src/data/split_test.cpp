// Splits, batch order and description.
#include "data/split.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string>

#include "chainrule/error.h"
#include "data/batch_order.h"
#include "data/describe.h"
#include "data/row_hash.h"
#include "testing/error_of.h"

namespace chainrule::data {
namespace {

Table numbered(std::size_t rows) {
  std::vector<double> values(rows * 2);
  for (std::size_t r = 0; r < rows; ++r) {
    values[2 * r] = static_cast<double>(r);
    values[2 * r + 1] = static_cast<double>(r % 10);
  }
  return table_from_matrix(values.data(), rows, {"row", "group"});
}

SplitRequest request(SplitKind kind, double validation, double test, std::string column = "") {
  SplitRequest result;
  result.kind = kind;
  result.validation = validation;
  result.test = test;
  result.seed = 11;
  result.column = std::move(column);
  return result;
}

void expect_partition(const Split& split, std::size_t rows) {
  std::vector<std::uint32_t> all;
  for (const auto* part : {&split.train, &split.validation, &split.test}) {
    EXPECT_TRUE(std::is_sorted(part->begin(), part->end()));
    all.insert(all.end(), part->begin(), part->end());
  }
  std::sort(all.begin(), all.end());
  std::vector<std::uint32_t> expected(rows);
  std::iota(expected.begin(), expected.end(), 0u);
  EXPECT_EQ(all, expected);
}

/// The code of the error that `wanted` must cause, which says what to do.
std::string code_of(const Table& table, const SplitRequest& wanted) {
  const Error error = error_of([&] { split_rows(table, wanted); });
  EXPECT_FALSE(error.hint().empty());
  return error.code();
}

TEST(Split, RandomHasTheSizesAskedForAndDependsOnlyOnTheSeed) {
  const Table table = numbered(1000);
  SplitRequest wanted = request(SplitKind::random, 0.15, 0.1);
  const Split split = split_rows(table, wanted);
  expect_partition(split, 1000);
  EXPECT_EQ(split.validation.size(), 150u);
  EXPECT_EQ(split.test.size(), 100u);
  EXPECT_EQ(split_rows(table, wanted).test, split.test);
  wanted.seed = 12;
  EXPECT_NE(split_rows(table, wanted).test, split.test);
  const Split none = split_rows(table, request(SplitKind::automatic, 0, 0));
  EXPECT_EQ(none.train.size(), 1000u);
  EXPECT_EQ(none.kind, SplitKind::random);
}

TEST(Split, StratifiedKeepsEveryClassInProportion) {
  const Table table = numbered(1000);
  std::vector<std::int32_t> classes(1000);
  for (std::size_t r = 0; r < 1000; ++r) classes[r] = r < 700 ? 0 : r < 950 ? 1 : 2;
  const Split split = split_rows(table, request(SplitKind::automatic, 0.2, 0.1), classes);
  EXPECT_EQ(split.kind, SplitKind::stratified);
  expect_partition(split, 1000);
  std::map<std::int32_t, std::size_t> validation, test;
  for (std::uint32_t row : split.validation) ++validation[classes[row]];
  for (std::uint32_t row : split.test) ++test[classes[row]];
  EXPECT_EQ(test, (std::map<std::int32_t, std::size_t>{{0, 70}, {1, 25}, {2, 5}}));
  EXPECT_EQ(validation, (std::map<std::int32_t, std::size_t>{{0, 140}, {1, 50}, {2, 10}}));
}

TEST(Split, TimePutsTheLatestRowsIntoTestAndKeepsTiesTogether) {
  std::vector<double> values;
  for (int r = 0; r < 100; ++r) values.push_back((r * 37 % 100) / 4);  // each time four times, in mixed order
  const Table table = table_from_matrix(values.data(), 100, {"time"});
  const Split split = split_rows(table, request(SplitKind::time, 0.15, 0.1, "time"));
  expect_partition(split, 100);
  const auto range = [&](const std::vector<std::uint32_t>& rows) {
    double low = 1e9, high = -1e9;
    for (std::uint32_t row : rows) {
      low = std::min(low, values[row]);
      high = std::max(high, values[row]);
    }
    return std::pair(low, high);
  };
  EXPECT_LT(range(split.train).second, range(split.validation).first);
  EXPECT_LT(range(split.validation).second, range(split.test).first);
  EXPECT_GE(split.test.size(), 10u);
  EXPECT_LE(split.test.size(), 13u);
}

TEST(Split, TimeWithoutAColumnIsTheOrderOfTheRows) {
  std::vector<double> values(20, 1);
  const Split split = split_rows(table_from_matrix(values.data(), 20, {"x"}), request(SplitKind::time, 0.2, 0.1, ""));
  EXPECT_EQ(split.train.size(), 14u);
  EXPECT_EQ(split.train.back(), 13u);
  EXPECT_EQ(split.validation, (std::vector<std::uint32_t>{14, 15, 16, 17}));
  EXPECT_EQ(split.test, (std::vector<std::uint32_t>{18, 19}));
}

TEST(Split, GroupsAreNeverTornApart) {
  const Table table = numbered(1000);
  const Split split = split_rows(table, request(SplitKind::group, 0.2, 0.2, "group"));
  expect_partition(split, 1000);
  std::map<std::uint32_t, std::set<int>> seen;
  int number = 0;
  for (const auto* part : {&split.train, &split.validation, &split.test}) {
    for (std::uint32_t row : *part) seen[row % 10].insert(number);
    ++number;
  }
  for (const auto& [group, parts] : seen) EXPECT_EQ(parts.size(), 1u) << group;
  EXPECT_EQ(split.test.size(), 200u);
  EXPECT_EQ(split.validation.size(), 200u);
}

TEST(Split, ThreeUnequalGroupsGiveEachPartOne) {
  std::vector<double> values(100, 0);
  values[98] = 1;
  values[99] = 2;
  const Table table = table_from_matrix(values.data(), 100, {"group"});
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SplitRequest wanted = request(SplitKind::group, 0.3, 0.3, "group");
    wanted.seed = seed;
    const Split split = split_rows(table, wanted);
    expect_partition(split, 100);
    EXPECT_FALSE(split.train.empty() || split.validation.empty() || split.test.empty());
  }
}

TEST(Split, ImpossibleRequestsAreErrors) {
  const Table table = numbered(10);
  EXPECT_EQ(code_of(table, request(SplitKind::random, 0.6, 0.4)), "E0102");
  EXPECT_EQ(code_of(table, request(SplitKind::random, -0.1, 0)), "E0102");
  EXPECT_EQ(code_of(numbered(1), request(SplitKind::random, 0.5, 0)), "E0326");
  EXPECT_EQ(code_of(table, request(SplitKind::stratified, 0.1, 0)), "E0102");
  EXPECT_EQ(code_of(table, request(SplitKind::time, 0.1, 0, "none")), "E0310");
  EXPECT_EQ(code_of(read_csv_text("t,x\na,1\nb,2\nc,3\nd,4\n", "f", {}), request(SplitKind::time, 0.3, 0, "t")), "E0324");
  EXPECT_EQ(code_of(read_csv_text("t,x\n1,1\n,2\n3,3\n4,4\n", "f", {}), request(SplitKind::time, 0.3, 0, "t")), "E0323");
  EXPECT_EQ(code_of(read_csv_text("t,x\n1,1\n1,2\n1,3\n1,4\n", "f", {}), request(SplitKind::time, 0.3, 0, "t")), "E0326");
  EXPECT_EQ(code_of(read_csv_text("g,x\n1,1\n1,2\n2,3\n2,4\n", "f", {}), request(SplitKind::group, 0.3, 0.3, "g")), "E0325");
}

TEST(Split, CopiesOfTrainingRowsElsewhereAreCounted) {
  std::string text = "a,b\n";
  for (int i = 0; i < 200; ++i) text += std::to_string(i % 100) + ",x" + std::to_string(i % 100) + "\n";  // every row twice
  const Table table = read_csv_text(text, "f", {});
  const Split split = split_rows(table, request(SplitKind::random, 0.2, 0));
  std::set<std::uint32_t> trained;
  for (std::uint32_t row : split.train) trained.insert(row % 100);
  std::size_t expected = 0;
  for (std::uint32_t row : split.validation) expected += trained.count(row % 100);
  EXPECT_GT(expected, 0u);
  EXPECT_EQ(split.duplicate_rows_across, expected);
  EXPECT_EQ(count_duplicates(row_hashes(table)), 100u);
  EXPECT_EQ(split_rows(numbered(100), request(SplitKind::random, 0.2, 0)).duplicate_rows_across, 0u);
}

TEST(BatchOrder, IsAPermutationThatDependsOnSeedAndEpochOnly) {
  std::vector<std::uint32_t> order(1000), again(1000), other(1000);
  batch_order(1, 5, order);
  batch_order(1, 5, again);
  EXPECT_EQ(order, again);
  batch_order(1, 6, other);
  EXPECT_NE(order, other);
  batch_order(2, 5, other);
  EXPECT_NE(order, other);
  std::set<std::uint32_t> rows(order.begin(), order.end());
  EXPECT_EQ(rows.size(), 1000u);
  EXPECT_EQ(*rows.rbegin(), 999u);
  batch_order(1, 1, std::span<std::uint32_t>());
}

TEST(BatchOrder, EveryRowComesToEveryPlaceEquallyOften) {
  constexpr int kRows = 8, kEpochs = 8000;
  int counts[kRows][kRows] = {};
  std::vector<std::uint32_t> order(kRows);
  for (std::uint64_t epoch = 0; epoch < kEpochs; ++epoch) {
    batch_order(3, epoch, order);
    for (int place = 0; place < kRows; ++place) ++counts[place][order[static_cast<std::size_t>(place)]];
  }
  for (auto& place : counts) {
    for (int count : place) EXPECT_NEAR(count, 1000, 150);  // five standard deviations are 148
  }
}

TEST(Describe, MeasuresColumnsAndSuggestsATarget) {
  const Table table = read_csv_text("id,flag,size,empty,same,price\n1,yes,2.5,,k,10\n2,no,NA,,k,20\n3,yes,7.5,,k,30\n3,yes,7.5,,k,30\n", "f", {});
  const Description d = describe_table(table);
  EXPECT_EQ(d.rows, 4u);
  EXPECT_EQ(d.duplicate_rows, 1u);
  std::vector<std::string> types;
  for (const ColumnInfo& column : d.columns) types.push_back(column.type);
  EXPECT_EQ(types, (std::vector<std::string>{"numeric", "boolean", "numeric", "empty", "constant", "numeric"}));
  EXPECT_EQ(d.columns[2].missing, 1u);
  EXPECT_EQ(d.columns[2].distinct, 2u);
  EXPECT_EQ(d.columns[2].minimum, 2.5);
  EXPECT_EQ(d.columns[2].maximum, 7.5);
  EXPECT_DOUBLE_EQ(d.columns[2].mean, 17.5 / 3);
  EXPECT_EQ(d.columns[1].top[0], (std::pair<std::string, std::size_t>("yes", 3)));
  EXPECT_EQ(d.suggested_target, "price");
  EXPECT_EQ(d.suggested_task, "classification") << "few whole numbers";
  EXPECT_FALSE(d.why.empty());
}

}  // namespace
}  // namespace chainrule::data
