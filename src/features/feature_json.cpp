// The feature state as JSON, doubles in their shortest exact form; everything read back is checked before it is believed.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "chainrule/error.h"
#include "features/feature_set.h"
#include "features/input_layout.h"

namespace chainrule::features {
namespace {

using Json = nlohmann::ordered_json;
using data::ColumnType;

constexpr std::size_t kMostInputs = std::size_t{1} << 22;  // of a stored state: 4 million, far above any table and cheap to name
constexpr std::size_t kMostNameBytes = std::size_t{1} << 28;

constexpr std::pair<ColumnType, const char*> kTypes[] = {
    {ColumnType::numeric, "numeric"}, {ColumnType::categorical, "categorical"}, {ColumnType::date, "date"}};

std::string type_name(ColumnType type) {
  for (const auto& [value, name] : kTypes) {
    if (value == type) return name;
  }
  return "";
}

/// {"decimal": ",", "thousands": ".", "unit": "EUR"}, or {"date": "dd.mm.yyyy"}.
Json style_json(const data::CellStyle& style, ColumnType type) {
  if (type == ColumnType::date) return {{"date", data::date_style_name(style.date)}};
  Json json = {{"decimal", std::string(1, style.number.decimal)}};
  if (style.number.grouping != data::Grouping::none) json["thousands"] = data::thousands_word(style.number);
  if (style.number.grouping == data::Grouping::indian) json["indian"] = true;
  if (!style.number.unit.empty()) json["unit"] = style.number.unit;
  return json;
}

Json column_json(const ColumnState& column) {
  Json json = {{"name", column.name}, {"type", type_name(column.type)}, {"position", column.position}};
  if (column.type != ColumnType::categorical) {
    json.update({{"center", column.center}, {"scale", column.scale}, {"fill", column.fill}, {"indicator", column.indicator}});
  } else {
    json["other"] = column.other;
    if (column.other) json["rare"] = column.rare;
  }
  if (column.style) json["style"] = style_json(*column.style, column.type);
  if (column.type != ColumnType::numeric) json[column.type == ColumnType::date ? "parts" : "levels"] = column.levels;
  return json;
}

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw Error("E0411", "feature state" + (where.empty() ? "" : ", " + where), what, "the model file is damaged or of another program; train again");
}

void require(bool truth, const std::string& where, const char* what) {
  if (!truth) refuse(where, what);
}

/// A scale that can be divided by.
bool usable_scale(double scale) { return std::isfinite(scale) && scale >= std::numeric_limits<double>::min(); }

bool distinct(const std::vector<std::string>& texts) {
  return std::unordered_set<std::string>(texts.begin(), texts.end()).size() == texts.size();
}

/// Whole, not negative, below `limit`: the library would convert -1 and 1e300 without a word.
std::size_t size_at(const Json& json, const char* key, std::size_t limit) {
  const Json& value = json.at(key);
  require(value.is_number_unsigned() && value.get<std::uint64_t>() < limit, key, "is not a possible number of columns");
  return value.get<std::size_t>();
}

double finite_at(const Json& json, const char* key) {
  const auto value = json.at(key).get<double>();
  require(json.at(key).is_number() && std::isfinite(value), key, "is not a finite number");
  return value;
}

data::NumberStyle read_number_style(const Json& json, const std::string& where) {
  data::NumberStyle style;
  const std::string decimal = json.at("decimal").get<std::string>();
  require(decimal == "." || decimal == ",", where, "has an unknown decimal mark");
  style.decimal = decimal[0];
  if (json.contains("thousands")) {
    const auto mark = data::thousands_mark(json.at("thousands").get<std::string>());
    require(mark && (mark->decimal == 0 || mark->decimal == style.decimal), where, "has an impossible mark between thousands");
    style.grouping = mark->grouping;
  }
  if (json.contains("indian")) style.grouping = data::Grouping::indian;
  require(style.grouping != data::Grouping::indian || style.decimal == '.', where, "has an impossible mark between thousands");
  if (json.contains("unit")) style.unit = json.at("unit").get<std::string>();
  require(style.unit.empty() || data::is_unit(style.unit), where, "has an unknown unit");
  return style;
}

/// Models that were trained before styles were kept have none.
std::optional<data::CellStyle> read_style(const Json& parent, ColumnType type, const std::string& where) {
  if (!parent.contains("style")) return std::nullopt;
  const Json& json = parent.at("style");
  data::CellStyle style;
  if (type == ColumnType::date) {
    const auto date = data::date_style_named(json.at("date").get<std::string>());
    require(date.has_value(), where, "has an unknown spelling of dates");
    style.date = *date;
  } else {
    style.number = read_number_style(json, where);
  }
  return style;
}

void read_numbers(const Json& json, ColumnState& column, const std::string& where) {
  column.style = read_style(json, column.type, where);
  column.center = finite_at(json, "center");
  column.scale = finite_at(json, "scale");
  column.fill = finite_at(json, "fill");
  column.indicator = json.at("indicator").get<bool>();
  require(column.scale == 0 || usable_scale(column.scale), where, "has an impossible scale");
  if (column.type != ColumnType::date) return;
  column.levels = json.at("parts").get<std::vector<std::string>>();
  for (const std::string& part : column.levels) require(find_date_part(part) != nullptr, where, "has an unknown date part");
}

ColumnState read_column(const Json& json, std::size_t width) {
  ColumnState column;
  column.name = json.at("name").get<std::string>();
  const std::string where = "column \"" + column.name + "\"", type = json.at("type").get<std::string>();
  for (const auto& [value, name] : kTypes) {
    if (type == name) column.type = value;
  }
  require(type == type_name(column.type), where, "has an unknown type");
  column.position = size_at(json, "position", width);
  if (column.type == ColumnType::categorical) {
    column.scale = 1;
    column.levels = json.at("levels").get<std::vector<std::string>>();
    column.other = json.at("other").get<bool>();
    if (column.other) column.rare = json.at("rare").get<std::vector<std::string>>();
  } else {
    read_numbers(json, column, where);
  }
  std::vector<std::string> known = column.levels;
  known.insert(known.end(), column.rare.begin(), column.rare.end());
  require(distinct(known), where, "has a level twice");
  require(input_count(column) != 0, where, "has no input");
  return column;
}

DenseState read_dense(const Json& json) {
  DenseState dense;
  dense.columns = size_at(json, "columns", kMostInputs);
  dense.name_prefix = json.at("name_prefix").get<std::string>();
  if (json.contains("numbers")) dense.numbers = json.at("numbers").get<std::vector<std::uint32_t>>();
  require(dense.numbers.empty() || (dense.numbers.size() == dense.columns && std::is_sorted(dense.numbers.begin(), dense.numbers.end(), std::less_equal<>())),
          "dense", "has impossible column numbers");
  dense.center = json.at("center").get<std::vector<double>>();
  dense.scale = json.at("scale").get<std::vector<double>>();
  const std::size_t entries = dense.center.size();
  require(dense.columns != 0 && entries == dense.scale.size() && (entries == 1 || entries == dense.columns), "dense", "has contradicting sizes");
  for (const double center : dense.center) require(std::isfinite(center), "dense", "has a center that is not finite");
  for (const double scale : dense.scale) require(usable_scale(scale), "dense", "has an impossible scale");
  require(dense.name_prefix.size() <= 256, "dense", "has a very long name");
  return dense;
}

void read_weights(const Json& json, TargetState& target) {
  if (json.contains("weight_column")) target.weight_column = json.at("weight_column").get<std::string>();
  if (json.contains("weight_style")) target.weight_style = data::CellStyle{read_number_style(json.at("weight_style"), "target"), {}};
  if (!json.contains("class_weights")) return;
  target.class_weights = json.at("class_weights").get<std::vector<double>>();
  require(target.class_weights.size() == target.classes.size(), "target", "needs one weight for each class");
  for (const double weight : target.class_weights) require(std::isfinite(weight) && weight >= 0, "target", "has an impossible class weight");
}

TargetState read_target(const Json& json, std::size_t width) {
  TargetState target;
  target.name = json.at("name").get<std::string>();
  target.position = size_at(json, "position", width);
  target.classification = json.at("classification").get<bool>();
  if (target.classification) {
    target.classes = json.at("classes").get<std::vector<std::string>>();
    require(target.classes.size() >= 2 && distinct(target.classes), "target", "needs two or more different classes");
  } else {
    target.center = finite_at(json, "center");
    target.scale = finite_at(json, "scale");
    target.type = json.contains("style") && json.at("style").contains("date") ? ColumnType::date : ColumnType::numeric;
    target.style = read_style(json, target.type, "target");
    require(usable_scale(target.scale), "target", "has an impossible scale");
  }
  read_weights(json, target);
  return target;
}

Json target_json(const TargetState& target) {
  Json json = {{"name", target.name}, {"position", target.position}, {"classification", target.classification}};
  if (target.classification) {
    json["classes"] = target.classes;
  } else {
    json.update({{"center", target.center}, {"scale", target.scale}});
    if (target.style) json["style"] = style_json(*target.style, target.type);
  }
  if (!target.weight_column.empty()) json["weight_column"] = target.weight_column;
  if (target.weight_style) json["weight_style"] = style_json(*target.weight_style, ColumnType::numeric);
  if (!target.class_weights.empty()) json["class_weights"] = target.class_weights;
  return json;
}

data::TextReading read_reading(const Json& json) {
  data::TextReading reading;
  reading.separator = json.at("separator").get<std::string>();
  reading.header = json.at("header").get<bool>();
  reading.missing = json.at("missing").get<std::vector<std::string>>();
  reading.comment = json.at("comment").get<std::string>();
  reading.skip = size_at(json, "skip", std::size_t{1} << 32);
  reading.encoding = json.at("encoding").get<std::string>();
  require(reading.separator.size() == 1 && reading.comment.size() <= 1, "reading", "has an impossible mark");
  return reading;
}

Json reading_json(const data::TextReading& reading) {
  return {{"separator", reading.separator}, {"header", reading.header}, {"missing", reading.missing},
          {"comment", reading.comment},     {"skip", reading.skip},     {"encoding", reading.encoding}};
}

FeatureSet read_features(const Json& json) {
  FeatureSet features;
  features.width = size_at(json, "width", kMostInputs * 16);
  features.by_position = json.at("by_position").get<bool>();
  if (json.contains("reading")) features.reading = read_reading(json.at("reading"));
  features.target = read_target(json.at("target"), features.width);
  if (json.contains("dense")) features.dense = read_dense(json.at("dense"));
  std::size_t inputs = features.dense.columns, name_bytes = 0;
  for (const Json& column : json.at("columns")) {
    features.columns.push_back(read_column(column, features.width));
    inputs += input_count(features.columns.back());
    name_bytes += features.columns.back().name.size() * input_count(features.columns.back());
    require(inputs <= kMostInputs && name_bytes <= kMostNameBytes, "columns", "have too many inputs");
  }
  require(inputs != 0, "columns", "have no input");
  features.notes = json.at("notes").get<std::vector<std::string>>();
  lay_out_inputs(features);
  return features;
}

}  // namespace

std::string to_json(const FeatureSet& features) {
  Json json = {{"width", features.width}, {"by_position", features.by_position}, {"target", target_json(features.target)}};
  if (features.reading) json["reading"] = reading_json(*features.reading);
  if (features.dense.columns != 0) {
    const DenseState& dense = features.dense;
    json["dense"] = {{"columns", dense.columns}, {"name_prefix", dense.name_prefix}, {"center", dense.center}, {"scale", dense.scale}};
    if (!dense.numbers.empty()) json["dense"]["numbers"] = dense.numbers;
  }
  json["columns"] = Json::array();
  for (const ColumnState& column : features.columns) json["columns"].push_back(column_json(column));
  json["notes"] = features.notes;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

FeatureSet from_json(const std::string& text) {
  try {
    return read_features(Json::parse(text));
  } catch (const Json::exception& problem) {
    refuse("", std::string("cannot be read: ") + problem.what());
  }
}

}  // namespace chainrule::features
