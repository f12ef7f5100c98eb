// Learning the state of every input column from the training rows.
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "chainrule/error.h"
#include "features/column_source.h"
#include "features/feature_set.h"
#include "features/fit_dense.h"
#include "features/fit_target.h"
#include "features/input_layout.h"
#include "features/statistics.h"

namespace chainrule::features {
namespace {

constexpr std::size_t kMostLevels = 255;
constexpr std::size_t kSmallestLevel = 2;      // a level seen once teaches nothing about its next appearance
constexpr std::size_t kIdentifierRows = 20;    // below this many rows, differing texts may be chance
constexpr std::size_t kIdentifierPercent = 90; // share of distinct texts from which a column names its rows

using Rows = std::span<const std::uint32_t>;

struct Fitter {
  const data::Table& table;
  Rows rows;
  FeatureSet& features;

  void note(const std::string& column, const std::string& text) { features.notes.push_back("column \"" + column + "\" " + text); }
};

/// Values of the rows that have one, in row order.
std::vector<double> present_values(std::span<const double> values, Rows rows) {
  std::vector<double> present;
  present.reserve(rows.size());
  for (const std::uint32_t row : rows) {
    if (!std::isnan(values[row])) present.push_back(values[row]);
  }
  return present;
}

/// The one-hot parts of a date that differ between rows.
std::vector<std::string> varying_parts(const std::vector<double>& dates) {
  std::vector<std::string> parts;
  for (const DatePart& part : date_parts()) {
    const std::size_t first = part.index(dates.front());
    if (std::any_of(dates.begin(), dates.end(), [&](double date) { return part.index(date) != first; })) parts.emplace_back(part.name);
  }
  return parts;
}

/// Numbers and dates. False: nothing to learn from this column.
bool fit_numbers(Fitter& fitter, const data::Column& column, ColumnState& state) {
  std::vector<double> storage;
  std::vector<double> present = present_values(numbers_of(fitter.table, column, column.type, storage), fitter.rows);
  if (present.empty()) return fitter.note(column.name, "is empty in the training rows: left out"), false;
  const Statistics statistics = statistics_of(present);
  state.center = statistics.center;
  state.scale = statistics.scale;
  state.indicator = present.size() < fitter.rows.size();
  if (column.type == data::ColumnType::date) state.levels = varying_parts(present);
  state.fill = median_of(present);
  if (input_count(state) != 0) return true;
  fitter.note(column.name, "has the same value in all training rows: left out");
  return false;
}

/// Codes (missing last, as levels.size()) with their counts in the training rows, most frequent first, ties by text.
std::vector<std::pair<std::size_t, std::size_t>> counted_levels(const data::Column& column, Rows rows) {
  std::vector<std::size_t> counts(column.levels.size() + 1, 0);
  for (const std::uint32_t row : rows) ++counts[column.codes[row] < 0 ? column.levels.size() : static_cast<std::size_t>(column.codes[row])];
  std::vector<std::pair<std::size_t, std::size_t>> seen;
  for (std::size_t code = 0; code < counts.size(); ++code) {
    if (counts[code] != 0) seen.emplace_back(code, counts[code]);
  }
  const auto text = [&](std::size_t code) { return code == column.levels.size() ? std::string_view() : std::string_view(column.levels[code]); };
  std::sort(seen.begin(), seen.end(), [&](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : text(a.first) < text(b.first);
  });
  return seen;
}

void note_other_levels(Fitter& fitter, const std::string& name, std::size_t others, std::size_t rows) {
  fitter.note(name, std::to_string(others) + (others == 1 ? " rare value" : " rare values") + " in " + std::to_string(rows) +
              (rows == 1 ? " row" : " rows") + ": one shared input, \"" + name + " other\"");
}

bool fit_category(Fitter& fitter, const data::Column& column, ColumnState& state) {
  const auto seen = counted_levels(column, fitter.rows);
  std::size_t present = 0, distinct = 0;
  for (const auto& [code, count] : seen) {
    if (code == column.levels.size()) continue;
    present += count;
    ++distinct;
  }
  if (present == 0) return fitter.note(column.name, "is empty in the training rows: left out"), false;
  if (seen.size() == 1) return fitter.note(column.name, "has the same value in all training rows: left out"), false;
  const bool identifier = present >= kIdentifierRows && distinct * 100 > present * kIdentifierPercent;
  if (identifier || (distinct == present && present > 1)) {
    return fitter.note(column.name, "differs in (almost) every row, like a name or a number: left out"), false;
  }
  std::size_t others = 0, other_rows = 0;
  for (const auto& [code, count] : seen) {
    const bool missing = code == column.levels.size();
    if (missing || (count >= kSmallestLevel && state.levels.size() < kMostLevels)) {
      state.levels.push_back(missing ? "" : column.levels[code]);
    } else {
      if (state.rare.size() < ColumnState::kMostRareNames) state.rare.push_back(column.levels[code]);
      ++others;
      other_rows += count;
    }
  }
  state.other = others != 0;
  if (state.other) note_other_levels(fitter, column.name, others, other_rows);
  return true;
}

void fit_column(Fitter& fitter, std::size_t index) {
  const data::Column& column = fitter.table.columns[index];
  ColumnState state;
  state.name = column.name;
  state.type = column.type;
  if (column.type != data::ColumnType::categorical) state.style = column.style;
  state.position = number_of(fitter.table, index);
  const bool category = column.type == data::ColumnType::categorical;
  if ((category ? fit_category : fit_numbers)(fitter, column, state)) fitter.features.columns.push_back(std::move(state));
}

/// A table without header names its columns "0", "1", ...; the names in an array depend on the file that holds it.
bool named_by_number(const data::Table& table) {
  if (table.has_header) return false;
  if (table.dense.columns != 0) return true;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].name != std::to_string(number_of(table, i))) return false;
  }
  return true;
}

}  // namespace

FeatureSet fit(const data::Table& table, std::span<const std::uint32_t> rows, const std::string& target, bool classification,
               std::span<const std::string> ignored) {
  FeatureSet features;
  features.by_position = named_by_number(table);
  features.width = file_width(table);
  features.reading = table.reading;
  const std::size_t target_index = find_target(table, target);
  fit_target(features, table, rows, target_index, classification);
  std::set<std::size_t> left_out = {target_index};
  for (const std::string& name : ignored) left_out.insert(table.find_column(name));
  fit_dense(features, table, rows);
  Fitter fitter{table, rows, features};
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (!left_out.contains(i)) fit_column(fitter, i);
  }
  lay_out_inputs(features);
  if (features.inputs == 0) {
    throw Error("E0314", table.source, "no column is left to learn from", features.notes.empty() ? "the table needs a column besides the target"
                                                                                                 : features.notes.front());
  }
  return features;
}

}  // namespace chainrule::features
