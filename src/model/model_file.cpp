// The model file: one tensor per parameter tensor, everything else as texts in the metadata.
#include "model/model_file.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "files/atomic_file.h"
#include "base/byte_text.h"
#include "base/digest.h"
#include "chainrule/error.h"
#include "math/losses.h"
#include "model/model_part.h"
#include "model/sealed_file.h"
#include "model/tensor_file.h"

namespace chainrule::model {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kAveraged = "averaged.";  // prefix of the averaged weights' tensors

[[noreturn]] void refuse(const std::string& source, const std::string& message) {
  throw Error("E0414", source, message, "the file was changed or damaged; train again");
}

bool row_is_finite(std::span<const float> values, std::size_t row, std::size_t width) {
  for (const float value : values.subspan(row * width, width)) {
    if (!std::isfinite(value)) return false;
  }
  return true;
}

/// Floats as the exact doubles they are; JSON has no other numbers.
void append_row(Json& list, std::span<const float> values, std::size_t row, std::size_t width) {
  for (const float value : values.subspan(row * width, width)) list.push_back(static_cast<double>(value));
}

std::string self_test_to_json(const ModelFile& model) {
  const SelfTest& test = model.self_test;
  const std::size_t inputs = model.network.inputs, outputs = model.network.outputs();
  if (test.inputs.size() != test.rows * inputs || test.outputs.size() != test.rows * outputs) refuse("self-test", "sizes contradict the network");
  Json input_list = Json::array(), output_list = Json::array();
  std::size_t kept = 0;
  for (std::size_t row = 0; row < test.rows; ++row) {
    if (!row_is_finite(test.inputs, row, inputs) || !row_is_finite(test.outputs, row, outputs)) continue;
    append_row(input_list, test.inputs, row, inputs);
    append_row(output_list, test.outputs, row, outputs);
    ++kept;
  }
  return Json{{"rows", kept}, {"inputs", std::move(input_list)}, {"outputs", std::move(output_list)}}.dump();
}

std::vector<float> read_floats(const Json& list, const std::string& source) {
  std::vector<float> values;
  for (const Json& entry : list) {
    const double value = entry.is_number() ? entry.get<double>() : NAN;
    const float rounded = std::abs(value) <= std::numeric_limits<float>::max() ? static_cast<float>(value) : NAN;
    if (!(static_cast<double>(rounded) == value)) refuse(source, "a self-test value is not a 32-bit float");
    values.push_back(rounded);
  }
  return values;
}

SelfTest self_test_from_json(const std::string& text, const NetworkSpec& network, const std::string& source) {
  try {
    const Json json = Json::parse(text);
    SelfTest test;
    test.inputs = read_floats(json.at("inputs"), source);
    test.outputs = read_floats(json.at("outputs"), source);
    test.rows = test.inputs.size() / network.inputs;
    if (json.at("rows") != test.rows || test.inputs.size() != test.rows * network.inputs ||
        test.outputs.size() != test.rows * network.outputs()) {
      refuse(source, "the self-test rows do not fit the network");
    }
    return test;
  } catch (const Json::exception& problem) {
    refuse(source, std::string("the self-test rows cannot be read: ") + problem.what());
  }
}

/// The spec's own errors are the user's when typed, but the file's when stored.
ParsedSpec read_spec(const std::string& text, const std::string& source) {
  try {
    ParsedSpec spec = spec_from_toml(text, source);
    check_spec(spec.network, spec.training);
    return spec;
  } catch (const Error& error) {
    refuse(source, std::string("the stored network spec is not valid: ") + error.what());
  }
}

/// Digits for the very double.
std::string factor_text(double factor) {
  char buffer[40];
  return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, factor).ptr);
}

/// A factor that makes the rates rates again.
double read_factor(const std::string& text, const NetworkSpec& network, const std::string& source) {
  double factor = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), factor);
  bool possible = error == std::errc() && end == text.data() + text.size() && factor >= 0 && std::isfinite(factor);
  possible = possible && network.input_dropout.rate * factor < 1;
  for (const LayerSpec& layer : network.layers) possible = possible && layer.dropout.rate * factor < 1;
  if (!possible) refuse(source, "the dropout factor \"" + text.substr(0, 40) + "\" is not possible");
  return factor;
}

void check_features(const features::FeatureSet& features, const NetworkSpec& network, const std::string& source) {
  if (features.inputs == 0) return;
  if (features.inputs != network.inputs) {
    refuse(source, "the features give " + std::to_string(features.inputs) + " inputs, the network takes " + std::to_string(network.inputs));
  }
  const std::size_t classes = features.target.classes.size(), outputs = network.outputs();
  if (features.target.classification && outputs != classes && !(outputs == 1 && classes == 2)) {
    refuse(source, std::to_string(classes) + " classes do not fit " + std::to_string(outputs) + " outputs");
  }
  if (!features.target.classification && outputs != math::outputs_per_target(network.loss.kind)) {
    refuse(source, "one number as the target does not fit " + std::to_string(outputs) + " outputs");
  }
}

