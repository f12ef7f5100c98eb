// Checks of a model, of a network that is about to be trained, or of the engine alone.
#include "api/data_checks.h"
#include "api/labelled_rows.h"
#include "api/network_choice.h"
#include "api/starting_parameters.h"
#include "base/counter_rng.h"
#include "chainrule/explain.h"
#include "data/table.h"
#include "explain/checks.h"
#include "net/initial_parameters.h"

namespace chainrule {
namespace {

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

std::vector<std::uint32_t> all_rows(std::size_t rows) {
  std::vector<std::uint32_t> numbers(rows);
  for (std::size_t i = 0; i < rows; ++i) numbers[i] = static_cast<std::uint32_t>(i);
  return numbers;
}

CheckReport joined(CheckReport report, std::vector<CheckItem> more) {
  report.checks.insert(report.checks.end(), more.begin(), more.end());
  explain::settle_report(report);
  return report;
}

}  // namespace

CheckReport check(Model& model, const Table& table) {
  const model::ModelFile& file = model.impl().file;
  const data::Table& rows = table.data();
  std::vector<std::string> warnings;
  const api::NumberTable numbers = api::labelled_rows(model.impl(), rows, warnings);
  const std::vector<std::uint32_t> every = all_rows(rows.rows);
  explain::Subject subject{file.network, file.training, file.parameters, numbers.samples()};
  subject.trained = true;
  subject.batch = api::choose_batch(rows.rows);
  const features::TargetState& target = file.features.target;
  const std::vector<std::string> ignored(target.weight_column.empty() ? 0 : 1, target.weight_column);
  const api::DataSubject data{rows, every, rows.columns[rows.find_column(target.name)].name, target.classification, file.network.loss.kind,
                              ignored, file.features.input_names, numbers.samples(), 0, 0};
  CheckReport report = joined(explain::run_checks(subject), api::check_data(data));
  report.digest = model.digest();
  return report;
}

CheckReport check(const std::string& data, const TrainSettings& settings) {
  api::refuse_later_settings(settings);
  refuse_idle_settings(settings);
  const api::PreparedData prepared = api::prepare_data({data, nullptr, {}}, settings);
  std::vector<std::string> decisions;
  const api::NetworkChoice choice = api::choose_network(settings, prepared, decisions);
  const std::vector<float> start = api::starting_parameters(choice, prepared.train);
  explain::Subject subject{choice.network, choice.training, start, prepared.numbers.samples()};
  subject.start = start;
  subject.rows = prepared.train.rows;
  subject.batch = choice.batch;
  subject.epochs = settings.epochs;
  std::vector<std::string> ignored;
  if (!settings.weight_column.empty()) ignored.push_back(settings.weight_column);
  if (settings.split == SplitKind::group) ignored.push_back(settings.split_column);
  const api::DataSubject what{*prepared.table, prepared.train.rows, prepared.features.target.name, prepared.unit.classification,
                              prepared.loss, ignored, prepared.features.input_names, prepared.numbers.samples(),
                              prepared.validation.size() + prepared.test.size(), prepared.overlapping_rows};
  return joined(explain::run_checks(subject), api::check_data(what));
}

CheckReport check() {
  const BuiltIn subject;
  const std::vector<float> start = net::initial_parameters(subject.network, subject.training.seed);
  return explain::run_checks({subject.network, subject.training, start, subject.samples});
}

}  // namespace chainrule
