// Model files: exact round trips, and refusal of everything that is not what was written.
#include "model/model_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <limits>

#include "files/atomic_file.h"
#include "chainrule/error.h"
#include "model/example_model.h"
#include "model/sealed_file.h"
#include "model/tensor_file.h"
#include "testing/error_of.h"
#include "testing/own_folder.h"

namespace chainrule::model {
namespace {

void expect_same(const ModelFile& a, const ModelFile& b) {
  EXPECT_EQ(a.network, b.network);
  EXPECT_EQ(a.training, b.training);
  EXPECT_EQ(features::to_json(a.features), features::to_json(b.features));
  EXPECT_EQ(a.parameters, b.parameters);
  EXPECT_EQ(a.averaged, b.averaged);
  EXPECT_EQ(a.facts, b.facts);
  EXPECT_EQ(a.self_test.rows, b.self_test.rows);
  EXPECT_EQ(a.self_test.inputs, b.self_test.inputs);
  EXPECT_EQ(a.self_test.outputs, b.self_test.outputs);
}

TEST(ModelFiles, RoundTripIsExact) {
  const ModelFile model = example_model();
  const std::string bytes = format_model(model);
  const ModelFile back = parse_model(bytes, "m");
  expect_same(model, back);
  EXPECT_EQ(format_model(back), bytes);
  EXPECT_EQ(model_digest(back), model_digest(model));
}

TEST(ModelFiles, AverageSelfTestFactsAndFeaturesMayBeAbsent) {
  ModelFile model = example_model();
  model.averaged.clear();
  model.facts.clear();
  model.features = {};
  model.self_test = {};
  expect_same(model, parse_model(format_model(model), "m"));
}

TEST(ModelFiles, EveryActivationNormAndResidualFitsTheLayout) {
  for (const Activation activation : all<Activation>()) {
    for (const Norm norm : all<Norm>()) {
      ModelFile model;
      model.network.inputs = 3;
      model.network.input_scale = true;
      model.network.layers.resize(2);
      LayerSpec& hidden = model.network.layers[0];
      hidden.units = 3;
      hidden.activation = activation;
      hidden.norm = norm;
      hidden.bias = norm == Norm::none;
      hidden.residual = true;
      model.network.layers[1].units = 1;
      model.network.layers[1].activation = Activation::identity;
      model.parameters = wave(net::ParameterLayout(model.network).size, 1);
      expect_same(model, parse_model(format_model(model), "m"));
    }
  }
}

TEST(ModelFiles, CutAtEveryByteIsRefused) {
  const std::string bytes = format_model(example_model());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Error error = error_of([&] { parse_model(std::string_view(bytes).substr(0, size), "m"); });
    ASSERT_EQ(error.kind(), ErrorKind::file) << size;
    ASSERT_EQ(error.code().substr(0, 3), "E04") << size;
  }
  EXPECT_EQ(error_of([&] { parse_model(bytes + '\0', "m"); }).code(), "E0406");
}

TEST(ModelFiles, EveryFlippedBitIsRefused) {
  std::string bytes = format_model(example_model());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    char& byte = bytes[bit / 8];
    byte = static_cast<char>(byte ^ (1 << (bit % 8)));
    const std::string code = error_of([&] { parse_model(bytes, "m"); }).code();
    ASSERT_EQ(code.substr(0, 3), "E04") << "bit " << bit;
    byte = static_cast<char>(byte ^ (1 << (bit % 8)));
  }
  EXPECT_EQ(error_of([&] { parse_model(bytes, "m"); }).code(), "none");
}

/// The example, changed and sealed again: what a mistaken program, not a damaged disk, would write.
template <class Change>
std::string code_after(Change change) {
  TensorFile file = parse_tensor_file(format_model(example_model()), "m");
  change(file);
  const std::string bytes = format_sealed_file(file, "model");
  return error_of([&] { parse_model(bytes, "m"); }).code();
}

