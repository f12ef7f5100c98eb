// Titles, comments, sep=, R's header, other encodings, and files that are no tables but are called by their names.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "chainrule/error.h"
#include "data/csv_reader.h"
#include "data/table.h"
#include "data/table_stream.h"

namespace chainrule::data::preamble_tests {
namespace {

Table read(const std::string& text, const ReadOptions& options = {}) { return read_csv_text(text, "t.csv", options); }

std::vector<std::string> names(const Table& table) {
  std::vector<std::string> all;
  for (const Column& column : table.columns) all.push_back(column.name);
  return all;
}
using Names = std::vector<std::string>;

Error error_of(const std::string& text, const ReadOptions& options = {}) {
  try {
    read(text, options);
  } catch (const Error& error) {
    return error;
  }
  return Error("none", "", "no error", "");
}

ReadOptions with(void (*change)(ReadOptions&)) {
  ReadOptions options;
  change(options);
  return options;
}

TEST(Preamble, SepLineNamesTheSeparator) {
  const Table table = read("sep=;\na;b,c\n1;2\n3;4\n");
  EXPECT_EQ(names(table), (Names{"a", "b,c"}));
  EXPECT_EQ(table.line(0), 3u);
  EXPECT_EQ(names(read("\"sep=|\"\r\na|b\r\n1|2\r\n")), (Names{"a", "b"}));
}

TEST(Preamble, CommentsInFrontAreSkippedUnlessTheyNameTheColumns) {
  const Table table = read("# made on a Monday\n# by hand\na,b\n1,2\n3,4\n");
  EXPECT_EQ(names(table), (Names{"a", "b"}));
  EXPECT_EQ(table.line(0), 4u);
  EXPECT_EQ(names(read("#id,b\n1,2\n3,4\n")), (Names{"#id", "b"}));
  EXPECT_EQ(names(read("#,name\n1,x\n2,y\n")), (Names{"#", "name"}));
  EXPECT_EQ(names(read("# from R\n#id,b\n1,2\n3,4\n")), (Names{"#id", "b"}));
}

TEST(Preamble, CommentsAnywhereAreSkippedWhenAskedFor) {
  const std::string text = "# one\na,b\n1,2\n#3,4\n\n5,6\n# end";
  const Error error = error_of("a,b\n1,2\n# a remark\n5,6\n");
  EXPECT_EQ(error.code(), "E0307");
  EXPECT_NE(error.hint().find("--comment '#'"), std::string::npos) << error.hint();
  const Table table = read(text, with([](ReadOptions& o) { o.comment = "#"; }));
  EXPECT_EQ(names(table), (Names{"a", "b"}));
  ASSERT_EQ(table.rows, 2u);
  EXPECT_EQ(table.line(1), 6u);
  EXPECT_EQ(table.columns[1].numbers[1], 6);
  EXPECT_EQ(error_of("a,b\n1,2\n", with([](ReadOptions& o) { o.comment = "x"; })).code(), "E0102");
}

TEST(Preamble, ATitleIsSkippedByTheOptionThatTheErrorNames) {
  const std::string text = "Sales of 2024\n\nregion,amount,year\nnorth,10,2024\nsouth,11,2024\n";
  const Error error = error_of(text);
  EXPECT_EQ(error.code(), "E0307");
  EXPECT_NE(error.hint().find("--skip 2"), std::string::npos) << error.hint();
  const Table table = read(text, with([](ReadOptions& o) { o.skip = 2; }));
  EXPECT_EQ(names(table), (Names{"region", "amount", "year"}));
  EXPECT_EQ(table.line(0), 4u);
  EXPECT_EQ(error_of("a\n1\n", with([](ReadOptions& o) { o.skip = 9; })).code(), "E0302");
}

TEST(Preamble, RsHeaderLacksTheNameOfTheRowNames) {
  const Table table = read("\"a\",\"b\"\n\"1\",5,x\n\"2\",6,y\n");
  EXPECT_EQ(names(table), (Names{"row.names", "a", "b"}));
  EXPECT_EQ(table.columns[1].numbers[1], 6);
  const Error title = error_of("Sales;;\n\nregion;amount;year;n\nnorth;10;2024;1\nsouth;11;2024;2\n");  // no names: a title in a spreadsheet
  EXPECT_EQ(title.code(), "E0307");
  EXPECT_NE(title.hint().find("--skip 2"), std::string::npos) << title.hint();
  EXPECT_EQ(error_of("a,b\n1,2,\n3,4,\n").code(), "E0307");  // a separator too many at each line's end
}

TEST(Preamble, TwoByteOrderMarksAreSkipped) { EXPECT_EQ(names(read("\xef\xbb\xbf\xef\xbb\xbf" "a,b\n1,2\n")), (Names{"a", "b"})); }

TEST(Preamble, AMarkThatSplitsIntoMoreFieldsWins) {
  EXPECT_EQ(names(read("a,b,c|x,d\n1,2,3|4,5\n6,7,8|9,1\n")), (Names{"a", "b", "c|x", "d"}));
  EXPECT_EQ(read("1,5;2,5\n3,5;4,5\n").width(), 2u);
}

struct EncodedFile : testing::Test {
  const std::string path = testing::TempDir() + "chainrule_encoded.csv";
  void write(const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }
  void TearDown() override { std::remove(path.c_str()); }

