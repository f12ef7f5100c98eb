// Columns by name or number, with errors that name file, line and column.
#include "features/column_source.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "chainrule/error.h"
#include "chainrule/kinds.h"
#include "data/header_line.h"
#include "data/number.h"

namespace chainrule::features {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

[[noreturn]] void refuse_cell(const data::Table& table, std::size_t row, const data::Column& column, data::ColumnType wanted) {
  const bool date = wanted == data::ColumnType::date;
  const std::string advice = table.line(row) == table.first_line_number ? data::header_advice(table) : "";
  throw Error("E0321", cell_place(table, row, column),
              "cannot read \"" + column.text(row).substr(0, 60) + "\" as a " + (date ? "date" : "number"),
              std::string("the model learned this column as ") + (date ? "dates" : "numbers") + "; correct the cell, or train again" + advice);
}

data::ColumnReading reading_of(data::ColumnType type, const std::optional<data::CellStyle>& style) {
  if (type == data::ColumnType::categorical) return {data::ColumnUse::texts};
  return {data::ColumnUse::typed, type, style};
}

/// Each level as a value; nothing where it is none.
std::vector<std::optional<double>> level_values(const data::Column& column, data::ColumnType wanted, const data::CellStyle& style) {
  std::vector<std::optional<double>> values;
  for (const std::string& level : column.levels) {
    if (wanted == data::ColumnType::date) {
      values.push_back(data::parse_date(level, style.date));
      continue;
    }
    const data::ParsedNumber parsed = data::parse_number(level, style.number);
    values.push_back(parsed.kind == data::CellKind::number ? std::optional(parsed.value) : std::nullopt);
  }
  return values;
}

/// A table that was read for itself may have taken marks for others than the model's: 1.070 for a decimal, say. Whole numbers without a unit are
/// the same in every style.
void refuse_other_style(const data::Table& table, const data::Column& column, const data::CellStyle& learned) {
  if (!column.style) return;
  const data::NumberStyle &here = column.style->number, &there = learned.number;
  if (here.unit == there.unit && (here.decimal == there.decimal || (column.integers && here.grouping == data::Grouping::none))) return;
  const auto words = [](const data::NumberStyle& style) { return data::style_text(style).empty() ? "plain numbers" : data::style_text(style); };
  throw Error("E0350", table.source + ", column \"" + column.name + "\"", "the table was read with " + words(here) + ", the model learned " + words(there),
              "read the table with Model::read, as predict_file does");
}

/// Without a branch per value.
bool any_infinite(std::span<const double> values) noexcept {
  constexpr double kLargest = std::numeric_limits<double>::max();
  int found = 0;
  for (const double value : values) found |= static_cast<int>(std::abs(value) > kLargest);
  return found != 0;
}

void check_finite(const data::Table& table, const data::Column& column, std::span<const double> values) {
  constexpr std::size_t kBlock = 1024;
  for (std::size_t first = 0; first < values.size(); first += kBlock) {
    const std::span<const double> block = values.subspan(first, std::min(kBlock, values.size() - first));
    if (!any_infinite(block)) continue;
    const auto place = std::find_if(block.begin(), block.end(), [](double value) { return std::isinf(value); });
    throw Error("E0309", cell_place(table, first + static_cast<std::size_t>(place - block.begin()), column), "the value is infinite",
                "replace it by a number, or leave it empty (missing)");
  }
}

}  // namespace

std::size_t number_of(const data::Table& table, std::size_t index) noexcept {
  const std::size_t number = table.columns[index].number;
  return number == data::Column::kNoNumber ? table.dense.columns + index : number;
}

std::size_t file_width(const data::Table& table) noexcept {
  if (table.file_columns != 0) return table.file_columns;
  std::size_t width = table.dense.columns;
  for (std::size_t i = 0; i < table.columns.size(); ++i) width = std::max(width, number_of(table, i) + 1);
  return width;
}

