// Labels and target values of a table, and which task a target column calls for.
#include <unordered_set>

#include "chainrule/error.h"
#include "chainrule/kinds.h"
#include "data/header_line.h"
#include "features/column_source.h"
#include "features/feature_set.h"
#include "features/level_match.h"

namespace chainrule::features {
namespace {

constexpr std::size_t kMostNumericClasses = 20;
constexpr std::size_t kFewestIdentifiers = 100;  // below that many different texts a small table may simply have few rows of each class

const data::Column& target_column(ColumnFinder& finder, const FeatureSet& features, const data::Table& table) {
  if (const data::Column* column = finder.find(features.target.name, features.target.position)) return *column;
  throw Error("E0311", table.source, "there is no target column \"" + features.target.name + "\"",
              "labelled rows need the column the model was trained to predict" + data::header_advice(table));
}

[[noreturn]] void refuse_class(const FeatureSet& features, const data::Table& table, std::size_t row, const data::Column& column) {
  const std::string text = column.text(row);
  const std::vector<std::string_view> names(features.target.classes.begin(), features.target.classes.end());
  const std::string nearest = nearest_name(text, names);
  throw Error("E0322", cell_place(table, row, column), "training never saw the class \"" + text.substr(0, 60) + "\"",
              nearest.empty() ? "the model knows " + std::to_string(names.size()) + " classes; `chainrule inspect` lists them"
                              : "did you mean \"" + nearest + "\"?");
}

/// Distinct values, counted up to one more than `limit`.
std::size_t distinct_up_to(std::span<const double> values, std::size_t limit) {
  std::unordered_set<double> distinct;
  for (const double value : values) {
    if (value == value) distinct.insert(value);
    if (distinct.size() > limit) break;
  }
  return distinct.size();
}

}  // namespace

bool has_target(const FeatureSet& features, const data::Table& table) noexcept {
  return ColumnFinder(features, table).find(features.target.name, features.target.position) != nullptr;
}

std::vector<std::int32_t> class_labels(const FeatureSet& features, const data::Table& table) {
  ColumnFinder finder(features, table);
  const data::Column& column = target_column(finder, features, table);
  const LevelMatch match(features.target.classes, column);
  std::vector<std::int32_t> labels(table.rows);
  for (std::size_t row = 0; row < table.rows; ++row) {
    if (column.missing(row)) refuse_missing_target(table, row, column);
    labels[row] = match.index(row);
    if (labels[row] < 0) refuse_class(features, table, row, column);
  }
  return labels;
}

std::vector<double> numbers_of_target(const FeatureSet& features, const data::Table& table) {
  ColumnFinder finder(features, table);
  const data::Column& column = target_column(finder, features, table);
  std::vector<double> storage;
  const auto own = column.type == data::ColumnType::date ? data::ColumnType::date : data::ColumnType::numeric;
  const std::span<const double> values = numbers_of(table, column, features.target.style ? features.target.type : own, storage, features.target.style);
  for (std::size_t row = 0; row < table.rows; ++row) {
    if (column.missing(row)) refuse_missing_target(table, row, column);
  }
  return {values.begin(), values.end()};
}

std::vector<float> target_values(const FeatureSet& features, const data::Table& table) {
  const std::vector<double> values = numbers_of_target(features, table);
  std::vector<float> scaled(values.size());
  for (std::size_t row = 0; row < scaled.size(); ++row) {
    scaled[row] = static_cast<float>((values[row] - features.target.center) / features.target.scale);
  }
  return scaled;
}

TaskChoice choose_task(const data::Column& target) {
  const std::string name = "\"" + target.name + "\" ";
  if (target.type == data::ColumnType::categorical) {
    return {true, name + (target.boolean ? "holds yes/no values" : "holds " + std::to_string(target.levels.size()) + " different texts")};
  }
  if (target.type == data::ColumnType::date) return {false, name + "holds dates"};
  if (!target.integers) return {false, name + "holds numbers with fractions"};
  const std::size_t distinct = target.has_texts() ? target.levels.size() : distinct_up_to(target.numbers, kMostNumericClasses);
  if (distinct > kMostNumericClasses) return {false, name + "holds more than " + std::to_string(kMostNumericClasses) + " different whole numbers"};
  return {true, name + "holds only " + std::to_string(distinct) + " different whole numbers"};
}

// With less than two rows a class on average most classes of the validation rows were never trained, and memory grows with the square of the rows.
void refuse_identifiers(const data::Table& table, const data::Column& target) {
  const std::size_t texts = target.levels.size();
  if (target.type != data::ColumnType::categorical || texts <= kFewestIdentifiers || 2 * texts <= table.rows) return;
  throw Error("E0346", table.source + ", column \"" + target.name + "\"",
              std::to_string(texts) + " different texts in " + std::to_string(table.rows) + " rows are too many to be classes",
              "it looks like an identifier or free text: choose another --target and leave this column out with --drop, or give --task "
              "classification if each text is a class");
}

}  // namespace chainrule::features
