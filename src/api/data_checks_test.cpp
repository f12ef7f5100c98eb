// Faults of a table are found and named; sound tables raise no alarm.
#include "api/data_checks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "api/column_leak.h"
#include "base/counter_rng.h"

namespace chainrule::api {
namespace {

double cell_value(std::uint32_t row, std::uint32_t column) {
  return static_cast<double>(draw({3, Purpose::subsample, 0, 0, row}, column)) * 0x1p-31 - 1;
}

/// CSV text with columns a, b, `extra` and the class y; `cell` gives the extra column.
template <class Cell>
data::Table table_with(Cell cell, std::uint32_t rows = 200) {
  std::ostringstream text;
  text << "a,b,extra,y\n";
  for (std::uint32_t r = 0; r < rows; ++r) {
    const double a = cell_value(r, 0), b = cell_value(r, 1);
    text << a << ',' << b << ',' << cell(r, a, b) << ',' << (a + b + 0.5 * cell_value(r, 2) > 0 ? "yes" : "no") << '\n';
  }
  return data::read_csv_text(text.str(), "t.csv", {});
}

std::vector<std::uint32_t> all_rows(const data::Table& table) {
  std::vector<std::uint32_t> rows(table.rows);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::uint32_t>(i);
  return rows;
}

std::vector<std::string> alarms(const data::Table& table, std::size_t held_out = 0, std::size_t overlapping = 0) {
  const std::vector<std::uint32_t> rows = all_rows(table);
  const DataSubject subject{table, rows, "y", true, Loss::cross_entropy, {}, {}, {}, held_out, overlapping};
  std::vector<std::string> ids;
  for (const CheckItem& item : check_data(subject)) {
    if (item.severity != "passed") ids.push_back(item.id);
  }
  return ids;
}

using Ids = std::vector<std::string>;

TEST(DataChecks, ASoundTableRaisesNoAlarm) {
  EXPECT_EQ(alarms(table_with([](std::uint32_t r, double, double) { return std::exp(2 * cell_value(r, 5)); })), Ids{});
  EXPECT_EQ(alarms(table_with([](std::uint32_t r, double, double) { return r % 20 == 0 ? "" : "1.5"; })), Ids{}) << "many missing cells";
  EXPECT_EQ(alarms(table_with([](std::uint32_t r, double, double) { return r % 3; })), Ids{});
}

TEST(DataChecks, EachFaultHasItsName) {
  const auto plain = [](std::uint32_t r) { return std::to_string(cell_value(r, 6)); };
  EXPECT_EQ(alarms(table_with([](auto, auto, auto) { return 3; })), Ids{"constant_column"});
  EXPECT_EQ(alarms(table_with([&](auto r, auto, auto) { return r == 9 ? "1e9" : plain(r); })), Ids{"unscaled_column"});
  EXPECT_EQ(alarms(table_with([](auto r, auto, auto) { return 1e9 * cell_value(r, 6); })), Ids{"unscaled_column"});
  EXPECT_EQ(alarms(table_with([&](auto r, auto, auto) { return r == 9 ? "nan" : plain(r); })), Ids{"missing_cells"});
  EXPECT_EQ(alarms(table_with([&](auto r, auto, auto) { return r % 5 ? "" : plain(r); })), Ids{"missing_cells"});
  EXPECT_EQ(alarms(table_with([](auto r, double a, double b) { return a + b + 0.5 * cell_value(r, 2) > 0 ? "k" : "m"; })), Ids{"leak"});
  EXPECT_EQ(alarms(table_with([&](auto r, auto, auto) { return plain(r); }), 50, 20), Ids{"split_overlap"});
}

TEST(DataChecks, CopiesAreToldFromCoincidences) {
  std::ostringstream copies, coincidences;
  copies << "a,b,y\n";
  coincidences << "a,b,y\n";
  for (std::uint32_t r = 0; r < 200; ++r) {
    const std::uint32_t once = r < 180 ? r : r - 180;
    copies << cell_value(once, 0) << ',' << once % 4 << ',' << (cell_value(once, 1) > 0 ? "p" : "q") << '\n';
    coincidences << r % 3 << ',' << r % 4 << ',' << (cell_value(r, 1) > 0 ? "p" : "q") << '\n';
  }
  EXPECT_EQ(alarms(data::read_csv_text(copies.str(), "t.csv", {})), Ids{"duplicate_rows"});
  EXPECT_EQ(alarms(data::read_csv_text(coincidences.str(), "t.csv", {})), Ids{});
}

TEST(ColumnLeak, SkillIsThatOfUnseenRows) {
  std::ostringstream text;
  text << "id,curve,noise,y\n";
  for (std::uint32_t r = 0; r < 400; ++r) {
    const double x = cell_value(r, 0);
    text << "n" << r << ',' << x << ',' << cell_value(r, 1) << ',' << x * x + x << '\n';
  }
  const data::Table table = data::read_csv_text(text.str(), "t.csv", {});
  const std::vector<ColumnSkill> skills = column_skills(table, all_rows(table), "y", false, {});
  ASSERT_EQ(skills.size(), 3u);
  EXPECT_EQ(skills[0].column, "curve");
  EXPECT_GT(skills[0].skill, 0.999);
  EXPECT_LT(skills[1].skill, 0.2) << skills[1].column << ": a name that never comes again and noise predict nothing";
}

}  // namespace
}  // namespace chainrule::api