features::FeatureSet read_features(const std::string& text, const std::string& source) {
  if (text.empty()) return {};
  try {
    return features::from_json(text);
  } catch (const Error& error) {
    throw Error(error.code(), source + ", " + error.where(), error.message(), error.hint());
  }
}

}  // namespace

NetworkSpec predicting_network(const ModelFile& model) {
  NetworkSpec network = model.network;
  network.input_dropout.rate *= model.dropout_factor;
  for (LayerSpec& layer : network.layers) layer.dropout.rate *= model.dropout_factor;
  return network;
}

std::string model_digest(const ModelFile& model) { return digest_of(model.parameters); }

std::string texts_to_json(const std::map<std::string, std::string>& texts) {
  Json json = Json::object();
  for (const auto& [key, text] : texts) json[key] = text_of_bytes(text);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::map<std::string, std::string> texts_from_json(const std::string& json, const std::string& source, const std::string& what) {
  try {
    auto texts = Json::parse(json).get<std::map<std::string, std::string>>();
    for (auto& [key, text] : texts) text = bytes_of_text(text);
    return texts;
  } catch (const Json::exception& problem) {
    refuse(source, what + " cannot be read: " + problem.what());
  }
}

namespace {

void put_texts(TensorFile& file, const ModelFile& model) {
  file.metadata["spec"] = spec_to_toml(model.network, model.training);
  if (model.features.inputs != 0) file.metadata["features"] = features::to_json(model.features);
  file.metadata["digest"] = model_digest(model);
  if (model.dropout_factor != 1) file.metadata["dropout_factor"] = factor_text(model.dropout_factor);
  file.metadata["facts"] = texts_to_json(model.facts);
  file.metadata["self_test"] = self_test_to_json(model);
}

}  // namespace

void put_model(TensorFile& file, const ModelFile& model, const net::ParameterLayout& layout) {
  check_features(model.features, model.network, "model");
  put_parameters(file, layout, "", model.parameters);
  if (!model.averaged.empty()) put_parameters(file, layout, kAveraged, model.averaged);
  put_texts(file, model);
}

ModelFile take_model(FileParts& parts) {
  const std::string& source = parts.source();
  ParsedSpec spec = read_spec(parts.entry("spec"), source);
  ModelFile model;
  model.network = std::move(spec.network);
  model.training = std::move(spec.training);
  model.features = read_features(parts.entry_or("features", ""), source);
  check_features(model.features, model.network, source);
  const net::ParameterLayout layout(model.network);
  model.parameters = parts.take_parameters(layout, "");
  model.averaged = parts.take_optional_parameters(layout, kAveraged);
  if (const std::string stored = parts.entry("digest"); model_digest(model) != stored) {
    throw Error("E0410", source, "the parameters do not have the stored digest " + stored.substr(0, 12) + "...", "copy the file again, or train again");
  }
  model.dropout_factor = read_factor(parts.entry_or("dropout_factor", "1"), model.network, source);
  model.facts = texts_from_json(parts.entry("facts"), source, "the facts");
  model.self_test = self_test_from_json(parts.entry("self_test"), model.network, source);
  return model;
}

std::string format_model(const ModelFile& model) {
  TensorFile file;
  put_model(file, model, net::ParameterLayout(model.network));
  return format_sealed_file(std::move(file), "model");
}

ModelFile parse_model(std::string_view bytes, const std::string& source) {
  FileParts parts(parse_sealed_file(bytes, "model", source), source);
  ModelFile model = take_model(parts);
  parts.expect_empty();
  return model;
}

ModelFile load_model(const std::string& path) { return parse_model(read_tensor_bytes(path), path); }

void save_model(const std::string& path, const ModelFile& model) {
  const std::string bytes = format_model(model);
  parse_model(bytes, path);
  write_file_atomically(path, bytes, Check::read_back);
}

void check_can_be_saved(const ModelFile& model) {
  TensorFile file;
  put_texts(file, model);
  format_tensor_file(file);
}

void check_self_test(const SelfTest& expected, const std::vector<float>& outputs, const std::string& source) {
  const std::size_t width = expected.rows == 0 ? 0 : expected.outputs.size() / expected.rows;
  for (std::size_t i = 0; i < expected.outputs.size(); ++i) {
    if (i < outputs.size() && std::bit_cast<std::uint32_t>(outputs[i]) == std::bit_cast<std::uint32_t>(expected.outputs[i])) continue;
    throw Error("E0412", source, "output " + std::to_string(i % width) + " of self-test row " + std::to_string(i / width) + " is " +
                (i < outputs.size() ? std::to_string(outputs[i]) : "missing") + ", stored is " + std::to_string(expected.outputs[i]),
                "this program or machine computes otherwise than the one that saved the model: please report it");
  }
}

}  // namespace chainrule::model