void replace(std::string& text, const std::string& from, const std::string& to) {
  const std::size_t place = text.find(from);
  ASSERT_NE(place, std::string::npos) << from << " in " << text;
  text.replace(place, from.size(), to);
}

TEST(ModelFiles, FilesOfOtherSchemasAreRefused) {
  TensorFile foreign;
  foreign.tensors = {{"w", {1}, {1}}};
  EXPECT_EQ(error_of([&] { parse_model(format_tensor_file(foreign), "m"); }).code(), "E0413");
  EXPECT_EQ(error_of([&] { parse_model(format_sealed_file(foreign, "model"), "m"); }).code(), "E0413");
  EXPECT_EQ(error_of([&] { parse_model(format_checkpoint(example_checkpoint(1)), "m"); }).code(), "E0413");
  TensorFile newer = parse_tensor_file(format_model(example_model()), "m");
  newer.metadata["format_version"] = "2";
  const Error error = error_of([&] { parse_model(format_tensor_file(newer), "m"); });
  EXPECT_EQ(error.code(), "E0413");
  EXPECT_NE(error.message().find("\"2\""), std::string::npos);
}

TEST(ModelFiles, SealedButContradictingFilesAreRefused) {
  EXPECT_EQ(code_after([](TensorFile&) {}), "none");
  for (const char* key : {"spec", "digest", "facts", "self_test"}) {
    EXPECT_EQ(code_after([&](TensorFile& file) { file.metadata.erase(key); }), "E0413") << key;
  }
  EXPECT_EQ(code_after([](TensorFile& file) { file.metadata["facts"] = "[1]"; }), "E0414");
  EXPECT_EQ(code_after([](TensorFile& file) { file.metadata["spec"] = "inputs = 4\nlayers = 7\n"; }), "E0414");
  EXPECT_EQ(code_after([](TensorFile& file) { file.metadata["spec"] += "\n[surprise]\nx = 1\n"; }), "E0414");
  EXPECT_EQ(code_after([](TensorFile& file) { file.metadata["features"] = "{}"; }), "E0411");
  EXPECT_EQ(code_after([](TensorFile& file) { file.metadata["features"].pop_back(); }), "E0411");
  EXPECT_EQ(code_after([](TensorFile& file) { file.metadata["self_test"] = "{\"rows\":3,\"inputs\":[],\"outputs\":[]}"; }), "E0414");
  EXPECT_EQ(code_after([](TensorFile& file) { replace(file.metadata["self_test"], "\"outputs\":[", "\"outputs\":[0.1,"); }), "E0414");
  EXPECT_EQ(code_after([](TensorFile& file) { replace(file.metadata["self_test"], "\"rows\":2", "\"rows\":1"); }), "E0414");
  EXPECT_EQ(code_after([](TensorFile& file) { file.tensors[0].values[0] += 1; }), "E0410");
  EXPECT_EQ(code_after([](TensorFile& file) { file.tensors.pop_back(); }), "E0414");
  EXPECT_EQ(code_after([](TensorFile& file) { file.tensors.erase(file.tensors.begin()); }), "E0414");
  EXPECT_EQ(code_after([](TensorFile& file) { std::swap(file.tensors[0].shape[0], file.tensors[0].shape[1]); }), "E0414");
  EXPECT_EQ(code_after([](TensorFile& file) { file.tensors.push_back({"stranger", {1}, {1}}); }), "E0414");
}

TEST(ModelFiles, ContradictingModelsAreNotWritten) {
  ModelFile model = example_model();
  model.parameters.pop_back();
  EXPECT_EQ(error_of([&] { format_model(model); }).code(), "E0414");
  model = example_model();
  model.averaged.push_back(1);
  EXPECT_EQ(error_of([&] { format_model(model); }).code(), "E0414");
  model = example_model();
  model.self_test.rows = 3;
  EXPECT_EQ(error_of([&] { format_model(model); }).code(), "E0414");
}

