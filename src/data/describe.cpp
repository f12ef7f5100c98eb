// Measuring columns and guessing a target.
#include "data/describe.h"

#include <algorithm>
#include <cmath>

#include "chainrule/error.h"
#include "data/row_hash.h"

namespace chainrule::data {
namespace {

constexpr std::size_t kTopValues = 10;
constexpr std::size_t kMostClasses = 20;  // the same limit by which a whole-number target counts as classes

std::string numeric_text(double value, ColumnType type) {
  Column one;
  one.type = type;
  one.numbers = {value};
  return one.text(0);
}

using Count = std::pair<double, std::size_t>;

// Sorted distinct values with their counts.
std::vector<Count> count_values(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  std::vector<Count> counts;
  for (double value : values) {
    if (counts.empty() || counts.back().first != value) counts.emplace_back(value, 0);
    ++counts.back().second;
  }
  return counts;
}

void measure(ColumnInfo& info, const std::vector<Count>& counts) {
  double n = 0, sum = 0, squares = 0;
  for (const auto& [value, count] : counts) {
    n += static_cast<double>(count);
    sum += value * static_cast<double>(count);
  }
  info.minimum = counts.front().first;
  info.maximum = counts.back().first;
  info.mean = sum / n;
  for (const auto& [value, count] : counts) squares += (value - info.mean) * (value - info.mean) * static_cast<double>(count);
  info.deviation = std::sqrt(squares / n);
}

// Only a short list of values, or one with repetitions, is worth showing.
void list_top(ColumnInfo& info, std::vector<Count> counts, ColumnType type) {
  std::size_t cells = 0;
  for (const auto& entry : counts) cells += entry.second;
  if (counts.size() > kMostClasses && 2 * counts.size() > cells) return;
  std::stable_sort(counts.begin(), counts.end(), [](const Count& a, const Count& b) { return a.second > b.second; });
  info.top.reserve(std::min(counts.size(), kTopValues));
  for (std::size_t i = 0; i < std::min(counts.size(), kTopValues); ++i) {
    info.top.emplace_back(numeric_text(counts[i].first, type), counts[i].second);
  }
}

void describe_counts(ColumnInfo& info, const std::vector<Count>& counts, ColumnType type) {
  info.distinct = counts.size();
  info.type = counts.empty() ? "empty" : counts.size() == 1 ? "constant" : type == ColumnType::date ? "date" : "numeric";
  if (counts.empty()) return;
  measure(info, counts);
  list_top(info, counts, type);
}

ColumnInfo describe_numbers(const Column& column) {
  ColumnInfo info;
  info.name = column.name;
  std::vector<double> values;
  values.reserve(column.numbers.size());
  for (double value : column.numbers) {
    if (!std::isnan(value)) values.push_back(value == 0 ? 0.0 : value);
  }
  info.missing = column.numbers.size() - values.size();
  describe_counts(info, count_values(std::move(values)), column.type);
  if (column.has_texts()) info.distinct = column.levels.size();  // more than the numbers tell apart
  return info;
}

ColumnInfo describe_texts(const Column& column) {
  ColumnInfo info;
  info.name = column.name;
  std::vector<std::pair<std::size_t, std::size_t>> counts(column.levels.size());  // count, code
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i].second = i;
  for (std::int32_t code : column.codes) {
    if (code < 0) ++info.missing;
    else ++counts[static_cast<std::size_t>(code)].first;
  }
  std::stable_sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  while (!counts.empty() && counts.back().first == 0) counts.pop_back();
  info.distinct = counts.size();
  const std::size_t present = column.codes.size() - info.missing;
  const bool free_text = info.distinct > 50 && 2 * info.distinct > present;
  info.type = info.distinct == 0   ? "empty"
              : info.distinct == 1 ? "constant"
              : column.boolean     ? "boolean"
              : free_text          ? "text"
                                   : "categorical";
  info.top.reserve(std::min(counts.size(), kTopValues));
  for (std::size_t i = 0; i < std::min(counts.size(), kTopValues); ++i) {
    info.top.emplace_back(column.levels[counts[i].second], counts[i].first);
  }
  return info;
}

ColumnInfo describe_dense(const Table& table, std::size_t column) {
  ColumnInfo info;
  info.name = table.dense.name(column);
  std::vector<Count> counts;
  if (!table.dense.bytes.empty()) {
    std::size_t histogram[256] = {};
    for (std::size_t r = 0; r < table.rows; ++r) ++histogram[table.dense.bytes[r * table.dense.columns + column]];
    for (int value = 0; value < 256; ++value) {
      if (histogram[value] > 0) counts.emplace_back(value, histogram[value]);
    }
  } else {
    std::vector<double> values;
    for (std::size_t r = 0; r < table.rows; ++r) {
      const float value = table.dense.at(r, column);
      if (std::isnan(value)) ++info.missing;
      else values.push_back(value == 0 ? 0.0 : static_cast<double>(value));
    }
    counts = count_values(std::move(values));
  }
  describe_counts(info, counts, ColumnType::numeric);
  return info;
}

bool is_likely_name(const std::string& name) {
  std::string word;
  for (char c : name) word.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  for (const char* likely : {"target", "label", "labels", "class", "y", "outcome", "response", "survived", "price", "quality"}) {
    if (word == likely) return true;
  }
  return false;
}

bool is_usable(const ColumnInfo& info) { return info.type != "text" && info.type != "constant" && info.type != "empty" && info.type != "date"; }

// "y" beside "x" is a coordinate, not a target.
void forget_coordinates(std::vector<bool>& likely, const std::vector<ColumnInfo>& columns) {
  const auto is_named = [&](const char* name) {
    return std::any_of(columns.begin(), columns.end(), [&](const ColumnInfo& info) { return info.name == name; });
  };
  if (!is_named("x")) return;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == "y") likely[i] = false;
  }
}

