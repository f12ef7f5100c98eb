// From any table with the training columns to the row-major input matrix; a pure function of the saved state.
#include <algorithm>
#include <array>
#include <cmath>

#include "chainrule/error.h"
#include "features/column_source.h"
#include "features/feature_set.h"
#include "features/input_layout.h"
#include "features/level_match.h"

namespace chainrule::features {
namespace {

/// Inputs further out than this many deviations are held here, so that no value of a new table overflows a network.
constexpr double kFarthest = 1e6;

/// Rows of one column that are worth a warning: how many, and the first.
struct Oddity {
  std::size_t count = 0, first_row = 0;
  void add(std::size_t row) {
    if (count++ == 0) first_row = row;
  }
};

class Applier {
 public:
  Applier(const FeatureSet& features, const data::Table& table, ApplyReport& report)
      : features_(features), table_(table), report_(report), finder_(features, table), inputs_(table.rows * features.inputs, 0.0f) {
    if (finder_.shifted()) {
      report_.warnings.push_back("one column fewer than in training: taken as the training columns without the target (column " +
                                 std::to_string(features.target.position) + ")");
    }
  }

  std::vector<float> run() {
    if (features_.dense.columns != 0) apply_dense();
    for (const ColumnState& state : features_.columns) {
      const data::Column& column = finder_.get(state.name, state.position);
      (this->*(state.type == data::ColumnType::categorical ? &Applier::apply_category : &Applier::apply_numbers))(state, column);
    }
    return std::move(inputs_);
  }

 private:
  float* place(std::size_t row, std::size_t input) { return inputs_.data() + row * features_.inputs + input; }

  void warn(const data::Column& column, const Oddity& oddity, const std::string& what) {
    if (oddity.count == 0) return;
    report_.warnings.push_back("column \"" + column.name + "\": " + std::to_string(oddity.count) + (oddity.count == 1 ? " row " : " rows ") +
                               what + " (first: line " + std::to_string(table_.line(oddity.first_row)) + ")");
  }

  void apply_numbers(const ColumnState& state, const data::Column& column) {
    std::vector<double> storage;
    const std::span<const double> values = numbers_of(table_, column, state.type, storage);
    std::vector<const DatePart*> parts;
    if (state.type == data::ColumnType::date) {
      for (const std::string& part : state.levels) parts.push_back(find_date_part(part));
    }
    Oddity new_missing, clamped;
    for (std::size_t row = 0; row < table_.rows; ++row) {
      const bool missing = std::isnan(values[row]);
      const double value = missing ? state.fill : values[row];
      float* x = place(row, state.first_input);
      if (state.scale != 0) *x++ = standardized(value, state, row, clamped);
      for (const DatePart* part : parts) {
        if (!missing) x[part->index(value)] = 1.0f;
        x += part->inputs;
      }
      if (state.indicator) *x = missing ? 1.0f : 0.0f;
      if (missing && !state.indicator) new_missing.add(row);
    }
    warn(column, new_missing, "without a value, which training never saw: the training median is used");
    warn(column, clamped, "more than a million deviations away from the training rows: held there");
  }

  static float standardized(double value, const ColumnState& state, std::size_t row, Oddity& clamped) {
    const double x = (value - state.center) / state.scale;
    if (!(std::abs(x) > kFarthest)) return static_cast<float>(x);
    clamped.add(row);
    return static_cast<float>(x > 0 ? kFarthest : -kFarthest);
  }

  void apply_category(const ColumnState& state, const data::Column& column) {
    std::vector<std::string> known = state.levels;
    known.insert(known.end(), state.rare.begin(), state.rare.end());
    const LevelMatch match(known, column);
    const auto other = static_cast<std::int32_t>(state.levels.size());
    Oddity unseen, new_missing;
    for (std::size_t row = 0; row < table_.rows; ++row) {
      std::int32_t index = match.index(row);
      if (index < 0) {
        (column.missing(row) ? new_missing : unseen).add(row);
        if (!state.other || column.missing(row)) continue;
        index = other;
      }
      *place(row, state.first_input + static_cast<std::size_t>(std::min(index, other))) = 1.0f;
    }
    warn(column, new_missing, "without a value, which training never saw: all its inputs are 0");
    if (unseen.count == 0) return;  // its first row would be no row at all
    warn(column, unseen, "with a value that training never saw, such as \"" + column.text(unseen.first_row).substr(0, 40) +
                             (state.other ? "\": counted as \"" + state.name + " other\"" : "\": all its inputs are 0"));
  }

  void apply_dense() {
    const DenseState& state = features_.dense;
    if (table_.dense.columns == state.columns) {
      (table_.dense.bytes.empty() || state.center.size() != 1) ? dense_values() : dense_bytes();
    } else if (table_.dense.columns == 0) {
      dense_by_name();
    } else {
      throw Error("E0320", table_.source, "the array has " + std::to_string(table_.dense.columns) + " columns, the model was trained with " +
                  std::to_string(state.columns), "give an array of the training shape");
    }
  }

  std::size_t dense_state_index(std::size_t column) const { return features_.dense.center.size() == 1 ? 0 : column; }

  float dense_standardized(double value, std::size_t column) const {
    const std::size_t i = dense_state_index(column);
    const double x = std::isnan(value) ? 0.0 : (value - features_.dense.center[i]) / features_.dense.scale[i];
    return static_cast<float>(std::min(std::max(x, -kFarthest), kFarthest));
  }

  /// A byte has 256 values: each is standardised once.
  void dense_bytes() {
    std::array<float, 256> table;
    for (std::size_t value = 0; value < table.size(); ++value) table[value] = dense_standardized(static_cast<double>(value), 0);
    const std::size_t columns = features_.dense.columns;
    for (std::size_t row = 0; row < table_.rows; ++row) {
      const std::uint8_t* bytes = table_.dense.bytes.data() + row * columns;
      float* x = place(row, features_.dense.first_input);
      for (std::size_t j = 0; j < columns; ++j) x[j] = table[bytes[j]];
    }
  }

  void dense_values() {
    const std::size_t columns = features_.dense.columns;
    for (std::size_t row = 0; row < table_.rows; ++row) {
      float* x = place(row, features_.dense.first_input);
      for (std::size_t j = 0; j < columns; ++j) {
        const float value = table_.dense.at(row, j);
        if (std::isinf(value)) refuse_infinite(row, j);
        x[j] = dense_standardized(value, j);
      }
    }
  }

  [[noreturn]] void refuse_infinite(std::size_t row, std::size_t column) const {
    throw Error("E0309", table_.source + " row " + std::to_string(row) + ", column " + std::to_string(column), "the value is infinite",
                "replace it by a number or by NaN (missing)");
  }

  /// The block's columns as columns of a table, for example a CSV of pixels.
  void dense_by_name() {
    const DenseState& state = features_.dense;
    std::vector<double> storage;
    for (std::size_t j = 0; j < state.columns; ++j) {
      const data::Column& column = finder_.get(state.name_prefix + std::to_string(j), j);
      const std::span<const double> values = numbers_of(table_, column, data::ColumnType::numeric, storage);
      for (std::size_t row = 0; row < table_.rows; ++row) *place(row, state.first_input + j) = dense_standardized(values[row], j);
    }
  }

  const FeatureSet& features_;
  const data::Table& table_;
  ApplyReport& report_;
  ColumnFinder finder_;
  std::vector<float> inputs_;
};

}  // namespace

std::vector<float> apply(const FeatureSet& features, const data::Table& table, ApplyReport* report) {
  ApplyReport unread;
  return Applier(features, table, report != nullptr ? *report : unread).run();
}

}  // namespace chainrule::features