  /// As a whole, and in parts as prediction reads.
  std::vector<std::string> levels(const ReadOptions& options = {}) {
    const Table whole = read_table(path, options);
    TableStream stream(path, options, {[](const Table& header) { return std::vector<ColumnReading>(header.columns.size(), {ColumnUse::texts}); }, {}});
    const std::optional<Table> part = stream.next();
    EXPECT_TRUE(part && part->columns[0].levels == whole.columns[0].levels);
    return whole.columns[0].levels;
  }
};

TEST_F(EncodedFile, LatinAndUtf16AreReadWhenNamedOrMarked) {
  write("city,n\nK\xf6ln,1\nBonn,2\n");
  EXPECT_THROW(levels(), Error);
  EXPECT_EQ(levels(with([](ReadOptions& o) { o.encoding = "latin-1"; })), (Names{"K\xc3\xb6ln", "Bonn"}));
  write("city,n\n\x80uro,1\nBonn,2\n");
  EXPECT_EQ(levels(with([](ReadOptions& o) { o.encoding = "windows-1252"; })), (Names{"\xe2\x82\xacuro", "Bonn"}));
  std::string wide("\xff\xfe", 2);
  for (const char c : std::string("city,n\nKln,1\nBonn,2\n")) wide += std::string{c, '\0'};
  write(wide);
  EXPECT_EQ(levels(), (Names{"Kln", "Bonn"}));
  write(wide.substr(2));
  EXPECT_EQ(levels(with([](ReadOptions& o) { o.encoding = "utf-16le"; })), (Names{"Kln", "Bonn"}));
}

TEST_F(EncodedFile, UnknownNamesAndBytesOfAnotherEncodingAreErrors) {
  write("city,n\nK\xf6ln,1\n");
  for (const char* const name : {"klingon", "../x", "latin-1//TRANSLIT"}) {
    ReadOptions options;
    options.encoding = name;
    try {
      levels(options);
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), "E0102") << name;
    }
  }
  try {
    levels(with([](ReadOptions& o) { o.encoding = "utf-16"; }));
    FAIL();
  } catch (const Error& error) {
    EXPECT_TRUE(error.code() == "E0306" || error.code() == "E0302" || error.code() == "E0303") << error.what();
  }
}

TEST_F(EncodedFile, ATextOfManyPiecesIsDecodedAcrossThem) {
  std::string bytes = "city,n\n";
  while (bytes.size() < (std::size_t{9} << 20)) bytes += "K\xf6ln,1\nBonn,2\n";
  write(bytes);
  EXPECT_EQ(levels(with([](ReadOptions& o) { o.encoding = "latin-1"; })), (Names{"K\xc3\xb6ln", "Bonn"}));
}

TEST_F(EncodedFile, WhatIsNoTableIsCalledByItsName) {
  using namespace std::string_literals;
  const std::pair<std::string, const char*> cases[] = {
      {"{\"a\": 1}\n{\"a\": 2}\n", "JSON"},
      {"[{\"a\": 1}, {\"a\": 2}]\n", "JSON"},
      {"% a comment\n@RELATION iris\n@attribute a numeric\n@data\n1\n", "ARFF"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS"},
      {"<!DOCTYPE html>\n<html><body>404</body></html>\n", "web page"},
      {"\x80\x04\x95\x10\0\0\0"s, "pickle"},
      {"\x40\0\0\0\0\0\0\0{\"a\":{}}"s, "model"},
      {"Obj\x01....", "Avro"},
  };
  for (const auto& [bytes, name] : cases) {
    write(bytes);
    try {
      levels();
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), "E0318") << error.what();
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace chainrule::data::preamble_tests
