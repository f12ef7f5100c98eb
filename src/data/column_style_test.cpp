// A whole column decides how its cells are written; what it leaves open is said, and the hint settles it.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "data/csv_reader.h"
#include "data/table.h"
#include "testing/error_of.h"

namespace chainrule::data {
namespace {

using Values = std::vector<double>;

/// A table with separator ; whose column "v" has these cells.
Table column_of(const std::vector<std::string>& cells, const ReadOptions& options = {}) {
  std::string text = "k;v\n";
  for (const std::string& cell : cells) text += "a;" + cell + "\n";
  return read_csv_text(text, "t.csv", options);
}

const Column& v(const Table& table) { return table.columns[1]; }

ReadOptions with(const std::string& decimal, const std::string& thousands = "", const std::string& date_order = "") {
  ReadOptions options;
  options.decimal = decimal;
  options.thousands = thousands;
  options.date_order = date_order;
  return options;
}

bool notes_have(const Table& table, const std::string& part) {
  for (const std::string& note : table.notes) {
    if (note.find(part) != std::string::npos) return true;
  }
  return false;
}

std::string all_notes(const Table& table) {
  std::string all;
  for (const std::string& note : table.notes) all += note + "\n";
  return all;
}

struct Agreed {
  std::vector<std::string> cells;
  Values values;
  const char* note;
};

TEST(ColumnStyle, AColumnThatAgreesOnOneStyleIsNumbersAndSaysSo) {
  const Agreed columns[] = {
      {{"1,070", "973", "12"}, {1070, 973, 12}, "commas between thousands (detected), \"1,070\" (line 2) is 1070"},
      {{"1,234.50", "7.25", "1,000,000"}, {1234.5, 7.25, 1000000}, "commas between thousands"},
      {{"1.005,75", "0,5", "12"}, {1005.75, 0.5, 12}, "decimal mark: comma, points between thousands"},
      {{"1,5", "2,25", "-3"}, {1.5, 2.25, -3}, "decimal mark: comma (detected), \"1,5\""},
      {{"1.200", "30", "17"}, {1200, 30, 17}, "points between thousands"},
      {{"1 234", "12", "5 000 000"}, {1234, 12, 5000000}, "blanks between thousands"},
      {{"1\xc2\xa0" "234,5", "12,25", "0,1"}, {1234.5, 12.25, 0.1}, "blanks between thousands"},
      {{"12'345", "7", "1'000.5"}, {12345, 7, 1000.5}, "apostrophes between thousands"},
      {{"1,23,456", "12,34,567", "5"}, {123456, 1234567, 5}, "Indian"},
      {{"$12.00", "$1,013.50", "-$4"}, {12, 1013.5, -4}, "amounts in $"},
      {{"12,50 \xe2\x82\xac", "1.000,00 \xe2\x82\xac", "0"}, {12.5, 1000, 0}, "amounts in \xe2\x82\xac"},
      {{"USD 5", "USD 7.5", "USD 1"}, {5, 7.5, 1}, "amounts in USD"},
      {{"45%", "7.5 %", "0%"}, {45, 7.5, 0}, "percentages as written (45% is 45)"},
      {{"(1,234.50)", "12.00", "3.5"}, {-1234.5, 12, 3.5}, "commas between thousands"},
      {{"\xe2\x88\x92" "5", "7", "3.5-"}, {-5, 7, -3.5}, ""},
      {{"$1,234", "$2,500", "$9,100"}, {1234, 2500, 9100}, "amounts in $"},
  };
  for (const Agreed& column : columns) {
    const Table table = column_of(column.cells);
    ASSERT_EQ(v(table).type, ColumnType::numeric) << column.cells[0] << "\n" << all_notes(table);
    EXPECT_EQ(v(table).numbers, column.values) << column.cells[0];
    EXPECT_TRUE(notes_have(table, column.note)) << column.cells[0] << "\n" << all_notes(table);
    EXPECT_FALSE(v(table).doubt != nullptr) << column.cells[0];
    ASSERT_TRUE(v(table).style.has_value());
    for (std::size_t row = 0; row < column.cells.size(); ++row) {
      EXPECT_EQ(parse_number(column.cells[row], v(table).style->number).value, column.values[row]) << column.cells[row];
    }
  }
}

TEST(ColumnStyle, EveryLoopDecidesAlike) {
  for (const std::vector<std::string>& cells : std::vector<std::vector<std::string>>{
           {"1,070", "973", "12"}, {"1.200", "30", "17"}, {"1.234", "2.345"}, {"12.345", "13"}, {"01", "1"}, {"9007199254740993", "1"}, {"$1", "$2"}, {"1,5", "2"}}) {
    std::string text = "k;v\n";
    for (int i = 0; i < 40; ++i) text += "a;" + cells[static_cast<std::size_t>(i) % cells.size()] + "\n";
    const ReadOptions options;
    CsvReader slow("t.csv", options, nullptr);
    const std::size_t begin = *slow.open(text);
    const Table one = slow.read_rest(std::string_view(text).substr(begin)), two = read_csv_text(text, "t.csv", options);
    EXPECT_EQ(one.notes, two.notes) << cells[0];
    EXPECT_EQ(one.columns[1].levels, two.columns[1].levels) << cells[0];
    EXPECT_TRUE(one.columns[1].numbers == two.columns[1].numbers) << cells[0];
  }
}

TEST(ColumnStyle, OneColumnsMarkDoesNotDecideForAnother) {
  const Table table = read_csv_text("a;b;c;d\n1,5;1.5;12;x\n2,5;2.5;1.200;x\n3,5;0.5;3;x\n", "t.csv", {});
  EXPECT_EQ(table.columns[0].numbers, (Values{1.5, 2.5, 3.5}));
  EXPECT_EQ(table.columns[1].numbers, (Values{1.5, 2.5, 0.5}));
  const Table stray = read_csv_text("b;n\n1,5;1\n2,5;2\n3,5;1.200\n4,5;4\n", "t.csv", {});
  EXPECT_EQ(stray.columns[0].numbers, (Values{1.5, 2.5, 3.5, 4.5}));
  EXPECT_EQ(stray.columns[1].numbers, (Values{1, 2, 1200, 4}));
}

TEST(ColumnStyle, ThreeDigitsBehindEveryCommaAreADoubtThatTheHintSettles) {
  const std::vector<std::string> cells = {"1,067", "1,164", "2,500"};
  const Table table = column_of(cells);
  EXPECT_EQ(v(table).numbers, (Values{1067, 1164, 2500}));
  ASSERT_TRUE(v(table).doubt != nullptr);
  EXPECT_EQ(v(table).doubt->code(), "E0347");
  EXPECT_EQ(v(table).doubt->where(), "t.csv line 2, column 1 (\"v\")");
  EXPECT_TRUE(notes_have(table, "warning: column 1 (\"v\"): \"1,067\" (line 2) may be 1067 or 1.067")) << all_notes(table);
  EXPECT_EQ(v(table).doubt->hint(), "give --thousands , for 1067, --decimal , for 1.067");
  const Table thousands = column_of(cells, with("", ",")), decimals = column_of(cells, with(","));
  EXPECT_EQ(v(thousands).numbers, (Values{1067, 1164, 2500}));
  EXPECT_EQ(v(decimals).numbers, (Values{1.067, 1.164, 2.5}));
  EXPECT_FALSE(v(thousands).doubt || v(decimals).doubt);
  EXPECT_FALSE(notes_have(thousands, "warning") || notes_have(decimals, "warning"));
}

TEST(ColumnStyle, ThreeDigitsBehindEveryPointAreDecimalsAndSaidOnce) {
  const Table table = read_csv_text("a,b,c\n1.234,2.345,x\n12.345,9.876,y\n3.000,1.000,x\n", "t.csv", {});
  EXPECT_EQ(table.columns[0].numbers, (Values{1.234, 12.345, 3}));
  EXPECT_FALSE(table.columns[0].doubt != nullptr);
  EXPECT_TRUE(notes_have(table, "column 0 (\"a\"), column 1 (\"b\"): three digits behind every point, as in \"1.234\"")) << all_notes(table);
  EXPECT_EQ(read_csv_text("a,b,c\n1.234,2.345,x\n12.345,9.876,y\n", "t.csv", with("", ".")).columns[0].numbers, (Values{1234, 12345}));
  EXPECT_FALSE(notes_have(read_csv_text("a,b\n1.234,0.5\n2.345,1.5\n", "t.csv", {}), "three digits"));  // the other column decides
}

TEST(ColumnStyle, WholeNumbersBesideThreeDecimalsAreADoubt) {
  const Table table = column_of({"12.345", "13", "14.567"});
  ASSERT_TRUE(v(table).doubt != nullptr) << all_notes(table);
  EXPECT_EQ(v(table).doubt->code(), "E0347");
  EXPECT_EQ(v(table).numbers, (Values{12.345, 13, 14.567}));
  EXPECT_EQ(v(column_of({"12.345", "13", "14.567"}, with("", "."))).numbers, (Values{12345, 13, 14567}));
  EXPECT_FALSE(v(column_of({"12.345", "13", "14.567"}, with("."))).doubt != nullptr);
}

TEST(ColumnStyle, ManyMoreRowsThanAreGlancedAtDecideToo) {
  std::vector<std::string> cells(30000, "17");
  cells[25000] = "1.200";
  cells[25001] = "2.500";
  EXPECT_EQ(v(column_of(cells)).numbers[25000], 1200);
  cells[25001] = "1.25";
  EXPECT_EQ(v(column_of(cells)).numbers[25000], 1.2);
  cells[25000] = "1,200";
  cells[25001] = "3";
  EXPECT_EQ(v(column_of(cells)).numbers[25000], 1200);
}

TEST(ColumnStyle, NearlyNumbersBecomeTextWithANoteOfShareLineAndCell) {
  std::vector<std::string> cells;
  for (int i = 0; i < 59; ++i) cells.push_back("$" + std::to_string(i) + ".50");
  cells.insert(cells.begin() + 6, "call us");
  const Table table = column_of(cells);
  EXPECT_EQ(v(table).type, ColumnType::categorical);
  EXPECT_TRUE(notes_have(table, "59 numbers (amounts in $) among 60 values, read as text (line 8 has \"call us\")")) << all_notes(table);
  ASSERT_TRUE(v(table).doubt != nullptr);
  EXPECT_EQ(v(table).doubt->code(), "E0349");
  EXPECT_EQ(v(table).doubt->where(), "t.csv line 8, column 1 (\"v\")");
  ReadOptions missing;
  missing.missing = {"call us"};
  EXPECT_EQ(v(column_of(cells, missing)).type, ColumnType::numeric);
  ReadOptions categorical;
  categorical.categorical = {"v"};
  EXPECT_FALSE(v(column_of(cells, categorical)).doubt != nullptr);
}

TEST(ColumnStyle, TwoUnitsOrTwoDecimalMarksAreNotOneStyle) {
  for (const std::vector<std::string>& cells : std::vector<std::vector<std::string>>{
           {"$5", "\xe2\x82\xac" "5", "$7", "$8", "$9"}, {"45%", "0.45", "46%", "47%", "48%"}, {"1,5", "1.5", "2,5", "3,5", "4,5"}, {"1\xc2\xb0" "C", "2\xc2\xb0" "C", "3", "4", "5"}}) {
    const Table table = column_of(cells);
    EXPECT_EQ(v(table).type, ColumnType::categorical) << cells[0];
    EXPECT_TRUE(v(table).doubt != nullptr) << cells[0];
  }
}

TEST(ColumnStyle, BracketsAloneAreNoMinus) {
  EXPECT_EQ(v(column_of({"(1)", "(2)", "(3)", "(1)", "(2)"})).type, ColumnType::categorical);
  ReadOptions numeric;
  numeric.numeric = {"v"};
  EXPECT_EQ(v(column_of({"(1)", "(2)"}, numeric)).numbers, (Values{-1, -2}));
}

TEST(ColumnStyle, NumericTakesAnyStyleAndNoText) {
  ReadOptions numeric;
  numeric.numeric = {"v"};
  EXPECT_EQ(v(column_of({"$5", "$1,000"}, numeric)).numbers, (Values{5, 1000}));
  const Error error = error_of([&] { column_of({"$5", "about $6"}, numeric); });
  EXPECT_EQ(error.code(), "E0301");
  EXPECT_EQ(error.where(), "t.csv line 3, column 1 (\"v\")");
}

TEST(ColumnStyle, ASlipAmongStyledNumbersIsAnError) {
  std::vector<std::string> cells(200, "1,5");
  cells.push_back("1.5.");
  const Error error = error_of([&] { column_of(cells); });
  EXPECT_EQ(error.code(), "E0301");
  EXPECT_NE(error.hint().find("decimal mark: comma"), std::string::npos) << error.hint();
  cells.back() = "1.500";
  EXPECT_EQ(v(column_of(cells)).numbers.back(), 1500);
}

TEST(ColumnStyle, DatesAreUnderstoodWhenTheColumnShowsTheOrder) {
  const std::pair<std::vector<std::string>, const char*> columns[] = {
      {{"01/02/2024", "02/13/2024", "03/04/2024"}, "mm/dd/yyyy"}, {{"01/02/2024", "13/02/2024", "03/04/2024"}, "dd/mm/yyyy"},
      {{"1/2/24", "2/13/24", "12/31/23"}, "mm/dd/yyyy"},          {{"01-02-2024", "13-02-2024"}, "dd-mm-yyyy"},
      {{"1.2.2024", "3.4.2024"}, "dd.mm.yyyy"},                   {{"Jan 2, 2024", "Feb 3, 2024"}, "mon dd yyyy"},
      {{"02-JAN-24", "03-FEB-24"}, "dd-mon-yyyy"},                {{"2024-01-01T10:00:00+02:00", "2024-01-02T10:00:00.250Z"}, "yyyy-mm-dd"}};
  for (const auto& [cells, name] : columns) {
    const Table table = column_of(cells);
    EXPECT_EQ(v(table).type, ColumnType::date) << cells[0];
    EXPECT_TRUE(notes_have(table, std::string("dates, ") + name)) << all_notes(table);
  }
  EXPECT_EQ(v(column_of({"2024-01-01T02:00:00+02:00", "2024-01-02"})).numbers, (Values{1704067200, 1704153600}));
  EXPECT_TRUE(notes_have(column_of({"2024-01-01T02:00:00+02:00", "2024-01-02 10:00"}), "1 time without offset: taken as UTC"));
}

TEST(ColumnStyle, OpenDatesStayTextUntilTheHintIsFollowed) {
  const std::vector<std::string> cells = {"01/02/2024", "03/04/2024", "05/06/2024"};
  const Table table = column_of(cells);
  EXPECT_EQ(v(table).type, ColumnType::categorical);
  ASSERT_TRUE(v(table).doubt != nullptr);
  EXPECT_EQ(v(table).doubt->code(), "E0348");
  EXPECT_TRUE(notes_have(table, "\"01/02/2024\" (line 2) may be 1 February 2024 or 2 January 2024")) << all_notes(table);
  EXPECT_TRUE(notes_have(table, "\"05/06/2024\" (line 4)"));
  EXPECT_EQ(v(column_of(cells, with("", "", "dmy"))).numbers[0], *parse_date("2024-02-01", {}));
  EXPECT_EQ(v(column_of(cells, with("", "", "mdy"))).numbers[0], *parse_date("2024-01-02", {}));
  EXPECT_EQ(v(column_of({"2024-01-02", "2024-01-03"}, with("", "", "mdy"))).type, ColumnType::date);
  EXPECT_EQ(v(column_of({"24-01-02", "24-01-30"}, with("", "", "ymd"))).numbers[0], *parse_date("2024-01-02", {}));
}

TEST(ColumnStyle, ShortYearsInFrontAreADoubtOrDecideThemselves) {
  const Table open = column_of({"24-01-15", "24-02-20"});
  ASSERT_TRUE(v(open).doubt != nullptr);
  EXPECT_EQ(v(open).doubt->code(), "E0348");
  EXPECT_EQ(v(open).doubt->hint(), "give --date-order dmy or --date-order ymd");
  EXPECT_NE(v(open).doubt->message().find("may be 24 January 2015 or 15 January 2024"), std::string::npos) << v(open).doubt->message();
  EXPECT_EQ(v(column_of({"24-01-15", "24-02-20"}, with("", "", "dmy"))).numbers[0], *parse_date("2015-01-24", {}));
  EXPECT_EQ(v(column_of({"24-01-15", "24-02-20"}, with("", "", "ymd"))).numbers[0], *parse_date("2024-01-15", {}));
  EXPECT_EQ(v(column_of({"24-01-15", "99-12-31"})).numbers[1], *parse_date("1999-12-31", {}));
  EXPECT_EQ(v(column_of({"25/12/23", "26/12/23"})).numbers[0], *parse_date("2023-12-25", {}));
}

TEST(ColumnStyle, CategoriesThatDifferInCaseAloneAreNoted) {
  EXPECT_TRUE(notes_have(column_of({"Yes", "no", "yes", "NO"}), "\"Yes\" and \"yes\" differ in case alone"));
  EXPECT_FALSE(notes_have(column_of({"red", "green", "red"}), "case"));
}

TEST(ColumnStyle, AGivenMarkIsTheStyleOfColumnsThatShowNone) {
  EXPECT_EQ(v(column_of({"5", "7"}, with("", ","))).style->number, (NumberStyle{'.', Grouping::mark, {}}));
  EXPECT_EQ(v(column_of({"5", "7"}, with(","))).style->number.decimal, ',');
  EXPECT_EQ(v(column_of({"5", "7"})).style->number, NumberStyle{});
}

TEST(ColumnStyle, AnUnknownUnitBehindNumbersIsNoted) {
  const Table table = column_of({"12 kg", "13 kg", "14.5 kg", "15kg", "16 kg", "x"});
  EXPECT_EQ(v(table).type, ColumnType::categorical);
  EXPECT_TRUE(notes_have(table, "5 of 6 values are numbers with \"kg\" behind them, as \"12 kg\" (line 2)")) << all_notes(table);
  EXPECT_EQ(v(column_of({"12", "13", "14.5", "15", "16"})).type, ColumnType::numeric) << "the hint";
  EXPECT_EQ(v(table).doubt->code(), "E0349");
  EXPECT_FALSE(notes_have(column_of({"A1", "A2", "A3", "A4", "A5"}), "behind them"));
}

TEST(ColumnStyle, NearlyDatesBecomeTextWithANote) {
  for (const std::string odd : {"2024-02-30", "0000-00-00", "NaT", "soon"}) {
    std::vector<std::string> cells(29, "2024-01-05");
    cells[20] = odd;
    const Table table = column_of(cells);
    EXPECT_EQ(v(table).type, ColumnType::categorical);
    EXPECT_TRUE(notes_have(table, "28 dates (yyyy-mm-dd) among 29 values, read as text (line 22 has \"" + odd + "\")")) << all_notes(table);
    ASSERT_TRUE(v(table).doubt != nullptr);
    EXPECT_EQ(v(table).doubt->hint(), "the other cells are dates (yyyy-mm-dd); correct the cell, or remove the row");
    EXPECT_TRUE(notes_have(table, "give --missing " + odd)) << all_notes(table);
    ReadOptions missing;
    missing.missing = {odd};
    EXPECT_EQ(v(column_of(cells, missing)).type, ColumnType::date);
  }
}

TEST(ColumnStyle, WholeNumbersThatLoseSomethingKeepTheirTextsAndAreNoted) {
  const Table zeros = column_of({"01", "1", "02"});
  EXPECT_EQ(v(zeros).type, ColumnType::numeric);
  EXPECT_EQ(v(zeros).levels, (std::vector<std::string>{"01", "1", "02"}));
  EXPECT_EQ(v(zeros).numbers, (Values{1, 1, 2}));
  EXPECT_EQ(v(zeros).text(0), "01");
  EXPECT_TRUE(notes_have(zeros, "\"01\" (line 2) loses its leading zeros")) << all_notes(zeros);
  EXPECT_TRUE(notes_have(zeros, "--categorical v"));
  const Table ids = column_of({"9007199254740992", "9007199254740993", "5"});
  EXPECT_EQ(v(ids).levels.size(), 3u);
  EXPECT_TRUE(notes_have(ids, "loses digits beyond 2^53")) << all_notes(ids);
  EXPECT_TRUE(v(column_of({"10", "1", "2"})).levels.empty());
  std::vector<std::string> far(3000, "1");
  far[2500] = "01";
  ReadOptions labels;
  labels.labels = {"v"};
  EXPECT_EQ(v(column_of(far, labels)).levels.size(), 2u) << "beyond what is glanced at";
}

TEST(ColumnStyle, HexadecimalIdentifiersAreText) {
  const Table table = column_of({"50060e8007123401", "50060e8007123402", "5006048007123403"});
  EXPECT_EQ(v(table).type, ColumnType::categorical);
  const Error error = error_of([] { column_of({"1", "inf"}); });
  EXPECT_EQ(error.code(), "E0309");
  EXPECT_NE(error.hint().find("--categorical v"), std::string::npos);
}

TEST(ColumnStyle, OptionsThatContradictThemselvesAreRefused) {
  EXPECT_EQ(error_of([] { column_of({"1"}, with(",", ",")); }).code(), "E0120");
  EXPECT_EQ(error_of([] { column_of({"1"}, with("", "x")); }).code(), "E0102");
  EXPECT_EQ(error_of([] { column_of({"1"}, with("", "", "ydm")); }).code(), "E0102");
  EXPECT_EQ(v(column_of({"1,070", "973"}, with("", "none"))).numbers, (Values{1.07, 973}));
}

}  // namespace
}  // namespace chainrule::data
