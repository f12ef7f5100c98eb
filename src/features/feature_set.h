// From a table to the numbers a network eats: fit() learns a saved state, apply() is a pure function of it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/table.h"

namespace chainrule::features {

/// What one input column becomes. All statistics are from the training rows alone.
/// numeric: (x - center) / scale; missing -> `fill`, plus an indicator input when the training rows had missing values.
/// categorical: one input per level (one-hot); missing is a level of its own when training rows had it; an unseen level gives all zeros,
///   (counted and reported as a warning by the caller); a new missing value: all zeros.
/// date: numeric columns year-fraction, sine and cosine of day of year and day of week.
/// dense: one center and scale for the whole block (images), or per column (arrays).
struct ColumnState {
  std::string name;
  data::ColumnType type = data::ColumnType::numeric;
  std::size_t position = 0;             ///< column number in the training file
  double center = 0, scale = 1, fill = 0;
  bool indicator = false;
  std::vector<std::string> levels;      ///< categorical, most frequent first; "" is the missing level
  std::size_t first_input = 0, inputs = 0;
};

struct DenseState {
  std::size_t columns = 0, first_input = 0;
  std::string name_prefix;
  std::vector<double> center, scale;    ///< one entry for all columns, or one per column
};

/// The target: classes (classification) or center and scale (regression; predictions are scaled back).
struct TargetState {
  std::string name;
  bool classification = false;
  std::vector<std::string> classes;     ///< numeric order when all are numbers, else byte order
  double center = 0, scale = 1;
};

struct FeatureSet {
  std::vector<ColumnState> columns;
  DenseState dense;
  TargetState target;
  bool by_position = false;             ///< trained without a header: columns are found by number
  std::size_t inputs = 0;
  std::vector<std::string> input_names; ///< one per input, for explanations: "area", "city=Bonn", "area missing"
  std::vector<std::string> notes;       ///< constant or empty columns left out, ...
};

/// `rows`: training rows. `ignored`: columns that are not inputs (target, weight, group). Throws E0311 (unknown target), E0312 (constant
/// target), E0313 (one class), E0314 (no usable column), E0315 (target value missing: file, line).
FeatureSet fit(const data::Table& table, std::span<const std::uint32_t> rows, const std::string& target, bool classification,
               std::span<const std::string> ignored);

/// Warnings of one apply(): values that training never saw.
struct ApplyReport { std::vector<std::string> warnings; };

/// Row-major [table.rows, inputs]. Throws E0320 (column missing), E0321 (text in a numeric column: file, line, column).
std::vector<float> apply(const FeatureSet& features, const data::Table& table, ApplyReport* report = nullptr);

/// Classes of all rows (throws E0322 for a class training never saw, E0315 for a missing one), or scaled target values.
std::vector<std::int32_t> class_labels(const FeatureSet& features, const data::Table& table);
std::vector<float> target_values(const FeatureSet& features, const data::Table& table);
bool has_target(const FeatureSet& features, const data::Table& table) noexcept;

/// Which task a target column calls for, and why in one line: text or boolean, or whole numbers with at most 20 distinct values -> classification.
struct TaskChoice { bool classification = false; std::string why; };
TaskChoice choose_task(const data::Column& target);

std::string to_json(const FeatureSet& features);
/// Throws E0411 when the text is not a feature state.
FeatureSet from_json(const std::string& text);

}  // namespace chainrule::features
