// CSV text as people write it: separators, quotes, headers, line ends, types and notes.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "chainrule/error.h"
#include "data/csv_reader.h"
#include "data/table.h"

namespace chainrule::data {
namespace {

Table read(const std::string& text, const ReadOptions& options = {}) { return read_csv_text(text, "t.csv", options); }

ReadOptions with_separator(const std::string& separator) {
  ReadOptions options;
  options.separator = separator;
  return options;
}

std::vector<std::vector<std::string>> texts(const Table& table) {
  std::vector<std::vector<std::string>> rows(table.rows);
  for (std::size_t r = 0; r < table.rows; ++r) {
    for (const Column& column : table.columns) rows[r].push_back(column.text(r));
  }
  return rows;
}

std::vector<std::string> names(const Table& table) {
  std::vector<std::string> list;
  for (const Column& column : table.columns) list.push_back(column.name);
  return list;
}

bool has_note(const Table& table, const std::string& part) {
  for (const std::string& note : table.notes) {
    if (note.find(part) != std::string::npos) return true;
  }
  return false;
}

using Row = std::vector<std::string>;

TEST(Csv, EverySeparatorIsDetectedAndGivesTheSameTable) {
  const std::vector<std::vector<std::string>> expected = {{"1", "2.5", "red"}, {"-3", "400", "green"}, {"5", "", "red"}};
  for (std::string separator : {",", ";", "\t", "|", " "}) {
    std::string text;
    for (const Row& row : std::vector<Row>{{"a", "b", "c"}, {"1", "2.5", "red"}, {"-3", "4e2", "green"}, {"5", "NA", "red"}}) {
      text += row[0] + separator + row[1] + separator + row[2] + "\n";
    }
    const Table table = read(text);
    EXPECT_EQ(names(table), (Row{"a", "b", "c"})) << separator;
    EXPECT_EQ(texts(table), expected) << separator;
    EXPECT_EQ(texts(read(text, with_separator(separator))), expected) << separator;
    EXPECT_EQ(table.columns[0].type, ColumnType::numeric);
    EXPECT_TRUE(table.columns[0].integers);
    EXPECT_FALSE(table.columns[1].integers);
    EXPECT_EQ(table.columns[2].type, ColumnType::categorical);
    EXPECT_EQ(table.line(0), 2u);
    EXPECT_TRUE(has_note(table, "separator: "));
    EXPECT_TRUE(has_note(table, "\"NA\" (1 cell)"));
  }
}

TEST(Csv, RunsOfBlanksAndBlanksAtTheEndsSeparateNothing) {
  const Table table = read("  1.5   2e-3\t4 \n    -1    +2   .5\n");
  ASSERT_EQ(table.rows, 2u);
  ASSERT_EQ(table.columns.size(), 3u);
  EXPECT_EQ(table.columns[1].numbers, (std::vector<double>{2e-3, 2}));
  EXPECT_EQ(names(table), (Row{"0", "1", "2"}));
}

TEST(Csv, BlanksAroundUnquotedFieldsGoAndInsideQuotesStay) {
  const Table table = read("a, b ,c\n x y , 2,\" z \"\nw,3 , \"v\" \n");
  EXPECT_EQ(names(table), (Row{"a", "b", "c"}));
  EXPECT_EQ(texts(table), (std::vector<Row>{{"x y", "2", " z "}, {"w", "3", "v"}}));
}

TEST(Csv, QuotesHoldSeparatorsLineEndsAndDoubledQuotes) {
  const Table table = read("\"a,1\",\"b \"\"c\"\"\"\n\"x\ny\",1\n\"\",2\n\"say \"\"hi\"\"\",3\n");
  EXPECT_EQ(names(table), (Row{"a,1", "b \"c\""}));
  EXPECT_EQ(texts(table), (std::vector<Row>{{"x\ny", "1"}, {"", "2"}, {"say \"hi\"", "3"}}));
  EXPECT_EQ(table.line(0), 2u);
  EXPECT_EQ(table.line(1), 4u);
  EXPECT_EQ(table.line(2), 5u);
}

TEST(Csv, AQuoteInsideAFieldIsAPlainCharacter) {
  EXPECT_EQ(texts(read("size,n\n5\" pipe,1\n6\" pipe,2\n"))[0][0], "5\" pipe");
}

// Writes rows with RFC 4180 quoting at random places and reads them back.
TEST(Csv, RandomTextsSurviveQuotingAndReading) {
  std::mt19937 random(7);
  const std::vector<std::string> pieces = {"a", "\"", ",", "\n", " ", "\xc3\xa4", "\r\n", "1", "'", ";", "x y", "\t"};
  for (int round = 0; round < 200; ++round) {
    std::vector<Row> rows(1 + random() % 6, Row(1 + random() % 4));
    for (std::size_t c = 1; c < rows[0].size(); ++c) {
      for (Row& row : rows) row.resize(rows[0].size());
    }
    std::string text;
    for (std::size_t r = 0; r < rows.size(); ++r) {
      rows[r].resize(rows[0].size());
      for (std::size_t c = 0; c < rows[r].size(); ++c) {
        std::string cell = "t";
        for (std::size_t i = random() % 6; i > 0; --i) cell += pieces[random() % pieces.size()];
        rows[r][c] = cell;
        std::string quoted = "\"";
        for (char ch : cell) quoted += ch == '"' ? "\"\"" : std::string(1, ch);
        text += (c == 0 ? "" : ",") + quoted + "\"";
      }
      text += random() % 2 == 0 ? "\n" : "\r\n";
    }
    ReadOptions options = with_separator(",");
    options.no_header = true;
    EXPECT_EQ(texts(read(text, options)), rows) << text;
  }
}

TEST(Csv, LineEndsAndByteOrderMarkDoNotChangeTheTable) {
  const std::string plain = "a,b,c\n1,x,2024-01-02\n2,\"y\",2024-01-03\n\n3,z,\n";
  const auto expected = texts(read(plain));
  for (std::string end : {"\n", "\r\n", "\r"}) {
    for (std::string mark : {"", "\xef\xbb\xbf"}) {
      std::string text = mark;
      for (char c : plain) text += c == '\n' ? end : std::string(1, c);
      const Table table = read(text);
      EXPECT_EQ(texts(table), expected);
      EXPECT_EQ(names(table), (Row{"a", "b", "c"}));
      EXPECT_EQ(table.line(2), 5u);  // behind the blank line
      EXPECT_TRUE(has_note(table, "blank lines: 1"));
      EXPECT_EQ(has_note(table, "byte order mark"), !mark.empty());
    }
  }
  EXPECT_EQ(texts(read(plain.substr(0, plain.size() - 1))), expected) << "no line end at the end";
}

TEST(Csv, HeaderIsDetectedByWordsAboveNumbers) {
  EXPECT_TRUE(read("a,b\n1,2\n").has_header);
  EXPECT_FALSE(read("1,2\n3,4\n").has_header);
  EXPECT_FALSE(read("x,2\ny,4\n").has_header);
  EXPECT_TRUE(read("cap,colour\nx,s\nb,s\nx,y\n").has_header) << "words that never return as values";
  EXPECT_FALSE(read("x,s\nb,s\nx,y\n").has_header) << "values that return below";
  EXPECT_TRUE(read("?,b\n1,c\n").has_header) << "a missing marker vetoes nothing";
  EXPECT_TRUE(read(",b\n1,2\n").has_header) << "a nameless index column";
  ReadOptions given;
  given.header = true;
  EXPECT_EQ(names(read("1,2\n3,4\n", given)), (Row{"1", "2"}));
  given.header = false;
  given.no_header = true;
  EXPECT_EQ(read("a,b\nc,d\n", given).rows, 2u);
}

TEST(Csv, EmptyAndRepeatedNamesGetNamesOfTheirOwn) {
  const Table table = read("a,,a,a.2,a\n1,2,3,4,5\n");
  EXPECT_EQ(names(table), (Row{"a", "column_1", "a.2.2", "a.2", "a.4"}));
  EXPECT_TRUE(has_note(table, "column 2: the name \"a\" again"));
}

TEST(Csv, DecimalCommaIsDetectedOrGiven) {
  const Table table = read("a;b\n1,5;2\n-3,25;4\n7;5\n");
  EXPECT_EQ(table.columns[0].numbers, (std::vector<double>{1.5, -3.25, 7}));
  EXPECT_TRUE(has_note(table, "decimal mark: comma (detected)"));
  ReadOptions options;
  options.decimal = ".";
  EXPECT_EQ(read("a;b\n1,5;2\n-3,25;4\n", options).columns[0].type, ColumnType::categorical);
  options.decimal = ",";
  EXPECT_EQ(read("a;b\n1,5;2\n7;4\n9;1\n", options).columns[0].numbers[0], 1.5);
}

TEST(Csv, MissingMarkersAreTheUsualOnesOrThoseGiven) {
  const std::string text = "a,b\n1,x\nNA,N/A\nnan,null\n?,NULL\n-,None\n.,NaN\n,\n2,y\n";
  const Table table = read(text);
  EXPECT_EQ(table.columns[0].type, ColumnType::numeric);
  for (std::size_t r = 1; r <= 6; ++r) {
    EXPECT_TRUE(table.columns[0].missing(r)) << r;
    EXPECT_TRUE(table.columns[1].missing(r)) << r;
  }
  ReadOptions options;
  const std::string more = "a,b\n1,x\n999,y\n3,NA\n,z\n";
  options.missing = {"999", "x"};
  EXPECT_EQ(texts(read(more, options)), (std::vector<Row>{{"1", ""}, {"", "y"}, {"3", ""}, {"", "z"}})) << "they are added";
  options.missing = {"only:999", "x"};
  EXPECT_EQ(texts(read(more, options)), (std::vector<Row>{{"1", ""}, {"", "y"}, {"3", "NA"}, {"", "z"}})) << "they take the others' place";
  options.missing = {"only:"};
  EXPECT_EQ(texts(read(more, options)), (std::vector<Row>{{"1", "x"}, {"999", "y"}, {"3", "NA"}, {"", "z"}})) << "the empty cell alone";
}

// A first line longer than what a dialect is judged by otherwise (4 MB); as a name is there twice only the numbers below tell what it is.
TEST(Csv, AHeaderOfMegabytesIsAHeader) {
  std::string names, numbers;
  for (int c = 0; c < 50; ++c) {
    names += (c > 0 ? "," : "") + std::string(100000, 'n');
    numbers += (c > 0 ? "," : "") + std::to_string(c);
  }
  const Table table = read(names + "\n" + numbers + "\n");
  EXPECT_TRUE(table.has_header);
  EXPECT_EQ(table.rows, 1u);
  EXPECT_EQ(table.columns[3].type, ColumnType::numeric);
}

TEST(Csv, WhatIsReadInPartsIsNotJudgedByOneLine) {
  const ReadOptions options;
  CsvReader reader("t.csv", options);
  EXPECT_FALSE(reader.open("a,b\n1,", false).has_value());
  CsvReader second("t.csv", options);
  EXPECT_EQ(second.open("a,b\n1,2\n3", false), 4u);
}

TEST(Csv, BooleansDatesAndMixturesAreTyped) {
  const Table table = read("flag,day,code,yes\nTrue,2024-02-29,7,y\nFalse,2023-03-01 12:00,7b,n\nTrue,,8,y\n");
  EXPECT_TRUE(table.columns[0].boolean);
  EXPECT_TRUE(table.columns[3].boolean);
  EXPECT_EQ(table.columns[1].type, ColumnType::date);
  EXPECT_EQ(table.columns[1].numbers[0], 1709164800.0);
  EXPECT_EQ(table.columns[1].numbers[1], 1677672000.0);
  EXPECT_TRUE(std::isnan(table.columns[1].numbers[2]));
  EXPECT_EQ(table.columns[2].levels, (Row{"7", "7b", "8"}));
  EXPECT_TRUE(has_note(table, "dates, yyyy-mm-dd"));
  EXPECT_TRUE(has_note(table, "2 numbers among 3 values, read as text (line 3 has \"7b\")"));
}

TEST(Csv, LevelsKeepTheTextOfTheFile) {
  ReadOptions options;
  options.categorical = {"zip", "2"};
  const Table table = read("zip,n,d\n01234,1,2024-01-01\n1234,2,2024-01-01\n", options);
  EXPECT_EQ(table.columns[0].levels, (Row{"01234", "1234"}));
  EXPECT_EQ(table.columns[2].type, ColumnType::categorical) << "named by number, dates stay text";
}

TEST(Csv, DroppedColumnsKeepTheNumbersOfTheOthers) {
  ReadOptions options;
  options.drop = {"a", "2"};
  const Table table = read("a,b,c,d\n1,2,3,4\n", options);
  EXPECT_EQ(names(table), (Row{"b", "d"}));
  EXPECT_EQ(table.find_column("3"), 1u);
  EXPECT_EQ(table.find_column("d"), 1u);
  EXPECT_EQ(table.width(), 2u);
}

TEST(Csv, AColumnWithoutValuesIsEmptyAndNumeric) {
  const Table table = read("a,b\n1,\n2,NA\n");
  EXPECT_EQ(table.columns[1].type, ColumnType::numeric);
  EXPECT_TRUE(table.columns[1].missing(0) && table.columns[1].missing(1));
}

TEST(Csv, OneColumnNeedsNoSeparator) {
  const Table table = read("x\n1\n2\n3\n");
  EXPECT_EQ(table.columns.size(), 1u);
  EXPECT_EQ(table.rows, 3u);
}

TEST(Csv, AHundredThousandColumnsAndAHugeFieldAreRead) {
  std::string text;
  for (int row = 0; row < 3; ++row) {
    for (int c = 0; c < 100000; ++c) text += (c == 0 ? "" : ",") + std::to_string(c * row);
    text += "\n";
  }
  const Table wide = read(text);
  EXPECT_EQ(wide.columns.size(), 100000u);
  EXPECT_EQ(wide.columns[99999].numbers[2], 199998);
  const Table huge = read("a,b\n1,\"" + std::string(20000000, 'x') + "\"\n2,y\n");
  EXPECT_EQ(huge.columns[1].levels[0].size(), 20000000u);
}

}  // namespace
}  // namespace chainrule::data
