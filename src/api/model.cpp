// A trained model: load, check, save, predict, evaluate.
#include "chainrule/model.h"

#include "api/call_checks.h"
#include "api/model_impl.h"
#include "api/prepared_data.h"
#include "api/run_folder.h"
#include "api/table_predictor.h"
#include "base/usable_cores.h"
#include "chainrule/error.h"
#include "data/input.h"
#include "data/table.h"
#include "data/table_stream.h"
#include "features/column_source.h"

namespace chainrule {
namespace {

std::vector<std::uint32_t> rows_of(std::size_t count) {
  std::vector<std::uint32_t> rows(count);
  for (std::size_t i = 0; i < count; ++i) rows[i] = static_cast<std::uint32_t>(i);
  return rows;
}

/// The format allows a model of plain numbers, but a Model is one that takes tables.
void require_features(const model::ModelFile& content, const std::string& file) {
  if (content.features.inputs != 0) return;
  throw Error("E0411", file, "the file does not say how the columns of a table become inputs (no entry \"features\")",
              "train again, or give a model that was trained on a table");
}

/// Models of version 0.1.0, and of arrays, whose columns are found by number.
constexpr const char* kUnsaidReading =
    "the model does not say how its table was read: header and markers of missing cells are detected in each file anew";

}  // namespace

Model::Impl::Impl(std::string path_, model::ModelFile file_, const PlanOptions& options_)
    : path(std::move(path_)),
      file(std::move(file_)),
      unit(api::unit_of(file.features.target)),
      options(options_),
      predicting(model::predicting_network(file)),
      network(predicting, file.training, options_) {
  network.set_parameters(file.parameters);
  if (!file.averaged.empty()) network.set_average(file.averaged);
}

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

Model Model::load(const std::string& path, const PlanOptions& options) {
  const bool folder = data::is_folder(path);
  const std::string file = folder ? api::model_path(path) : path;
  if (folder && !data::is_file(file) && model::has_checkpoint(path)) {
    throw Error("E0401", path, "holds an unfinished run without a model", "finish the run first, with --resume");
  }
  model::ModelFile content = model::load_model(file);
  require_features(content, file);
  Model model(std::make_unique<Impl>(file, std::move(content), options));
  const model::SelfTest& test = model.impl().file.self_test;
  std::vector<float> outputs(test.outputs.size());
  model.network().predict(test.inputs.data(), test.rows, outputs.data());
  model::check_self_test(test, outputs, file);
  model.impl().notes = api::notes_on_model(file);
  if (!model.impl().file.features.reading && model.impl().file.features.dense.columns == 0) model.impl().notes.emplace_back(kUnsaidReading);
  return model;
}

Model::Impl& Model::impl() const { return api::held(impl_, "Model"); }

// The network's weights may have been changed since the model was loaded: what is written is what predicts now.
model::ModelFile Model::Impl::now() {
  model::ModelFile current = file;
  if (network.parameter_count() != file.parameters.size() || network.spec().inputs != file.network.inputs ||
      network.spec().outputs() != file.network.outputs()) {
    throw Error("E0414", path, "the network is not of the model's shape any more", "a model's network keeps its spec: change its weights only");
  }
  current.network = network.spec();
  current.training = network.training();
  current.parameters = network.parameters();
  current.averaged = network.average();
  if (current.parameters == file.parameters && current.averaged == file.averaged) return current;
  current.facts["changed"] = "weights were changed after training";
  network.predict(current.self_test.inputs.data(), current.self_test.rows, current.self_test.outputs.data());
  return current;
}

void Model::save(const std::string& path) const { model::save_model(path, impl().now()); }

Table Model::read(const std::string& path, const ReadOptions& options) const {
  const features::FeatureSet& features = impl().file.features;
  data::Table table = data::read_table(path, options, features::labelled_table(features));
  for (const std::string& name : {features.target.name, features.target.weight_column}) {
    if (!name.empty()) table.take_out_of_block(name);
  }
  return Table(std::make_shared<const data::Table>(std::move(table)));
}

Predictions Model::predict(const Table& table, std::size_t samples) {
  return api::TablePredictor(impl(), samples).predict(table.data());
}

void Model::predict_file(const std::string& path, const ReadOptions& options, std::size_t samples,
                         const std::function<void(const Predictions&)>& take) {
  if (!take) api::refuse_argument("predict_file", "take", "is empty", "it is called with the predictions");
  data::TableStream stream(path, options, features::unlabelled_table(impl().file.features), impl().options.threads != 1 && usable_cores() > 1);
  api::TablePredictor predictor(impl(), samples);
  while (const std::optional<data::Table> part = stream.next()) take(predictor.predict(*part));
}

Metrics Model::evaluate(const Table& table) {
  if (!features::has_target(impl().file.features, table.data())) {
    throw Error("E0320", table.data().source,
                "the target column \"" + impl().file.features.target.name + "\" is missing",
                "evaluate needs rows with their true answers; predict does not");
  }
  std::vector<std::string> warnings;
  api::NumberTable numbers =
      api::apply_features(impl().file.features, impl().file.network.loss.kind, table.data(), true, warnings);
  api::weigh_rows(numbers, impl().file.features, table.data());
  std::vector<float> outputs(numbers.rows * impl().file.network.outputs());
  impl().network.predict(numbers.x.data(), numbers.rows, outputs.data());
  const training::DataPart part{numbers.samples(), rows_of(numbers.rows)};
  return training::measure(impl().file.network, impl().unit, part, outputs, impl().file.parameters);
}

void Model::predict_inputs(std::span<const float> x, std::span<float> outputs) {
  const NetworkSpec& spec = network().spec();
  api::check_size("predict_inputs", "x", x.size(), spec.inputs, "[inputs]");
  api::check_size("predict_inputs", "outputs", outputs.size(), spec.outputs(), "[outputs]");
  impl().network.predict(x.data(), 1, outputs.data());
}

const std::vector<std::string>& Model::notes() const { return impl().notes; }

std::string Model::digest() const { return impl().network.digest(); }

Network& Model::network() { return impl().network; }

}  // namespace chainrule