// A column that is named like a target, else the last one that could be predicted.
void suggest_target(Description& description, const Table& table) {
  const std::size_t first = table.dense.columns;
  std::vector<bool> likely;
  for (const ColumnInfo& info : description.columns) likely.push_back(is_likely_name(info.name));
  forget_coordinates(likely, description.columns);
  std::size_t chosen = description.columns.size();
  for (std::size_t i = first; i < description.columns.size(); ++i) {
    if (!is_usable(description.columns[i])) continue;
    if (chosen == description.columns.size() || !likely[chosen] || likely[i]) chosen = i;
  }
  if (chosen == description.columns.size()) {
    description.why = "no column looks like a target";
    return;
  }
  const ColumnInfo& info = description.columns[chosen];
  const Column& column = table.columns[chosen - first];
  const bool text = column.type == ColumnType::categorical;
  const bool classes = text || (column.integers && info.distinct <= kMostClasses);
  description.suggested_target = info.name;
  description.suggested_task = classes ? "classification" : "regression";
  description.why = (likely[chosen] ? "its name is \"" + info.name + "\"" : std::string("it is the last column that could be one")) +
                    (text ? ", and its values are texts" : classes ? ", and it has few whole-number values" : ", and its values are numbers");
}

}  // namespace

std::vector<ColumnInfo> column_infos(const Table& table) {
  std::vector<ColumnInfo> infos;
  infos.reserve(table.width());
  for (std::size_t c = 0; c < table.dense.columns; ++c) infos.push_back(describe_dense(table, c));
  for (const Column& column : table.columns) {
    infos.push_back(column.type == ColumnType::categorical ? describe_texts(column) : describe_numbers(column));
  }
  return infos;
}

Description describe_table(const Table& table) {
  Description description;
  description.rows = table.rows;
  description.columns = column_infos(table);
  description.duplicate_rows = count_duplicates(row_hashes(table));
  description.notes = table.notes;
  suggest_target(description, table);
  return description;
}

Table table_from_matrix(const double* values, std::size_t rows, std::vector<std::string> names) {
  if (rows == 0 || names.empty()) throw Error("E0340", "matrix", "no rows or no columns", "give at least one of each");
  Table table;
  table.source = "matrix";
  table.rows = rows;
  for (std::size_t c = 0; c < names.size(); ++c) {
    Column column;
    column.name = std::move(names[c]);
    column.number = c;
    column.integers = true;
    column.numbers.reserve(rows);
    for (std::size_t r = 0; r < rows; ++r) {
      const double value = values[r * names.size() + c];
      if (std::isinf(value)) {
        throw Error("E0309", "matrix row " + std::to_string(r) + ", column " + std::to_string(c), "an infinite value", "NaN means missing");
      }
      column.integers = column.integers && (std::isnan(value) || value == std::nearbyint(value));
      column.numbers.push_back(value);
    }
    table.columns.push_back(std::move(column));
  }
  return table;
}

}  // namespace chainrule::data
