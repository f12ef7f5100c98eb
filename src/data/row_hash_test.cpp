// Rows are compared by what is in their cells, within a table and between tables.
#include "data/row_hash.h"

#include <gtest/gtest.h>

#include <numeric>

namespace chainrule::data {
namespace {

std::size_t also_in(const std::string& text, const std::string& other) {
  const Table a = read_csv_text(text, "a.csv", {}), b = read_csv_text(other, "b.csv", {});
  std::vector<std::uint32_t> rows(b.rows);
  std::iota(rows.begin(), rows.end(), 0u);
  return count_rows_also_in(a, b, rows);
}

TEST(RowHash, LevelsAreComparedByTheirTextAcrossTables) {
  const std::string first = "x,colour\n1,red\n2,green\n3,blue\n4,red\n";
  EXPECT_EQ(also_in("x,colour\n3,blue\n2,green\n9,green\n1,green\n", first), 2u);
}

TEST(RowHash, ColumnsAreFoundByName) {
  EXPECT_EQ(also_in("colour,x\ngreen,2.0\nred,7\nblue,3\n", "x,colour\n1,red\n2,green\n3,blue\n"), 2u);
  EXPECT_EQ(also_in("colour,z\ngreen,2\nred,7\n", "x,colour\n2,green\n7,red\n"), 0u) << "x is not there";
}

TEST(RowHash, MissingCellsEqualEachOther) {
  EXPECT_EQ(also_in("x,w\n,a\n2,\n5,b\n", "x,w\n,a\n1,b\n2,\n"), 2u);
}

}  // namespace
}  // namespace chainrule::data
