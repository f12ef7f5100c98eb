// Values and columns that are out of all proportion.
#include "api/column_scale.h"

#include <algorithm>
#include <cmath>

#include "explain/finding_kinds.h"

namespace chainrule::api {
namespace {

using explain::number_words;

constexpr double kColumnRatio = 1e7;            // of spreads; what the program scales away, but units should be looked at
constexpr double kInputLimit = 1e3, kInputFailure = 1e6;

struct Spread {
  double median = 0, spread = 0, farthest = 0;  ///< farthest: distance of the farthest value from the median
  std::size_t row = 0;                          ///< its row
};

double middle(std::vector<double>& values, double share) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

/// The middle and the spread of the training rows; the farthest value of all rows.
Spread spread_of(const data::Column& column, std::span<const std::uint32_t> rows) {
  std::vector<double> values;
  for (const std::uint32_t row : rows) {
    if (!column.missing(row)) values.push_back(column.numbers[row]);
  }
  Spread spread;
  if (values.empty()) return spread;
  spread.median = middle(values, 0.5);
  spread.spread = middle(values, 0.75) - middle(values, 0.25);
  std::vector<double> distances;
  for (const double v : values) {
    if (v != spread.median) distances.push_back(std::abs(v - spread.median));
  }
  if (spread.spread == 0 && !distances.empty()) spread.spread = middle(distances, 0.5);
  for (std::size_t row = 0; row < column.size(); ++row) {
    const double distance = std::abs(column.numbers[row] - spread.median);
    if (distance > spread.farthest) spread.farthest = distance, spread.row = row;
  }
  return spread;
}

void take_worse(ScaleFinding& worst, ScaleFinding other) {
  if (worst.detail.empty() || other.value / other.limit > worst.value / worst.limit) worst = std::move(other);
}

ScaleFinding farthest_value(const data::Column& column, const Spread& spread, const data::Table& table) {
  ScaleFinding found;
  if (spread.spread > 0) found.value = spread.farthest / spread.spread;
  found.detail = "column \"" + column.name + "\", line " + std::to_string(table.line(spread.row)) + ": " + column.text(spread.row) + " lies " +
                 number_words(found.value) + " spreads from the median " + number_words(spread.median);
  return found;
}

ScaleFinding column_against_others(const data::Column& column, std::size_t at, const std::vector<Spread>& spreads) {
  std::vector<double> others;
  for (std::size_t i = 0; i < spreads.size(); ++i) {
    if (i != at && spreads[i].spread > 0) others.push_back(spreads[i].spread);
  }
  const double usual = others.empty() ? 1 : middle(others, 0.5);
  ScaleFinding found{0, kColumnRatio, HUGE_VAL, ""};
  if (spreads[at].spread >= kColumnRatio) found.value = spreads[at].spread / std::max(1.0, usual);
  found.detail = "column \"" + column.name + "\" spreads over " + number_words(spreads[at].spread) + ", the others over " + number_words(usual);
  return found;
}

ScaleFinding largest_input(const Samples& samples, std::span<const std::string> names) {
  ScaleFinding found{0, kInputLimit, kInputFailure, ""};
  std::size_t where = 0;
  for (std::size_t i = 0; i < samples.rows * samples.inputs; ++i) {
    const double size = std::abs(static_cast<double>(samples.x[i]));
    if (size > found.value) found.value = size, where = i;
  }
  const std::size_t column = samples.inputs == 0 ? 0 : where % samples.inputs;
  found.detail = "the largest input is " + number_words(found.value);
  if (column < names.size()) found.detail += ", \"" + names[column] + "\" of row " + std::to_string(where / samples.inputs);
  return found;
}

}  // namespace

ScaleFinding worst_scale(std::span<const data::Column* const> columns, std::span<const std::uint32_t> rows, const Samples& samples,
                         std::span<const std::string> input_names, const data::Table& table) {
  std::vector<Spread> spreads;
  for (const data::Column* column : columns) spreads.push_back(spread_of(*column, rows));
  ScaleFinding worst = largest_input(samples, input_names);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    take_worse(worst, farthest_value(*columns[i], spreads[i], table));
    take_worse(worst, column_against_others(*columns[i], i, spreads));
  }
  return worst;
}

}  // namespace chainrule::api
