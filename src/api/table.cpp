// Tables for people outside: a shared, immutable data::Table.
#include "chainrule/table.h"

#include "api/call_checks.h"
#include "data/describe.h"
#include "data/table.h"

namespace chainrule {
namespace {

Table shared(data::Table table) { return Table(std::make_shared<const data::Table>(std::move(table))); }

}  // namespace

Table Table::read(const std::string& path, const ReadOptions& options) {
  return shared(data::read_table(path, options));
}
Table Table::read_test_part(const std::string& folder) { return shared(data::read_idx_test_part(folder)); }
bool Table::has_test_part(const std::string& path) { return data::has_idx_test_part(path); }

Table Table::from_matrix(const double* values, std::size_t rows, std::vector<std::string> names) {
  if (rows == 0 || names.empty()) api::refuse_argument("from_matrix", rows == 0 ? "rows" : "names", "is empty", "a table has rows and columns");
  if (values == nullptr) api::refuse_argument("from_matrix", "values", "is null", "it is [rows, names]");
  return shared(data::table_from_matrix(values, rows, std::move(names)));
}

const data::Table& Table::data() const { return api::held(table_, "Table"); }
std::size_t Table::rows() const { return data().rows; }
std::vector<ColumnInfo> Table::columns() const { return data::column_infos(data()); }
const std::vector<std::string>& Table::notes() const { return data().notes; }

Description describe(const Table& table) { return data::describe_table(table.data()); }

}  // namespace chainrule
