// What a model file says about itself: layers, norms, histograms, features, how it was trained.
#include <algorithm>
#include <cmath>

#include "api/model_impl.h"
#include "api/run_state.h"
#include "chainrule/model.h"
#include "math/initializers.h"
#include "net/parameter_layout.h"

namespace chainrule {
namespace {

constexpr std::size_t kBins = 20;

double norm_of(std::span<const float> values) {
  double sum = 0;
  for (float v : values) sum = std::fma(static_cast<double>(v), static_cast<double>(v), sum);
  return std::sqrt(sum);
}

std::vector<std::size_t> histogram(std::span<const float> values, double smallest, double largest) {
  std::vector<std::size_t> bins(kBins, 0);
  const double width = (largest - smallest) / kBins;
  for (float v : values) {
    const double place = width > 0 ? (static_cast<double>(v) - smallest) / width : 0;
    ++bins[std::min(kBins - 1, static_cast<std::size_t>(std::max(0.0, place)))];
  }
  return bins;
}

std::string dropout_text(const DropoutSpec& dropout) {
  if (dropout.rate == 0) return "none";
  std::string rate = std::to_string(dropout.rate);
  rate.erase(rate.find_last_not_of('0') + 1);
  return rate + " " + std::string(name(dropout.kind));
}

LayerInfo layer_info(const model::ModelFile& file, const net::ParameterLayout& layout, std::size_t l) {
  const LayerSpec& layer = file.network.layers[l];
  LayerInfo info;
  info.name = "layers." + std::to_string(l);
  info.activation = name(layer.activation);
  info.initializer = name(math::resolve_initializer(layer.initializer, layer.activation));
  info.dropout = dropout_text(layer.dropout);
  info.norm = name(layer.norm);
  info.inputs = file.network.fan_in(l);
  info.units = layer.units;
  info.residual = layer.residual;
  for (const net::Tensor& tensor : layout.tensors) {
    if (tensor.layer == l && tensor.role != net::Role::input_scale) info.parameters += tensor.info.size;
  }
  const auto values = [&](net::Role role) {
    const net::Tensor* tensor = layout.find(role, l);
    return tensor == nullptr ? std::span<const float>()
                             : std::span(file.parameters).subspan(tensor->info.offset, tensor->info.size);
  };
  const std::span<const float> weight = values(net::Role::weight);
  info.weight_norm = norm_of(weight);
  info.bias_norm = norm_of(values(net::Role::bias));
  const auto [low, high] = std::minmax_element(weight.begin(), weight.end());
  info.smallest = static_cast<double>(*low);
  info.largest = static_cast<double>(*high);
  info.histogram = histogram(weight, info.smallest, info.largest);
  return info;
}

std::string joined(const std::vector<std::string>& words, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < words.size() && i < most; ++i)
    text += (i ? ", " : "") + (words[i].empty() ? "(missing)" : words[i]);
  return text + (words.size() > most ? ", ..." : "");
}

std::string column_text(const features::ColumnState& column) {
  std::string text = column.name + ": ";
  switch (column.type) {
    case data::ColumnType::numeric:
      text += "(x - " + std::to_string(column.center) + ") / " + std::to_string(column.scale);
      if (column.style && !data::style_text(column.style->number).empty()) text += ", " + data::style_text(column.style->number);
      break;
    case data::ColumnType::categorical:
      text += "one input per value: " + joined(column.levels, 8);
      break;
    case data::ColumnType::date:
      text += "date, parts: " + joined(column.levels, 8);
      if (column.style) text += ", " + data::date_style_name(column.style->date);
      break;
  }
  if (column.other) text += ", others together";
  return text + (column.indicator ? ", and whether it is missing" : "");
}

std::vector<std::string> feature_lines(const features::FeatureSet& features) {
  std::vector<std::string> lines;
  if (features.dense.columns > 0) {
    lines.push_back(features.dense.name(0) + ".." + std::to_string(features.dense.number(features.dense.columns - 1)) + ": scaled " +
                    (features.dense.center.size() == 1 ? "together" : "each for itself"));
  }
  for (const features::ColumnState& column : features.columns) lines.push_back(column_text(column));
  return lines;
}

}  // namespace

ModelInfo Model::inspect() const {
  const model::ModelFile file = impl().now();
  const net::ParameterLayout layout(file.network);
  ModelInfo info;
  info.path = impl().path;
  info.digest = digest();
  const auto program = file.facts.find("program");
  info.version = program == file.facts.end() ? "" : program->second;
  info.task = file.features.target.classification ? "classification" : "regression";
  info.target = file.features.target.name;
  info.spec_toml = spec_to_toml(file.network, file.training);
  info.precision = name(file.training.precision);
  info.parameters = layout.size;
  info.inputs = file.network.inputs;
  info.outputs = file.network.outputs();
  for (std::size_t l = 0; l < file.network.layers.size(); ++l) info.layers.push_back(layer_info(file, layout, l));
  info.features = feature_lines(file.features);
  for (const auto& [name, value] : file.facts) {
    if (name == api::kHistoryFact) info.history = api::parse_history(value, impl().path);
    else info.training.push_back({name, value});
  }
  info.plan = impl().network.plan();
  return info;
}

}  // namespace chainrule
