// From a table to the numbers a network eats: fit() learns a saved state, apply() is a pure function of it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/table.h"

namespace chainrule::features {

/// What one input column becomes; docs/features.md says why. All statistics are from the training rows alone.
/// numeric: (x - center) / scale, missing -> fill, then an indicator input when the training rows had missing values. scale == 0: the
///   values present were all equal and only the indicator is an input.
/// categorical: one input per level (one-hot), then one for all `other` values when training had rare ones. "" is the missing level. A value
///   training never saw counts as other, or gives all zeros when there is no such input; so does a new missing value. Both are warned about.
/// date: the seconds as a numeric input (scale == 0: left out), then one-hot parts, each only when it varied: `levels` names them
///   ("month": 12 inputs, "weekday": 7, "hour": 24); then the indicator. A missing date: fill, and zeros in the parts.
struct ColumnState {
  std::string name;
  data::ColumnType type = data::ColumnType::numeric;
  std::size_t position = 0;             ///< column number in the training file
  double center = 0, scale = 1, fill = 0;
  bool indicator = false;
  bool other = false;                   ///< categorical: the last input stands for rare and unseen values
  std::vector<std::string> levels;      ///< categorical: most frequent first; date: the parts that are inputs
  std::vector<std::string> rare;        ///< categorical: training values that share the other input, at most 1000: no warning for these
  std::optional<data::CellStyle> style; ///< numbers and dates of a text: how its cells are written; nothing in models before 1.2
  std::size_t first_input = 0, inputs = 0;

  static constexpr std::size_t kMostRareNames = 1000;  ///< enough to tell rare from new; free text must not fill the model file
  /// False: there may have been rare values beyond those that are kept, so that nobody can say whether a value is new.
  bool knows_all_values() const noexcept { return rare.size() < kMostRareNames; }
};

/// Bytes (images): one center and scale for all columns. Floats: one each; missing -> center, so the input is 0.
struct DenseState {
  std::size_t columns = 0, first_input = 0;
  std::string name_prefix;
  std::vector<std::uint32_t> numbers;   ///< of the columns in the training file, increasing; empty: 0, 1, 2, ...
  std::vector<double> center, scale;    ///< one entry for all columns, or one per column; scale > 0

  std::size_t number(std::size_t column) const noexcept { return numbers.empty() ? column : numbers[column]; }
  std::string name(std::size_t column) const { return name_prefix + std::to_string(number(column)); }
};

/// The target: classes (classification) or center and scale (regression; predictions are scaled back).
struct TargetState {
  std::string name;
  std::size_t position = 0;             ///< column number in the training file
  bool classification = false;
  std::vector<std::string> classes;     ///< numeric order when all are numbers, else byte order
  double center = 0, scale = 1;
  data::ColumnType type = data::ColumnType::numeric;  ///< of a regression: numeric or date
  std::optional<data::CellStyle> style; ///< of a regression: as in ColumnState
  std::string weight_column;            ///< column that weighs the rows; "": all weigh 1. Set by the run, not by fit()
  std::optional<data::CellStyle> weight_style;  ///< of weight_column
  std::vector<double> class_weights;    ///< one factor >= 0 per class; empty: all 1. Set by the run, not by fit()
};

struct FeatureSet {
  std::vector<ColumnState> columns;
  DenseState dense;
  TargetState target;
  bool by_position = false;             ///< trained without a header: columns are found by number
  std::size_t width = 0;                ///< columns of the training file, target included
  std::optional<data::TextReading> reading;  ///< how the training table was read, when it was a text
  std::size_t inputs = 0;
  std::vector<std::string> input_names; ///< one per input, for explanations: "area", "city=Bonn", "area missing"
  std::vector<std::string> notes;       ///< constant or empty columns left out, ...
};

/// `rows`: training rows. `ignored`: columns that are not inputs (target, weight, group). Throws E0311 (unknown target), E0312 (constant
/// target), E0313 (one class), E0314 (no usable column), E0315 (target value missing: file, line), E0309 (infinite value), E0321 (text target
/// of a regression). Classes are those of the whole table, so that a rare one may lie outside the training rows.
FeatureSet fit(const data::Table& table, std::span<const std::uint32_t> rows, const std::string& target, bool classification,
               std::span<const std::string> ignored);

/// Warnings of one apply(): values that training never saw.
struct ApplyReport { std::vector<std::string> warnings; };

/// Row-major [table.rows, inputs]. Throws E0320 (column missing), E0321 (text in a numeric column: file, line, column), E0309 (infinite value).
std::vector<float> apply(const FeatureSet& features, const data::Table& table, ApplyReport* report = nullptr);

/// Classes of all rows (throws E0322 for a class training never saw, E0315 for a missing one), or scaled target values.
std::vector<std::int32_t> class_labels(const FeatureSet& features, const data::Table& table);
/// The target's numbers (dates: seconds) as the table has them.
std::vector<double> numbers_of_target(const FeatureSet& features, const data::Table& table);
std::vector<float> target_values(const FeatureSet& features, const data::Table& table);
bool has_target(const FeatureSet& features, const data::Table& table) noexcept;

/// Which task a target column calls for, and why in one line: text or boolean, or whole numbers with at most 20 distinct values -> classification.
struct TaskChoice { bool classification = false; std::string why; };
TaskChoice choose_task(const data::Column& target);
/// Throws E0346 for texts of which hardly any comes twice: more than 100 of them, and more than one for every two rows.
void refuse_identifiers(const data::Table& table, const data::Column& target);

std::string to_json(const FeatureSet& features);
/// Throws E0411 when the text is not a feature state.
FeatureSet from_json(const std::string& text);

}  // namespace chainrule::features
