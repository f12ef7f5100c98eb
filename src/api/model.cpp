// A trained model: load, check, save, predict, evaluate.
#include "chainrule/model.h"

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

}  // namespace

Model::Impl::Impl(std::string path_, model::ModelFile file_, const PlanOptions& options_)
    : path(std::move(path_)),
      file(std::move(file_)),
      unit(api::unit_of(file.features.target)),
      options(options_),
      network(file.network, file.training, options_) {
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
  model.impl().digest = model::model_digest(model.impl().file);
  return model;
}

void Model::save(const std::string& path) const { model::save_model(path, impl_->file); }

Table Model::read(const std::string& path, const ReadOptions& options) const {
  const auto uses = [&](const data::Table& header) { return features::labelled_uses(impl_->file.features, header); };
  return Table(std::make_shared<const data::Table>(data::read_table(path, options, uses)));
}

Predictions Model::predict(const Table& table, std::size_t samples) {
  return api::TablePredictor(*impl_, samples).predict(table.data());
}

void Model::predict_file(const std::string& path, const ReadOptions& options, std::size_t samples,
                         const std::function<void(const Predictions&)>& take) {
  const auto uses = [&](const data::Table& header) { return features::column_uses(impl_->file.features, header); };
  data::TableStream stream(path, options, uses, impl_->options.threads != 1 && usable_cores() > 1);
  api::TablePredictor predictor(*impl_, samples);
  while (const std::optional<data::Table> part = stream.next()) take(predictor.predict(*part));
}

Metrics Model::evaluate(const Table& table) {
  if (!features::has_target(impl_->file.features, table.data())) {
    throw Error("E0320", table.data().source,
                "the target column \"" + impl_->file.features.target.name + "\" is missing",
                "evaluate needs rows with their true answers; predict does not");
  }
  std::vector<std::string> warnings;
  api::NumberTable numbers =
      api::apply_features(impl_->file.features, impl_->file.network.loss.kind, table.data(), true, warnings);
  api::weigh_rows(numbers, impl_->file.features, table.data());
  std::vector<float> outputs(numbers.rows * impl_->file.network.outputs());
  impl_->network.predict(numbers.x.data(), numbers.rows, outputs.data());
  const training::DataPart part{numbers.samples(), rows_of(numbers.rows)};
  return training::measure(impl_->file.network, impl_->unit, part, outputs, impl_->file.parameters);
}

void Model::predict_inputs(std::span<const float> x, std::span<float> outputs) {
  impl_->network.predict(x.data(), 1, outputs.data());
}

const std::vector<std::string>& Model::notes() const { return impl_->notes; }

const std::string& Model::digest() const noexcept { return impl_->digest; }

Network& Model::network() { return impl_->network; }

}  // namespace chainrule
