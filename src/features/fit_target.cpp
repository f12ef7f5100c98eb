// Learning the target: the classes in a fixed order, or the center and scale of a number.
#include "features/fit_target.h"

#include <algorithm>
#include <limits>
#include <map>
#include <unordered_map>

#include "chainrule/error.h"
#include "data/header_line.h"
#include "data/number.h"
#include "features/column_source.h"
#include "features/statistics.h"

namespace chainrule::features {
namespace {

using Rows = std::span<const std::uint32_t>;

void refuse_missing(const data::Table& table, const data::Column& column) {
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.missing(row)) refuse_missing_target(table, row, column);
  }
}

/// Texts of all rows of the table with their number of training rows.
std::map<std::string, std::size_t> class_counts(const data::Column& column, Rows rows) {
  std::map<std::string, std::size_t> counts;
  if (column.has_texts()) {
    std::vector<std::size_t> by_code(column.levels.size(), 0), all(column.levels.size(), 0);
    for (const std::int32_t code : column.codes) ++all[static_cast<std::size_t>(code)];
    for (const std::uint32_t row : rows) ++by_code[static_cast<std::size_t>(column.codes[row])];
    for (std::size_t code = 0; code < all.size(); ++code) {
      if (all[code] != 0) counts[column.levels[code]] = by_code[code];
    }
    return counts;
  }
  std::unordered_map<double, std::size_t> by_value, first_row;  // texts are made once per value, not once per row
  for (std::size_t row = 0; row < column.numbers.size(); ++row) first_row.emplace(column.numbers[row], row);
  for (const std::uint32_t row : rows) ++by_value[column.numbers[row]];
  for (const auto& [value, row] : first_row) counts[column.text(row)] += by_value.contains(value) ? by_value.at(value) : 0;
  return counts;
}

/// By number when all classes are numbers, else the byte order the map has given.
void sort_classes(std::vector<std::string>& classes) {
  std::map<std::string, double> numbers;
  for (const std::string& text : classes) {
    const data::ParsedNumber parsed = data::parse_number(text, '.');
    if (parsed.kind != data::CellKind::number) return;
    numbers[text] = parsed.value;
  }
  std::stable_sort(classes.begin(), classes.end(), [&](const std::string& a, const std::string& b) { return numbers.at(a) < numbers.at(b); });
}

void fit_classes(FeatureSet& features, const data::Table& table, const data::Column& column, Rows rows) {
  TargetState& target = features.target;
  std::size_t seen = 0;
  std::string untrained;
  for (const auto& [text, count] : class_counts(column, rows)) {
    target.classes.push_back(text);
    seen += count != 0 ? 1 : 0;
    if (count == 0) untrained += (untrained.empty() ? "\"" : ", \"") + text + "\"";
  }
  if (seen < 2) {
    throw Error("E0313", table.source + ", column \"" + column.name + "\"",
                "all training rows have the class \"" + (target.classes.empty() ? "" : column.text(rows.empty() ? 0 : rows[0])) + "\"",
                "classification needs rows of at least two classes");
  }
  if (!untrained.empty()) features.notes.push_back("no training row has the class " + untrained);
  sort_classes(target.classes);
}

std::span<const double> target_numbers(const data::Table& table, const data::Column& column, data::ColumnType wanted,
                                       std::vector<double>& storage) {
  try {
    return numbers_of(table, column, wanted, storage);
  } catch (const Error& error) {
    if (error.code() != "E0321") throw;
    throw Error(error.code(), error.where(), error.message(), "a regression needs numbers: correct the cell, or give --task classification");
  }
}

void fit_numbers(FeatureSet& features, const data::Table& table, const data::Column& column, Rows rows) {
  std::vector<double> storage, values;
  const auto wanted = column.type == data::ColumnType::date ? data::ColumnType::date : data::ColumnType::numeric;
  const std::span<const double> all = target_numbers(table, column, wanted, storage);
  for (const std::uint32_t row : rows) values.push_back(all[row]);
  const Statistics statistics = values.empty() ? Statistics{} : statistics_of(values);
  if (statistics.scale == 0) {
    throw Error("E0312", table.source + ", column \"" + column.name + "\"", "the target is " + column.text(rows.empty() ? 0 : rows[0]) +
                " in all training rows", "choose another target with --target");
  }
  features.target.type = wanted;
  features.target.style = column.style;
  features.target.center = statistics.center;
  features.target.scale = statistics.scale;
}

}  // namespace

std::size_t find_target(const data::Table& table, const std::string& name_or_number) {
  try {
    return table.find_column(name_or_number);
  } catch (const Error& error) {
    throw Error("E0311", error.where(), "there is no column \"" + name_or_number + "\" to predict",
                error.hint() + data::header_advice(table));
  }
}

void fit_target(FeatureSet& features, const data::Table& table, std::span<const std::uint32_t> rows, std::size_t index, bool classification) {
  const data::Column& column = table.columns[index];
  features.target.name = column.name;
  features.target.position = number_of(table, index);
  features.target.classification = classification;
  refuse_missing(table, column);
  (classification ? fit_classes : fit_numbers)(features, table, column, rows);
}

}  // namespace chainrule::features
