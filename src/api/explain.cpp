// Explanations and checks of a model or of a network that is about to be trained, with the names of its data.
#include "chainrule/explain.h"

#include "api/model_impl.h"
#include "api/network_choice.h"
#include "api/prepared_data.h"
#include "api/setting_text.h"
#include "api/starting_parameters.h"
#include "base/counter_rng.h"
#include "chainrule/error.h"
#include "data/table.h"
#include "explain/checks.h"
#include "explain/explain.h"
#include "net/initial_parameters.h"

namespace chainrule {
namespace {

// Rows with their true answers, which explanations and checks need.
api::NumberTable labelled_rows(const Model::Impl& model, const data::Table& table) {
  if (!features::has_target(model.file.features, table)) {
    throw Error("E0320", table.source, "the target column \"" + model.file.features.target.name + "\" is missing",
                "the loss of a row needs its true answer");
  }
  std::vector<std::string> warnings;
  return api::apply_features(model.file.features, model.file.network.loss.kind, table, true, warnings);
}

std::string true_answer(const Model::Impl& model, const data::Table& table, std::size_t row) {
  return table.columns[table.find_column(model.file.features.target.name)].text(row);
}

std::string answer(Model& model, std::span<const float> x) {
  const Model::Impl& impl = model.impl();
  std::vector<float> outputs(impl.file.network.outputs());
  model.predict_inputs(x, outputs);
  if (!impl.unit.classification) {
    return api::write_number(
        static_cast<double>(training::target_predictions(impl.file.network, impl.unit, outputs, 1)[0]));
  }
  const std::vector<float> p = training::class_probabilities(impl.file.network, outputs, 1, impl.unit.classes.size());
  return impl.unit.classes[training::largest(p)];
}

const std::vector<float>& predicting_parameters(const model::ModelFile& file) {
  return file.averaged.empty() ? file.parameters : file.averaged;
}

// A small network on made-up rows that shows the engine at work without any data.
struct BuiltIn {
  NetworkSpec network;
  TrainingSpec training;
  std::vector<float> x;
  std::vector<std::int32_t> labels;
  Samples samples;

  BuiltIn() {
    constexpr std::size_t kRows = 32, kInputs = 5, kClasses = 3;
    network.inputs = kInputs;
    for (std::size_t units : {7, 6, 3}) {
      LayerSpec layer;
      layer.units = units;
      layer.activation = Activation::tanh;
      network.layers.push_back(layer);
    }
    network.layers[0].dropout.rate = 0.2;
    network.layers.back().activation = Activation::identity;
    network.loss.kind = Loss::cross_entropy;
    training.optimizer = default_optimizer("adam");
    for (std::uint32_t r = 0; r < kRows; ++r) {
      for (std::uint32_t k = 0; k < kInputs; ++k) {
        x.push_back(static_cast<float>(draw({7, Purpose::subsample, 0, 0, r}, k) >> 8) * 0x1p-22f - 2);
      }
      labels.push_back(static_cast<std::int32_t>(r % kClasses));
    }
    samples.x = x.data();
    samples.labels = labels.data();
    samples.rows = kRows;
    samples.inputs = kInputs;
  }
};

}  // namespace

Explanation explain_row(Model& model, const Table& table, std::size_t row, std::size_t top) {
  const data::Table& rows = table.data();
  if (row >= rows.rows) {
    throw Error("E0329", rows.source, "there is no row " + std::to_string(row),
                "rows are numbered 0 to " + std::to_string(rows.rows - 1));
  }
  const Model::Impl& impl = model.impl();
  const api::NumberTable numbers = labelled_rows(impl, rows);
  Explanation explanation =
      explain::explain_sample(impl.file.network, predicting_parameters(impl.file), numbers.samples(), row, top);
  explanation.row = row;
  explanation.truth = true_answer(impl, rows, row);
  explanation.prediction = answer(model, std::span(numbers.x).subspan(row * numbers.inputs, numbers.inputs));
  return explanation;
}

CheckReport check(Model& model, const Table& table) {
  const model::ModelFile& file = model.impl().file;
  const api::NumberTable numbers = labelled_rows(model.impl(), table.data());
  return explain::run_checks({file.network, file.training, file.parameters, numbers.samples()});
}

CheckReport check(const std::string& data, const TrainSettings& settings) {
  api::refuse_later_settings(settings);
  const api::PreparedData prepared = api::prepare_data({data, nullptr, {}}, settings);
  std::vector<std::string> decisions;
  const api::NetworkChoice choice = api::choose_network(settings, prepared, decisions);
  const std::vector<float> start = api::starting_parameters(choice, prepared.train);
  return explain::run_checks({choice.network, choice.training, start, prepared.numbers.samples()});
}

CheckReport check() {
  const BuiltIn subject;
  const std::vector<float> start = net::initial_parameters(subject.network, subject.training.seed);
  return explain::run_checks({subject.network, subject.training, start, subject.samples});
}

}  // namespace chainrule
