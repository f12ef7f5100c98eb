// The feature state as JSON, doubles in their shortest exact form; everything read back is checked before it is believed.
#include <cmath>
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

Json column_json(const ColumnState& column) {
  Json json = {{"name", column.name}, {"type", type_name(column.type)}, {"position", column.position}};
  if (column.type != ColumnType::categorical) {
    json.update({{"center", column.center}, {"scale", column.scale}, {"fill", column.fill}, {"indicator", column.indicator}});
  } else {
    json["other"] = column.other;
    if (column.other) json["rare"] = column.rare;
  }
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

void read_numbers(const Json& json, ColumnState& column, const std::string& where) {
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
  }
  if (!target.weight_column.empty()) json["weight_column"] = target.weight_column;
  if (!target.class_weights.empty()) json["class_weights"] = target.class_weights;
  return json;
}

FeatureSet read_features(const Json& json) {
  FeatureSet features;
  features.width = size_at(json, "width", kMostInputs * 16);
  features.by_position = json.at("by_position").get<bool>();
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
  if (features.dense.columns != 0) {
    const DenseState& dense = features.dense;
    json["dense"] = {{"columns", dense.columns}, {"name_prefix", dense.name_prefix}, {"center", dense.center}, {"scale", dense.scale}};
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