std::string cell_place(const data::Table& table, std::size_t row, const data::Column& column) {
  std::string place = table.source + " line " + std::to_string(table.line(row));
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (&table.columns[i] == &column) place += ", column " + std::to_string(number_of(table, i));
  }
  return place + " (\"" + column.name + "\")";
}

[[noreturn]] void refuse_missing_target(const data::Table& table, std::size_t row, const data::Column& column) {
  const std::string place = cell_place(table, row, column), cure = "fill it in, or remove the row";
  if (column.first_marker == nullptr || row != column.first_marker->row) throw Error("E0315", place, "the target has no value in this row", cure);
  throw Error("E0315", place, "the target has no value in this row: \"" + column.first_marker->text + "\" marks a missing value",
              "if it is a value here, give --missing only: (then only the empty cell is missing); else " + cure);
}

namespace {

/// An array's columns have names only where a text names them as the array does, as a CSV of pixels may.
bool found_by_position(const FeatureSet& features, const data::Table& table) {
  if (features.dense.columns == 0) return features.by_position;
  const std::string first = features.dense.name(0);
  return !table.has_header || std::none_of(table.columns.begin(), table.columns.end(), [&](const data::Column& c) { return c.name == first; });
}

}  // namespace

ColumnFinder::ColumnFinder(const FeatureSet& features, const data::Table& table)
    : features_(features), table_(table), by_position_(found_by_position(features, table)),
      shifted_(by_position_ && file_width(table) + 1 == features.width) {
  for (std::size_t i = 0; i < table.columns.size(); ++i) {  // of equal ones the first counts
    if (by_position_) by_number_.emplace(number_of(table, i), &table.columns[i]);
    else by_name_.emplace(table.columns[i].name, &table.columns[i]);
  }
}

const data::Column* ColumnFinder::find(const std::string& name, std::size_t position) {
  if (by_position_) return find_by_position(position);
  if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;
  const data::DenseBlock& dense = table_.dense;
  const std::size_t place = name.compare(0, dense.name_prefix.size(), dense.name_prefix) == 0 ? dense.column_called(name) : dense.columns;
  return place < dense.columns ? dense_column(place) : nullptr;
}

void ColumnFinder::check_array_shape() const {
  const std::size_t width = file_width(table_);
  if (!by_position_ || shifted_ || width == features_.width) return;
  throw Error("E0320", table_.source, "there are " + std::to_string(width) + " columns, the model was trained with " + std::to_string(features_.width),
              "give an array of the training shape; the column \"" + features_.target.name + "\", the target, may be left out");
}

std::size_t ColumnFinder::number_here(std::size_t position) const noexcept {
  return shifted_ && position > features_.target.position ? position - 1 : position;
}

const data::Column* ColumnFinder::find_by_position(std::size_t position) {
  if (shifted_ && position == features_.target.position) return nullptr;
  const std::size_t number = number_here(position);
  if (const auto found = by_number_.find(number); found != by_number_.end()) return found->second;
  const std::size_t place = table_.dense.place_of(number);
  return place < table_.dense.columns ? dense_column(place) : nullptr;
}

const data::Column* ColumnFinder::dense_column(std::size_t place) {
  data::Column copy;
  copy.name = table_.dense.name(place);
  copy.number = table_.dense.number(place);
  for (std::size_t row = 0; row < table_.rows; ++row) copy.numbers.push_back(static_cast<double>(table_.dense.at(row, place)));
  return &copies_.emplace_back(std::move(copy));
}

const data::Column& ColumnFinder::get(const std::string& name, std::size_t position) {
  if (const data::Column* column = find(name, position)) return *column;
  if (by_position_) {
    throw Error("E0320", table_.source, "there is no column " + std::to_string(position) + ", which the model was trained with",
                "the training table had " + std::to_string(features_.width) + " columns, this one has " + std::to_string(file_width(table_)));
  }
  std::vector<std::string_view> names;
  for (const data::Column& column : table_.columns) names.push_back(column.name);
  const std::string nearest = nearest_name(name, names);
  std::string hint = "the file must hold every column the model was trained with, in any order";
  if (!nearest.empty()) hint = "did you mean \"" + nearest + "\"? " + hint;
  throw Error("E0320", table_.source, "there is no column \"" + name + "\", which the model was trained with", hint + data::header_advice(table_));
}

