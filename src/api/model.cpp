// A trained model: load, check, save, predict, evaluate.
#include "chainrule/model.h"

#include <cmath>

#include "api/model_impl.h"
#include "api/prepared_data.h"
#include "api/run_folder.h"
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

/// Mean and standard deviation over Monte-Carlo samples, in sample order (Welford 1962: no cancellation).
struct Spread {
  std::vector<double> mean, squares;
  double count = 0;

  void add(const std::vector<float>& values) {
    mean.resize(values.size());
    squares.resize(values.size());
    count += 1;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double before = static_cast<double>(values[i]) - mean[i];
      mean[i] += before / count;
      squares[i] += before * (static_cast<double>(values[i]) - mean[i]);
    }
  }
  void finish(std::vector<float>& means, std::vector<float>& deviations) const {
    for (std::size_t i = 0; i < mean.size(); ++i) {
      means.push_back(static_cast<float>(mean[i]));
      deviations.push_back(static_cast<float>(std::sqrt(squares[i] / count)));
    }
  }
};

// Probabilities or values in the target's unit.
std::vector<float> readable(const Model::Impl& model, std::span<const float> outputs, std::size_t rows) {
  if (model.unit.classification) {
    return training::class_probabilities(model.file.network, outputs, rows, model.unit.classes.size());
  }
  return training::target_predictions(model.file.network, model.unit, outputs, rows);
}

void set_labels(Predictions& predictions) {
  const std::size_t classes = predictions.classes.size();
  predictions.labels.resize(predictions.rows);
  for (std::size_t i = 0; i < predictions.rows; ++i) {
    predictions.labels[i] = training::largest({predictions.probabilities.data() + i * classes, classes});
  }
}

}  // namespace

Model::Impl::Impl(std::string path_, model::ModelFile file_, const PlanOptions& options)
    : path(std::move(path_)),
      file(std::move(file_)),
      unit(api::unit_of(file.features.target)),
      network(file.network, file.training, options) {
  network.set_parameters(file.parameters);
  if (!file.averaged.empty()) network.set_average(file.averaged);
}

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

Model Model::load(const std::string& path, const PlanOptions& options) {
  const std::string file = data::is_folder(path) ? api::model_path(path) : path;
  Model model(std::make_unique<Impl>(file, model::load_model(file), options));
  const model::SelfTest& test = model.impl().file.self_test;
  std::vector<float> outputs(test.outputs.size());
  model.network().predict(test.inputs.data(), test.rows, outputs.data());
  model::check_self_test(test, outputs, file);
  return model;
}

void Model::save(const std::string& path) const { model::save_model(path, impl_->file); }

Predictions Model::predict(const Table& table, std::size_t samples) {
  std::vector<std::string> warnings;
  const api::NumberTable numbers =
      api::apply_features(impl_->file.features, impl_->file.network.loss.kind, table.data(), false, warnings);
  Predictions predictions;
  predictions.classification = impl_->unit.classification;
  predictions.rows = numbers.rows;
  predictions.classes = impl_->unit.classes;
  predictions.warnings = std::move(warnings);
  std::vector<float> outputs(numbers.rows * impl_->file.network.outputs());
  std::vector<float>& answers = predictions.classification ? predictions.probabilities : predictions.values;
  if (samples == 0) {
    impl_->network.predict(numbers.x.data(), numbers.rows, outputs.data());
    answers = readable(*impl_, outputs, numbers.rows);
  } else {
    Spread spread;
    for (std::size_t sample = 0; sample < samples; ++sample) {
      impl_->network.predict_sample(numbers.x.data(), numbers.rows, sample, outputs.data());
      spread.add(readable(*impl_, outputs, numbers.rows));
    }
    spread.finish(answers, predictions.spread);
  }
  if (predictions.classification) set_labels(predictions);
  return predictions;
}

void Model::predict_file(const std::string& path, const ReadOptions& options, std::size_t samples,
                         const std::function<void(const Predictions&)>& take) {
  if (samples > 0) {  // masks are numbered by the rows of one call
    take(predict(Table::read(path, options), samples));
    return;
  }
  const auto uses = [&](const data::Table& header) { return features::column_uses(impl_->file.features, header); };
  data::TableStream stream(path, options, uses);
  while (std::optional<data::Table> part = stream.next()) {
    take(predict(Table(std::make_shared<const data::Table>(std::move(*part)))));
  }
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

Network& Model::network() { return impl_->network; }

}  // namespace chainrule
