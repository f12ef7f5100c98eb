// Columns by name or number, with errors that name file, line and column.
#include "features/column_source.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "chainrule/error.h"
#include "chainrule/kinds.h"
#include "data/number.h"

namespace chainrule::features {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// The number behind name_prefix, when `name` is a column of the dense block.
std::optional<std::size_t> dense_number(const data::DenseBlock& dense, const std::string& name) {
  const std::string& prefix = dense.name_prefix;
  if (dense.columns == 0 || name.size() <= prefix.size() || name.compare(0, prefix.size(), prefix) != 0) return std::nullopt;
  std::size_t number = 0;
  const char *begin = name.data() + prefix.size(), *end = name.data() + name.size();
  const auto [stop, status] = std::from_chars(begin, end, number);
  if (status != std::errc() || stop != end || number >= dense.columns) return std::nullopt;
  return number;
}

[[noreturn]] void refuse_cell(const data::Table& table, std::size_t row, const data::Column& column, data::ColumnType wanted) {
  const bool date = wanted == data::ColumnType::date;
  throw Error("E0321", cell_place(table, row, column),
              "cannot read \"" + column.text(row).substr(0, 60) + "\" as a " + (date ? "date" : "number"),
              std::string("the model learned this column as ") + (date ? "dates" : "numbers") + "; correct the cell, or train again");
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

ColumnFinder::ColumnFinder(const FeatureSet& features, const data::Table& table)
    : features_(features), table_(table), shifted_(features.by_position && file_width(table) + 1 == features.width) {
  for (std::size_t i = 0; i < table.columns.size(); ++i) {  // of equal ones the first counts
    if (features.by_position) by_number_.emplace(number_of(table, i), &table.columns[i]);
    else by_name_.emplace(table.columns[i].name, &table.columns[i]);
  }
}

const data::Column* ColumnFinder::find(const std::string& name, std::size_t position) {
  if (features_.by_position) return find_by_position(position);
  if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;
  const auto number = dense_number(table_.dense, name);
  return number ? dense_column(*number) : nullptr;
}

const data::Column* ColumnFinder::find_by_position(std::size_t position) {
  if (shifted_ && position == features_.target.position) return nullptr;
  if (shifted_ && position > features_.target.position) --position;
  if (position < table_.dense.columns) return dense_column(position);
  const auto found = by_number_.find(position);
  return found == by_number_.end() ? nullptr : found->second;
}

const data::Column* ColumnFinder::dense_column(std::size_t number) {
  data::Column copy;
  copy.name = table_.dense.name_prefix + std::to_string(number);
  copy.number = number;
  for (std::size_t row = 0; row < table_.rows; ++row) copy.numbers.push_back(table_.dense.at(row, number));
  return &copies_.emplace_back(std::move(copy));
}

const data::Column& ColumnFinder::get(const std::string& name, std::size_t position) {
  if (const data::Column* column = find(name, position)) return *column;
  if (features_.by_position) {
    throw Error("E0320", table_.source, "there is no column " + std::to_string(position) + ", which the model was trained with",
                "the training file had " + std::to_string(features_.width) + " columns, this one has " + std::to_string(file_width(table_)));
  }
  std::vector<std::string_view> names;
  for (const data::Column& column : table_.columns) names.push_back(column.name);
  const std::string nearest = nearest_name(name, names);
  std::string hint = "the file must hold every column the model was trained with, in any order";
  if (!nearest.empty()) hint = "did you mean \"" + nearest + "\"? " + hint;
  if (!table_.has_header && table_.dense.columns == 0) hint = "this table has no header line; add one with the training columns' names";
  throw Error("E0320", table_.source, "there is no column \"" + name + "\", which the model was trained with", hint);
}

std::vector<data::ColumnReading> column_uses(const FeatureSet& features, const data::Table& header) {
  std::vector<data::ColumnReading> uses(file_width(header), {data::ColumnUse::counted});
  ColumnFinder finder(features, header);
  for (std::size_t j = 0; j < features.dense.columns; ++j) uses[finder.get(features.dense.name_prefix + std::to_string(j), j).number] = {};
  for (const ColumnState& state : features.columns) uses[finder.get(state.name, state.position).number] = reading_of(state.type, state.style);
  return uses;
}

std::vector<data::ColumnReading> labelled_uses(const FeatureSet& features, const data::Table& header) {
  std::vector<data::ColumnReading> uses(file_width(header));
  ColumnFinder finder(features, header);
  const auto use = [&](const std::string& name, std::size_t position, const data::ColumnReading& reading) {
    if (const data::Column* column = finder.find(name, position)) uses[column->number] = reading;
  };
  for (const ColumnState& state : features.columns) use(state.name, state.position, reading_of(state.type, state.style));
  const TargetState& target = features.target;
  const auto weight = std::find_if(header.columns.begin(), header.columns.end(), [&](const data::Column& c) { return c.name == target.weight_column; });
  if (target.weight_style && weight != header.columns.end()) {
    uses[number_of(header, static_cast<std::size_t>(weight - header.columns.begin()))] = reading_of(data::ColumnType::numeric, target.weight_style);
  }
  use(target.name, target.position, reading_of(target.classification ? data::ColumnType::categorical : target.type, target.style));
  return uses;
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
