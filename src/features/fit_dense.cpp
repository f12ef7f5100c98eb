// Bytes: exact integer sums over all columns together. Floats: each column for itself.
#include "features/fit_dense.h"

#include <array>
#include <cmath>

#include "chainrule/error.h"
#include "features/statistics.h"

namespace chainrule::features {
namespace {

using Rows = std::span<const std::uint32_t>;

/// Bytes have 256 values: their histogram gives exact sums, whatever the number of rows.
Statistics byte_statistics(const data::DenseBlock& dense, Rows rows) {
  std::array<std::array<std::uint64_t, 256>, 4> counts{};  // four, because neighbours are often equal and would wait for each other
  for (const std::uint32_t row : rows) {
    const std::uint8_t* bytes = dense.bytes.data() + row * dense.columns;
    for (std::size_t j = 0; j < dense.columns; ++j) ++counts[j % 4][bytes[j]];
  }
  double count = 0, sum = 0, squares = 0;
  for (int value = 0; value < 256; ++value) {
    double n = 0;
    for (const auto& part : counts) n += static_cast<double>(part[static_cast<std::size_t>(value)]);
    count += n;
    sum += n * value;
  }
  const double mean = sum / count;
  for (int value = 0; value < 256; ++value) {
    double n = 0;
    for (const auto& part : counts) n += static_cast<double>(part[static_cast<std::size_t>(value)]);
    squares += n * ((value - mean) * (value - mean));
  }
  return {mean, std::sqrt(squares / count)};
}

void check_finite(const data::Table& table) {
  for (std::size_t i = 0; i < table.dense.values.size(); ++i) {
    if (std::isinf(table.dense.values[i])) {
      throw Error("E0309", table.source + " row " + std::to_string(i / table.dense.columns) + ", column " +
                  std::to_string(table.dense.number(i % table.dense.columns)), "the value is infinite", "replace it by a number or by NaN (missing)");
    }
  }
}

/// Columns that never vary get scale 1: their input is 0 for every training row.
std::size_t fit_float_columns(DenseState& state, const data::DenseBlock& dense, Rows rows) {
  std::size_t constant = 0;
  std::vector<double> present;
  for (std::size_t j = 0; j < dense.columns; ++j) {
    present.clear();
    for (const std::uint32_t row : rows) {
      const float value = dense.at(row, j);
      if (!std::isnan(value)) present.push_back(value);
    }
    const Statistics statistics = present.empty() ? Statistics{} : statistics_of(present);
    constant += statistics.scale == 0 ? 1 : 0;
    state.center.push_back(statistics.center);
    state.scale.push_back(statistics.scale == 0 ? 1 : statistics.scale);
  }
  return constant;
}

}  // namespace

void fit_dense(FeatureSet& features, const data::Table& table, std::span<const std::uint32_t> rows) {
  const data::DenseBlock& dense = table.dense;
  if (dense.columns == 0) return;
  DenseState& state = features.dense;
  state.columns = dense.columns;
  state.name_prefix = dense.name_prefix;
  state.numbers = dense.numbers;
  if (dense.bytes.empty()) {
    check_finite(table);
    const std::size_t constant = fit_float_columns(state, dense, rows);
    if (constant == dense.columns) throw Error("E0314", table.source, "all values of the array are equal", "");
    if (constant != 0) features.notes.push_back(std::to_string(constant) + " of " + std::to_string(dense.columns) + " array columns never vary");
    return;
  }
  const Statistics statistics = byte_statistics(dense, rows);
  if (statistics.scale == 0) throw Error("E0314", table.source, "all bytes of the images are equal", "");
  state.center = {statistics.center};
  state.scale = {statistics.scale};
}

}  // namespace chainrule::features
