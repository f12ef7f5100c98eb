// Bad CSV text: each fault gives its code, its place and a hint.
#include <gtest/gtest.h>

#include <string>

#include "chainrule/error.h"
#include "data/table.h"
#include "testing/error_of.h"

namespace chainrule::data {
namespace {

struct Case {
  const char* name;
  std::string text;
  ReadOptions options;
  const char* code;
  const char* where;
  const char* message;  ///< part of it
};

ReadOptions options(void (*set)(ReadOptions&)) {
  ReadOptions result;
  set(result);
  return result;
}

std::string numbers(int count) {
  std::string text = "id,area\n";
  for (int i = 0; i < count; ++i) text += std::to_string(i) + "," + std::to_string(i % 7) + ".5\n";
  return text;
}

const std::string kNul("a,b\n1,2\n3,\0\n", 11);
const std::string kWideMarked("\xff\xfe" "a\0,\0b\0\n\0", 10);
const std::string kWide("a\0,\0b\0\n\0" "1\0,\0" "2\0\n\0", 16);

std::vector<Case> cases() {
  return {
      {"empty", "", {}, "E0302", "t.csv", "empty"},
      {"blank lines only", "\n  \n\r\n", {}, "E0302", "t.csv", "empty"},
      {"byte order mark only", "\xef\xbb\xbf", {}, "E0302", "t.csv", "empty"},
      {"header only", "alpha,beta\n", {}, "E0303", "t.csv", "header"},
      {"header only, given", "1,2\n", options([](ReadOptions& o) { o.header = true; }), "E0303", "t.csv", "header"},
      {"NUL", kNul, {}, "E0304", "t.csv line 3, byte 3", "NUL"},
      {"UTF-16", kWideMarked, {}, "E0305", "t.csv", "UTF-16"},
      {"UTF-16 without mark", kWide, {}, "E0305", "t.csv", "UTF-16"},
      {"UTF-32", std::string("\xff\xfe\0\0a\0\0\0", 8), {}, "E0305", "t.csv", "UTF-32"},
      {"Latin-1", "a,b\n1,M\xfcller\n", {}, "E0306", "t.csv line 2, byte 4", "UTF-8"},
      {"overlong UTF-8", "a,b\n1,\xc0\xaf\n", {}, "E0306", "t.csv line 2, byte 3", "UTF-8"},
      {"surrogate", "a\n\xed\xa0\x80\n", {}, "E0306", "t.csv line 2, byte 1", "UTF-8"},
      {"short row", "a,b,c\n1,2,3\n4,5\n6,7,8\n", {}, "E0307", "t.csv line 3", "found 2 fields, expected 3 as in line 1"},
      {"long row", "a,b\n1,2\n\n4,5,6\n", {}, "E0307", "t.csv line 4", "found 3 fields, expected 2"},
      {"unclosed quote", "a,b\n1,\"x\ny\"\n2,\"z\n3,w\n", {}, "E0308", "t.csv line 4", "never closed"},
      {"text behind a quote", "a,b\n1,\"x\"y\n", {}, "E0316", "t.csv line 2", "opened in line 2"},
      {"1e999", "a,b\n1,2\n3,1e999\n", {}, "E0309", "t.csv line 3, column 1 (\"b\")", "\"1e999\""},
      {"1e999 first", "a,b\n1,-1e999\n3,4\n", {}, "E0309", "t.csv line 2, column 1 (\"b\")", "\"-1e999\""},
      {"inf", "a\n1\ninf\n", {}, "E0309", "t.csv line 3, column 0 (\"a\")", "\"inf\""},
      {"a text among numbers", numbers(400) + "400,\"12,5\"\n", {}, "E0301", "t.csv line 402, column 1 (\"area\")",
       "cannot read \"12,5\" as a number"},
      {"a text before numbers", "id,area\n0,12x\n" + numbers(400).substr(8), {}, "E0301", "t.csv line 2, column 1 (\"area\")", "\"12x\""},
      {"without header", numbers(400).substr(8) + "400,bad\n", {}, "E0301", "t.csv line 401, column 1", "\"bad\""},
      {"forced numeric", "a,b\n1,2\n3,x\n", options([](ReadOptions& o) { o.numeric = {"b"}; }), "E0301", "t.csv line 3, column 1 (\"b\")", "\"x\""},
      {"nan when markers are given", "a,b\n1,2\n3,nan\n", options([](ReadOptions& o) { o.missing = {"only:?"}; o.numeric = {"b"}; }), "E0301",
       "t.csv line 3, column 1 (\"b\")", "\"nan\""},
      {"unknown column dropped", "area,b\n1,2\n", options([](ReadOptions& o) { o.drop = {"aera"}; }), "E0310", "t.csv", "\"aera\""},
      {"unknown number", "area,b\n1,2\n", options([](ReadOptions& o) { o.numeric = {"2"}; }), "E0310", "t.csv", "\"2\""},
      {"huge number of a column", "area,b\n1,2\n", options([](ReadOptions& o) { o.numeric = {"99999999999999999999999"}; }), "E0310", "t.csv", "999"},
      {"everything dropped", "a,b\n1,2\n", options([](ReadOptions& o) { o.drop = {"a", "b"}; }), "E0314", "t.csv", "dropped"},
      {"header and no header", "a\n1\n", options([](ReadOptions& o) { o.header = o.no_header = true; }), "E0120", "header, no-header", "exclude"},
      {"numeric and categorical", "a\n1\n", options([](ReadOptions& o) { o.numeric = o.categorical = {"a"}; }), "E0120", "categorical, numeric", "\"a\""},
      {"letter as separator", "a\n1\n", options([](ReadOptions& o) { o.separator = "x"; }), "E0102", "separator", "\"x\""},
      {"decimal mark x", "a\n1\n", options([](ReadOptions& o) { o.decimal = "x"; }), "E0102", "decimal", "\"x\""},
  };
}

TEST(CsvErrors, EachFaultNamesCodePlaceAndHint) {
  for (const Case& c : cases()) {
    const Error error = error_of([&] { read_csv_text(c.text, "t.csv", c.options); });
    EXPECT_EQ(error.code(), c.code) << c.name << ": " << error.what();
    EXPECT_EQ(error.where(), c.where) << c.name << ": " << error.what();
    EXPECT_NE(error.message().find(c.message), std::string::npos) << c.name << ": " << error.what();
    EXPECT_FALSE(error.hint().empty()) << c.name;
    EXPECT_FALSE(explain_error(error.code()).empty()) << c.name;
  }
}

TEST(CsvErrors, TheHintOfAnUnknownColumnNamesTheNearest) {
  const Error error = error_of([] { read_csv_text("area,b\n1,2\n", "t.csv", options([](ReadOptions& o) { o.drop = {"aera"}; })); });
  EXPECT_NE(error.code(), "none");
  EXPECT_NE(error.hint().find("\"area\""), std::string::npos);
}

TEST(CsvErrors, AWrongTypeInRow400000NamesTheLine) {
  std::string text = "a,b\n";
  for (int i = 0; i < 400000; ++i) text += "1,2\n";
  text += "1,oops\n2,3\n";
  const Error error = error_of([&] { read_csv_text(text, "t.csv", {}); });
  EXPECT_NE(error.code(), "none");
  EXPECT_EQ(error.where(), "t.csv line 400002, column 1 (\"b\")");
  EXPECT_NE(error.hint().find("--categorical b"), std::string::npos);
  EXPECT_NE(error.hint().find("--missing"), std::string::npos);
}

TEST(CsvErrors, ABadDateAmongDatesIsASlipToo) {
  std::string text = "d\n";
  for (int i = 0; i < 200; ++i) text += "2024-01-1" + std::to_string(i % 10) + "\n";
  const Error error = error_of([&] { read_csv_text(text + "2024-02-30\n", "t.csv", {}); });
  EXPECT_EQ(error.code(), "E0301");
  EXPECT_EQ(error.where(), "t.csv line 202, column 0 (\"d\")");
  EXPECT_NE(error.message().find("as a date"), std::string::npos);
}

TEST(CsvErrors, BelowNinetyNinePercentNumbersAreText) {
  std::string text = "a\n";
  for (int i = 0; i < 98; ++i) text += std::to_string(i) + "\n";
  EXPECT_EQ(read_csv_text(text + "x\n", "t.csv", {}).columns[0].type, ColumnType::categorical);
  EXPECT_THROW(read_csv_text(text + "98\nx\n", "t.csv", {}), Error);
}

}  // namespace
}  // namespace chainrule::data