TEST(ModelFiles, SelfTestComparesBits) {
  const SelfTest test = example_model().self_test;
  check_self_test(test, test.outputs, "m");
  for (std::size_t i = 0; i < test.outputs.size(); ++i) {
    std::vector<float> outputs = test.outputs;
    outputs[i] = std::nextafter(outputs[i], 10.0f);
    const Error error = error_of([&] { check_self_test(test, outputs, "m"); });
    EXPECT_EQ(error.code(), "E0412");
    EXPECT_NE(error.message().find("output " + std::to_string(i % 2) + " of self-test row " + std::to_string(i / 2)), std::string::npos);
  }
  EXPECT_EQ(error_of([&] { check_self_test(test, {}, "m"); }).code(), "E0412");
  check_self_test({}, {}, "m");
}

TEST(ModelFiles, SelfTestRowsThatAreNotFiniteAreLeftOut) {
  ModelFile model = example_model();
  model.self_test.outputs[0] = std::numeric_limits<float>::infinity();
  const SelfTest test = parse_model(format_model(model), "m").self_test;
  EXPECT_EQ(test.rows, 1u);
  EXPECT_EQ(test.outputs, (std::vector<float>{model.self_test.outputs[2], model.self_test.outputs[3]}));
}

class ModelsOnDisk : public OwnFolder {};

TEST_F(ModelsOnDisk, SavedFilesLoadAndMissingOnesAreE0401) {
  save_model(path("m"), example_model());
  expect_same(example_model(), load_model(path("m")));
  EXPECT_EQ(error_of([&] { load_model(path("none")); }).code(), "E0401");
}

std::string golden(const std::string& name) {
  return (std::filesystem::path(__FILE__).parent_path() / "../../tests/golden" / name).string();
}

/// Files of format version 1 as the first release wrote them: they must load for ever. CHAINRULE_WRITE_GOLDEN=1 writes missing ones.
TEST(GoldenFiles, VersionOneLoadsWithTheKnownDigest) {
  const bool write = std::getenv("CHAINRULE_WRITE_GOLDEN") != nullptr;
  if (write && !std::filesystem::exists(golden("model-1.safetensors"))) save_model(golden("model-1.safetensors"), example_model());
  if (write && !std::filesystem::exists(golden("checkpoint-1.safetensors"))) {
    write_file_atomically(golden("checkpoint-1.safetensors"), format_checkpoint(example_checkpoint(4)));
  }
  const ModelFile model = load_model(golden("model-1.safetensors"));
  EXPECT_EQ(model_digest(model), "03a8b4997f697d15609b643faae716c364f1ad3d7b07d7f0040f9a693ab69198");
  EXPECT_EQ(model.facts.at("program"), "chainrule 0.1.0");
  EXPECT_EQ(model.training.seed, 42u);
  EXPECT_EQ(model.features.target.classes, (std::vector<std::string>{"no", "yes"}));
  const auto row = model.self_test.inputs.begin();
  const std::vector<float> outputs = forward(model.network, model.averaged, {row, row + static_cast<std::ptrdiff_t>(model.network.inputs)});
  EXPECT_EQ(outputs, (std::vector<float>{model.self_test.outputs[0], model.self_test.outputs[1]}));
  const Checkpoint checkpoint = parse_checkpoint(read_tensor_bytes(golden("checkpoint-1.safetensors")), "checkpoint-1");
  EXPECT_EQ(checkpoint.epoch, 4u);
  EXPECT_EQ(checkpoint.step, 40u);
  EXPECT_EQ(checkpoint.settings.at("lr"), "0.001");
  EXPECT_EQ(checkpoint.optimizer_state.size(), 2u);
  EXPECT_EQ(model_digest(checkpoint.model), "6d2666073bd41dfa562277088f493416e48a5b493ac59dada0fdce9dcd335433");
}

}  // namespace
}  // namespace chainrule::model
