// How columns are written is part of the stored state; states without it load as before.
#include <gtest/gtest.h>

#include <string>

#include "features/column_source.h"
#include "features/fit_table_test.h"
#include "testing/error_of.h"

namespace chainrule::features {
namespace {

std::string table_text() {
  std::string text = "us;de;pct;in;ch;day;y\n";
  for (int i = 0; i < 40; ++i) {
    const std::string n = std::to_string(i + 1), digits = std::to_string(100 + i);
    text += n + "," + digits + ".5;" + n + "." + digits + ",25 EUR;" + n + "%;1," + std::to_string(10 + i) + "," + digits + ";" + n + "'" + digits + ";" +
            std::to_string(i % 28 + 1) + "/" + std::to_string(i % 12 + 1) + "/2024;" + n + ",5\n";
  }
  return text;
}

TEST(StyleJson, EveryStyleComesBackFromTheStoredState) {
  const FeatureSet features = fit_all(csv(table_text()), "y", false), back = from_json(to_json(features));
  ASSERT_EQ(back.columns.size(), 6u);
  for (std::size_t c = 0; c < back.columns.size(); ++c) {
    ASSERT_TRUE(features.columns[c].style.has_value()) << features.columns[c].name;
    EXPECT_EQ(features.columns[c].style, back.columns[c].style) << features.columns[c].name;
  }
  EXPECT_EQ(back.columns[5].type, data::ColumnType::date);
  EXPECT_EQ(back.columns[3].style->number.grouping, data::Grouping::indian);
  EXPECT_EQ(features.target.style, back.target.style);
  EXPECT_EQ(back.target.style->number.decimal, ',');
}

TEST(StyleJson, AStateWithoutStylesReadsAsCellsLook) {
  FeatureSet features = fit_all(csv(table_text()), "y", false);
  for (ColumnState& column : features.columns) column.style.reset();
  features.target.style.reset();
  const FeatureSet back = from_json(to_json(features));
  EXPECT_FALSE(back.columns[0].style.has_value());
  for (const data::ColumnReading& reading : labelled_table(back).uses(csv(table_text()))) EXPECT_FALSE(reading.style.has_value());
}

TEST(StyleJson, ImpossibleStylesAreRefused) {
  const std::string good = to_json(fit_all(csv(table_text()), "y", false));
  const std::pair<std::string, std::string> faults[] = {{"\"unit\":\"EUR\"", "\"unit\":\"furlong\""}, {"\"decimal\":\".\"", "\"decimal\":\"x\""},
                                                        {"\"thousands\":\"'\"", "\"thousands\":\"0\""}, {"\"thousands\":\",\"", "\"thousands\":\".\""},
                                                        {"dd/mm/yyyy", "yyyy yyyy"},                    {"\"style\":{\"date\"", "\"style\":{\"dote\""}};
  for (const auto& [from, to] : faults) {
    std::string bad = good;
    ASSERT_NE(bad.find(from), std::string::npos) << from << good;
    bad.replace(bad.find(from), from.size(), to);
    EXPECT_EQ(error_of([&] { from_json(bad); }).code(), "E0411") << to;
  }
}

TEST(StyleJson, ATableReadForItselfIsRefusedWhereItsMarksMeanOtherValues) {
  const FeatureSet features = fit_all(csv(table_text()), "y", false);
  const std::string head = "us;de;pct;in;ch;day\n";
  const auto error = error_of([&] { apply(features, csv(head + "1,000.5;1.234,25 EUR;5%;1,23,456;5;13/2/2024\n2,000.5;2,5 EUR;5%;1,23,456;5;14/2/2024\n")); });
  EXPECT_EQ(error.code(), "none") << error.what();
  EXPECT_EQ(error_of([&] { apply(features, csv(head + "1,5;1.234,25 EUR;5%;1,23,456;5;13/2/2024\n")); }).code(), "E0350");
  EXPECT_EQ(error_of([&] { apply(features, csv(head + "1.5;1.234,25 EUR;0.5;1,23,456;5;13/2/2024\n")); }).code(), "E0350");
  EXPECT_EQ(error_of([&] { apply(features, csv(head + "1.5;2,5 EUR;5%;1,23,456;5;1/2/2024\n")); }).code(), "none") << "the model knows the order";
}

}  // namespace
}  // namespace chainrule::features