namespace {

std::optional<data::KnownText> known_text(const FeatureSet& features) {
  if (!features.reading) return std::nullopt;
  data::KnownText known{*features.reading, {}, features.width};
  if (features.by_position || !features.reading->header) return known;
  for (const ColumnState& state : features.columns) known.names.push_back(state.name);
  return known;
}

using Readings = std::vector<data::ColumnReading>;

constexpr data::ColumnReading kUnused = {data::ColumnUse::unused, data::ColumnType::numeric, std::nullopt};

Readings unlabelled_uses(const FeatureSet& features, const data::Table& header) {
  Readings uses(file_width(header), kUnused);
  ColumnFinder finder(features, header);
  for (std::size_t j = 0; j < features.dense.columns; ++j) uses[finder.get(features.dense.name(j), features.dense.number(j)).number] = {};
  for (const ColumnState& state : features.columns) uses[finder.get(state.name, state.position).number] = reading_of(state.type, state.style);
  return uses;
}

Readings labelled_uses(const FeatureSet& features, const data::Table& header, const data::Table* training) {
  Readings uses(file_width(header), kUnused);
  ColumnFinder finder(features, header);
  const auto use = [&](const std::string& name, std::size_t position, const data::ColumnReading& reading) {
    if (const data::Column* column = finder.find(name, position)) uses[column->number] = reading;
  };
  for (std::size_t i = 0; training != nullptr && i < training->columns.size(); ++i) {
    const data::Column& column = training->columns[i];
    use(column.name, number_of(*training, i), reading_of(column.type, column.style));
  }
  for (std::size_t j = 0; j < features.dense.columns; ++j) use(features.dense.name(j), features.dense.number(j), {});
  for (const ColumnState& state : features.columns) use(state.name, state.position, reading_of(state.type, state.style));
  const TargetState& target = features.target;
  if (const data::Column* weights = target.weight_column.empty() ? nullptr : header.column_called(target.weight_column)) {
    uses[weights->number] = reading_of(data::ColumnType::numeric, target.weight_style);
  }
  use(target.name, target.position, reading_of(target.classification ? data::ColumnType::categorical : target.type, target.style));
  return uses;
}

}  // namespace

data::KnownTable unlabelled_table(const FeatureSet& features) {
  return {[&features](const data::Table& header) { return unlabelled_uses(features, header); }, known_text(features)};
}

data::KnownTable labelled_table(const FeatureSet& features, const data::Table* training) {
  return {[&features, training](const data::Table& header) { return labelled_uses(features, header, training); }, known_text(features)};
}

std::span<const double> numbers_of(const data::Table& table, const data::Column& column, data::ColumnType wanted,
                                   std::vector<double>& storage, const std::optional<data::CellStyle>& learned) {
  if (column.type == wanted) {
    if (learned && wanted == data::ColumnType::numeric) refuse_other_style(table, column, *learned);
    if (!column.finite) check_finite(table, column, column.numbers);
    return column.numbers;
  }
  std::vector<std::optional<double>> values;
  const bool readable = wanted == data::ColumnType::numeric || learned;
  if (column.type == data::ColumnType::categorical && readable) values = level_values(column, wanted, learned.value_or(data::CellStyle{}));
  storage.assign(column.size(), kMissing);
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.missing(row)) continue;
    if (values.empty()) refuse_cell(table, row, column, wanted);
    const auto& value = values[static_cast<std::size_t>(column.codes[row])];
    if (!value) refuse_cell(table, row, column, wanted);
    storage[row] = *value;
  }
  return storage;
}

}  // namespace chainrule::features
