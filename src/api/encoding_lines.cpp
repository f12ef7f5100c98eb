// How columns became inputs, in a line for each kind of column.
#include "api/encoding_lines.h"

#include <functional>

namespace chainrule::api {
namespace {

using features::ColumnState;

constexpr std::size_t kNamed = 8;  // columns named in a line; the others are counted

/// "area, rooms and 12 more", each with what `detail` says of it; "" without any.
std::string listed(const std::vector<ColumnState>& columns, const std::function<bool(const ColumnState&)>& wanted,
                   const std::function<std::string(const ColumnState&)>& detail = {}) {
  std::string text;
  std::size_t count = 0;
  for (const ColumnState& column : columns) {
    if (!wanted(column) || ++count > kNamed) continue;
    text += (text.empty() ? "" : ", ") + ("\"" + column.name + "\"") + (detail ? detail(column) : "");
  }
  return text + (count > kNamed ? " and " + std::to_string(count - kNamed) + " more" : "");
}

bool is_numeric(const ColumnState& column) { return column.type == data::ColumnType::numeric; }
bool is_date(const ColumnState& column) { return column.type == data::ColumnType::date; }
bool is_category(const ColumnState& column) { return column.type == data::ColumnType::categorical; }

std::string inputs_text(const ColumnState& column) {
  return " (" + std::to_string(column.inputs) + (column.inputs == 1 ? " input" : " inputs") + (column.other ? ", rare ones together" : "") + ")";
}

std::string parts_text(const ColumnState& column) {
  std::string text;
  for (const std::string& part : column.levels) text += (text.empty() ? "" : ", ") + part;
  return " (" + text + ")";
}

}  // namespace

std::vector<std::string> encoding_lines(const features::FeatureSet& features) {
  std::vector<std::string> lines;
  const auto add = [&lines](const std::string& what, const std::string& names) {
    if (!names.empty()) lines.push_back(what + ": " + names);
  };
  const std::vector<ColumnState>& columns = features.columns;
  if (features.dense.columns > 0) lines.push_back("scaled: " + std::to_string(features.dense.columns) + " columns of the array");
  add("scaled to mean 0 and deviation 1", listed(columns, is_numeric));
  add("one input per category", listed(columns, is_category, inputs_text));
  add("dates in parts", listed(columns, is_date, parts_text));
  add("missing cells become the median, and an input says so", listed(columns, [](const ColumnState& c) { return !is_category(c) && c.indicator; }));
  return lines;
}

}  // namespace chainrule::api
