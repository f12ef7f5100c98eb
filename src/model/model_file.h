// A trained model as one file: network, features, parameters, how it was made, and rows to test it with. Format: docs/formats/model.md.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/network_spec.h"
#include "features/feature_set.h"

namespace chainrule::model {

/// Rows in feature space and the very outputs the model gave for them when it was saved; a loader must get the same bits.
struct SelfTest {
  std::size_t rows = 0;
  std::vector<float> inputs;   ///< [rows, network.inputs]
  std::vector<float> outputs;  ///< [rows, network.outputs()], as Plan::predict gives them (averaged weights when there are any)
};

struct ModelFile {
  NetworkSpec network;
  TrainingSpec training;
  features::FeatureSet features;
  std::vector<float> parameters;             ///< net::ParameterLayout order, layout.size floats
  std::vector<float> averaged;               ///< running mean of the weights, same order; empty when the run kept none
  double dropout_factor = 1;                 ///< multiplies the spec's dropout rates in predictions: where the run's schedule had come to
  std::map<std::string, std::string> facts;  ///< how it was trained, for people: "seed", "split", "epochs", "program", "data", ...
  SelfTest self_test;                        ///< rows may be 0
};

/// The network as it predicts: the spec with the dropout rates of the last step.
NetworkSpec predicting_network(const ModelFile& model);

/// SHA-256 over `parameters` as little-endian floats, 64 hex digits: equal digests are equal models.
std::string model_digest(const ModelFile& model);

/// The bytes of a model file. Throws Error E0414 when sizes contradict the spec. Self-test rows that are not finite are left out.
std::string format_model(const ModelFile& model);
/// Checks structure, content digest, spec against tensors, and parameter digest; throws Error E0402..E0414. `source` names the file.
/// The self-test rows are handed out unchecked: running them needs an engine (check_self_test below).
ModelFile parse_model(std::string_view bytes, const std::string& source);

/// Throws Error E0428 when a file of this network and features could not be read back; for a look before training.
void check_can_be_saved(const ModelFile& model);

ModelFile load_model(const std::string& path);
/// Whole or not at all (files/atomic_file.h), and read back before it takes its place: throws Error E0421..E0428 and leaves
/// the old file untouched.
void save_model(const std::string& path, const ModelFile& model);

/// Throws Error E0412 naming row and output when `outputs` (what an engine computed from self_test.inputs) differ in any bit.
void check_self_test(const SelfTest& expected, const std::vector<float>& outputs, const std::string& source);

}  // namespace chainrule::model
