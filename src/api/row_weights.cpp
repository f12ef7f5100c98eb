// Weights of rows.
#include "api/row_weights.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "files/atomic_file.h"
#include "chainrule/error.h"
#include "chainrule/kinds.h"
#include "data/input.h"
#include "data/source_digest.h"
#include "features/level_match.h"

namespace chainrule::api {
namespace {

constexpr double kNotNamed = -1;

void strip(std::string_view& text) {
  while (!text.empty() && (text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

std::size_t find_class(const std::vector<std::string>& classes, std::string_view name, const std::string& where) {
  const std::int32_t index = features::LevelIndex(classes).find(std::string(name));  // 0.0 names the class 0
  if (index >= 0) return static_cast<std::size_t>(index);
  const std::vector<std::string_view> known(classes.begin(), classes.end());
  const std::string near = nearest_name(name, known);
  throw Error("E0322", where, "\"" + std::string(name) + "\" is no class of the target",
              near.empty() ? "write one line per class: class,weight" : "did you mean \"" + near + "\"?");
}

std::string read_class_weight_text(const std::string& path, const data::InputOptions& how) {
  constexpr FileLimit kLimit = {std::size_t{64} << 20, "E0327", "class weights are one short line per class", "check the name after --class-weights"};
  std::string text = read_file(path, kLimit, how.stop);
  if (how.digest == nullptr) return text;
  if (data::is_regular_file(path)) how.digest->add(path, text, false, how.stop);
  else how.digest->set_unrepeatable();
  return text;
}

std::vector<double> read_class_weights(const std::string& path, const std::vector<std::string>& classes, const data::InputOptions& how,
                                       std::vector<std::string>& left_out) {
  std::vector<double> weights(classes.size(), kNotNamed);
  const std::string text = read_class_weight_text(path, how);
  std::string_view rest = text;
  for (std::size_t line = 1; !rest.empty(); ++line) {
    const std::size_t end = rest.find('\n');
    std::string_view row = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    strip(row);
    if (row.empty()) continue;
    const std::string where = path + " line " + std::to_string(line);
    const std::size_t comma = row.rfind(',');
    std::string_view name = row.substr(0, comma), number = comma == std::string_view::npos ? "" : row.substr(comma + 1);
    strip(name);
    strip(number);
    double weight = 0;
    const auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), weight);
    if (error != std::errc() || stop != number.data() + number.size() || !(weight >= 0) || std::isinf(weight)) {
      throw Error("E0327", where, "\"" + std::string(row) + "\" is not a class and its weight",
                  "write one line per class: class,weight");
    }
    double& place = weights[find_class(classes, name, where)];
    if (place != kNotNamed) throw Error("E0327", where, "the class \"" + std::string(name) + "\" has a weight already", "write one line per class: class,weight");
    place = weight;
  }
  for (std::size_t c = 0; c < classes.size(); ++c) {
    if (weights[c] != kNotNamed) continue;
    weights[c] = 1;
    left_out.push_back(classes[c]);
  }
  return weights;
}

std::vector<double> balanced_weights(std::size_t classes, std::span<const std::int32_t> labels,
                                     std::span<const std::uint32_t> rows) {
  std::vector<std::size_t> counts(classes, 0);
  for (std::uint32_t row : rows) ++counts[static_cast<std::size_t>(labels[row])];
  std::vector<double> weights(classes, 1.0);
  for (std::size_t c = 0; c < classes; ++c) {
    if (counts[c] == 0) continue;
    weights[c] = static_cast<double>(rows.size()) / (static_cast<double>(classes) * static_cast<double>(counts[c]));
  }
  return weights;
}

}  // namespace

std::vector<double> column_weights(const data::Table& table, const std::string& column_name) {
  const data::Column& column = table.columns[table.find_column(column_name)];
  if (column.doubt) throw Error(*column.doubt);
  std::vector<double> weights(table.rows);
  for (std::size_t row = 0; row < table.rows; ++row) {
    const bool number = column.type == data::ColumnType::numeric && !column.missing(row);
    weights[row] = number ? column.numbers[row] : -1.0;
    if (weights[row] >= 0 && std::isfinite(weights[row])) continue;
    throw Error("E0327", table.source + " line " + std::to_string(table.line(row)) + ", column \"" + column.name + "\"",
                column.missing(row) ? "the row's weight is missing" : "\"" + column.text(row) + "\" is no weight",
                "a weight is a finite number of at least 0; 0 leaves the row out");
  }
  return weights;
}

std::vector<double> class_weights(const std::string& text, const std::vector<std::string>& classes,
                                  std::span<const std::int32_t> labels, std::span<const std::uint32_t> train_rows,
                                  const data::InputOptions& how, std::vector<std::string>& left_out) {
  return text == "balanced" ? balanced_weights(classes.size(), labels, train_rows) : read_class_weights(text, classes, how, left_out);
}

std::vector<float> row_weights(const data::Table& table, const features::TargetState& target, std::span<const std::int32_t> labels,
                               std::span<const std::uint32_t> rows) {
  const std::vector<double>& per_class = target.class_weights;
  if (target.weight_column.empty() && per_class.empty()) return {};
  std::vector<double> weights = target.weight_column.empty() ? std::vector<double>(table.rows, 1.0) : column_weights(table, target.weight_column);
  for (std::size_t row = 0; row < table.rows && !per_class.empty(); ++row) weights[row] *= per_class[static_cast<std::size_t>(labels[row])];
  return normalized_weights(std::move(weights), rows);
}

bool weighs_something(const training::DataPart& part, std::size_t count) {
  for (std::size_t i = 0; i < part.size() && count > 0; ++i) count -= part.weight(i) > 0;
  return count == 0;
}

std::vector<float> normalized_weights(std::vector<double> weights, std::span<const std::uint32_t> rows) {
  double largest = 0, sum = 0;
  for (const std::uint32_t row : rows) largest = std::max(largest, weights[row]);
  for (const std::uint32_t row : rows) sum += largest > 0 ? weights[row] / largest : 0;  // no overflow, whatever their size
  const double mean = sum / static_cast<double>(rows.size());
  if (sum > 0) {
    for (double& weight : weights) weight = weight / largest / mean;
  }
  return {weights.begin(), weights.end()};
}

}  // namespace chainrule::api
