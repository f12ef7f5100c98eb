// Which first lines name the columns: one odd name vetoes nothing, and what is a toss-up is said.
#include <gtest/gtest.h>

#include <string>

#include "chainrule/error.h"
#include "data/header_line.h"
#include "data/table.h"

namespace chainrule::data::header_tests {
namespace {

struct Case {
  const char* text;
  bool header, said;
};

bool has_doubt(const Table& table) {
  for (const std::string& note : table.notes) {
    if (note.starts_with("warning: header:")) return true;
  }
  return false;
}

TEST(HeaderLine, IsToldByAllColumnsTogether) {
  const Case cases[] = {
      {"area,2,price\n1.5,3,10\n2.5,4,20\n", true, true},                 // one numeric name among words
      {"area,NA,price\n1.5,3,10\n2.5,4,20\n", true, false},               // a marker as a name
      {"area,?,-,price\n1.5,3,1,10\n2.5,4,1,20\n", true, false},
      {"city,2019,2020,2021\nBonn,10,20,30\nUlm,11,21,31\n", true, true}, // years
      {"0,1,2,3\n5.1,3.5,1.4,0.2\n4.9,3.0,1.4,0.2\n", true, false},       // pandas without names, above fractions
      {"0,1,2,3\n5,3,1,2\n4,3,1,2\n", true, true},                        // above whole numbers it is a guess
      {"10,20,30\n1.5,2.5,3.5\n1.25,2.25,3.25\n", true, true},
      {"a,b,,,\nx,y,,,\nz,w,,,\n", true, false},                          // names missing at the end
      {"id,name,\n1,Bonn,x\n2,Ulm,y\n", true, false},
      {"2020-01-01,2020-02-01,2020-03-01\n1.5,2.5,3.5\n1,2,3\n", true, false},  // dates above numbers
      {"5.1,3.5,1.4,setosa\n4.9,3.0,1.4,setosa\n", false, false},
      {"5.1,n.a.,1.4,setosa\n4.9,3.0,1.4,virginica\n", false, false},     // a stray word in the first row
      {"5.1,abc,1.4,setosa\n4.9,3.0,1.4,virginica\n", false, true},
      {"0,1\n1,0\n1,1\n", false, true},                                   // XOR, or two columns called 0 and 1
      {"1,2\n3,4\n", false, false},
      {"3,1,2\n4,5,6\n", false, false},
      {"2020-01-01,1.5\n2020-01-02,2.5\n", false, false},
      {"$12.00,red\n$13.50,blue\n", false, false},
      {"NA,NA\n1,2\n", false, false},
  };
  for (const Case& c : cases) {
    const Table table = read_csv_text(c.text, "t.csv", {});
    EXPECT_EQ(table.has_header, c.header) << c.text;
    EXPECT_EQ(has_doubt(table), c.said) << c.text;
  }
}

TEST(HeaderLine, AnErrorThatAWrongGuessCanLeadToOffersTheOtherReading) {
  std::string numbers;
  for (int i = 0; i < 150; ++i) numbers += std::to_string(i % 7) + ".5,3\n";
  ReadOptions none;
  none.no_header = true;
  const auto error_of = [](const std::string& text, const ReadOptions& options) {
    try {
      read_csv_text(text, "t.csv", options);
    } catch (const Error& error) {
      return error;
    }
    return Error("none", "", "no error", "");
  };
  const Error slip = error_of("width,count\n" + numbers, none);
  EXPECT_EQ(slip.code(), "E0301");
  EXPECT_NE(slip.hint().find("leave out --no-header"), std::string::npos) << slip.hint();
  EXPECT_NE(slip.hint().find("width,count"), std::string::npos) << slip.hint();
  const Error later = error_of("1.5,3\n" + numbers + "oops,3\n", none);
  EXPECT_EQ(later.hint().find("header"), std::string::npos) << later.hint();
  ReadOptions given;
  given.header = true;
  const Error empty = error_of("1.5,3\n", given);
  EXPECT_EQ(empty.code(), "E0303");
  EXPECT_NE(empty.hint().find("--no-header"), std::string::npos) << empty.hint();
  EXPECT_EQ(read_csv_text("1.5,3\n", "t.csv", none).rows, 1u);  // the hint's cure
}

}  // namespace
}  // namespace chainrule::data::header_tests
