// Predicting block by block.
#include "api/table_predictor.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "chainrule/error.h"

namespace chainrule::api {
namespace {

constexpr std::size_t kBlockFloats = std::size_t{1} << 17;  // inputs that stay near the L2 cache until the network takes them
constexpr std::size_t kMostBlockRows = 4800, kFewestBlockRows = 96;   // whole tiles of 48 rows, and one for each of two threads at least

std::size_t rows_per_block(std::size_t inputs) {
  return std::clamp(kBlockFloats / std::max<std::size_t>(1, inputs) / 48 * 48, kFewestBlockRows, kMostBlockRows);
}

/// Standard deviation over Monte-Carlo samples, in sample order (Welford 1962: no cancellation).
struct SampleSpread {
  std::vector<double> mean, squares;
  double count = 0;

  template <class Value>
  void add(const std::vector<Value>& values) {
    mean.resize(values.size());
    squares.resize(values.size());
    count += 1;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double value = static_cast<double>(values[i]), before = value - mean[i];
      mean[i] += before / count;
      squares[i] += before * (value - mean[i]);
    }
  }
  void finish(std::vector<double>& deviations) const {
    for (const double sum : squares) deviations.push_back(std::sqrt(sum / (count - 1)));
  }
};

template <class Value>
void append(std::vector<Value>& to, const std::vector<Value>& values) {
  to.insert(to.end(), values.begin(), values.end());
}

std::vector<float>& scores_of(Predictions& predictions, const NetworkSpec& network) {
  return training::has_probabilities(network) ? predictions.probabilities : predictions.scores;
}

void set_labels(Predictions& predictions, const std::vector<float>& scores) {
  const std::size_t classes = predictions.classes.size();
  predictions.labels.resize(predictions.rows);
  for (std::size_t i = 0; i < predictions.rows; ++i) {
    predictions.labels[i] = training::largest({scores.data() + i * classes, classes});
  }
}

}  // namespace

Sampler::Sampler(const Model::Impl& model)
    : network_(model.file.network),
      max_batch_(std::max<std::size_t>(1, model.options.max_batch)),
      plan_(engine::make_plan(model.predicting, model.file.training, model.options)) {
  const std::vector<float>& averaged = model.file.averaged;
  plan_->load(engine::Part::parameters, averaged.empty() ? model.file.parameters : averaged);
}

void Sampler::predict(const float* x, std::size_t rows, std::uint64_t first_row, std::uint64_t sample, float* outputs) {
  ids_.resize(rows);
  std::iota(ids_.begin(), ids_.end(), static_cast<std::uint32_t>(first_row));
  Samples samples;
  samples.x = x;
  samples.rows = rows;
  samples.inputs = network_.inputs;
  samples.ids = ids_.data();
  engine::StepControl how;
  how.step = sample;
  for (std::size_t done = 0; done < rows; done += rows_.size()) {
    rows_.resize(std::min(max_batch_, rows - done));
    std::iota(rows_.begin(), rows_.end(), static_cast<std::uint32_t>(done));
    const std::span<const float> result = plan_->forward(samples, rows_, engine::Mode::monte_carlo, how);
    std::copy_n(result.begin(), rows_.size() * network_.outputs(), outputs + done * network_.outputs());
  }
}

TablePredictor::TablePredictor(Model::Impl& model, std::size_t samples)
    : model_(model),
      samples_(samples),
      block_rows_(rows_per_block(model.file.features.inputs)),
      transform_(model.file.features) {
  if (samples == 1) throw Error("E0233", "samples", "1 sample has no spread", "ask for at least 2");
  if (samples > 0) sampler_.emplace(model);
}

Predictions TablePredictor::predict(const data::Table& table) {
  Predictions predictions;
  predictions.classification = model_.unit.classification;
  predictions.rows = table.rows;
  predictions.classes = model_.unit.classes;
  if (!predictions.classification) predictions.resolution = training::resolution(model_.unit);
  transform_.open(table);
  const std::size_t most = std::min(block_rows_, table.rows);
  x_.resize(std::max(x_.size(), most * model_.file.features.inputs));
  outputs_.resize(std::max(outputs_.size(), most * model_.file.network.outputs()));
  for (std::size_t first = 0; first < table.rows; first += most) {
    const std::size_t rows = std::min(most, table.rows - first);
    transform_.write(first, rows, x_.data());
    predict_rows(rows, predictions);
    if (samples_ > 0) sample_rows(rows, predictions);
    rows_before_ += rows;
  }
  if (predictions.classification) set_labels(predictions, scores_of(predictions, model_.file.network));
  constexpr std::string_view kMark = "warning: ";
  for (const std::string& note : table.notes) {
    if (note.starts_with(kMark)) reader_warnings_.push_back("warning: " + table.source + ": " + note.substr(kMark.size()));
  }
  predictions.warnings = reader_warnings_;
  for (const std::string& warning : transform_.warnings()) {
    predictions.warnings.push_back("warning: " + table.source + ": " + warning);
  }
  return predictions;
}

void TablePredictor::predict_rows(std::size_t rows, Predictions& predictions) {
  model_.network.predict(x_.data(), rows, outputs_.data());
  if (model_.unit.classification) append(scores_of(predictions, model_.file.network), scores(rows));
  else append(predictions.values, values(rows));
}

void TablePredictor::sample_rows(std::size_t rows, Predictions& predictions) {
  SampleSpread spread;
  for (std::size_t sample = 0; sample < samples_; ++sample) {
    sampler_->predict(x_.data(), rows, rows_before_, sample, outputs_.data());
    if (model_.unit.classification) spread.add(scores(rows));
    else spread.add(values(rows));
  }
  spread.finish(predictions.spread);
}

std::vector<float> TablePredictor::scores(std::size_t rows) const {
  const std::span<const float> outputs(outputs_.data(), rows * model_.file.network.outputs());
  return training::class_scores(model_.file.network, outputs, rows, model_.unit.classes.size());
}

std::vector<double> TablePredictor::values(std::size_t rows) const {
  const std::span<const float> outputs(outputs_.data(), rows * model_.file.network.outputs());
  return training::target_predictions(model_.file.network, model_.unit, outputs, rows);
}

}  // namespace chainrule::api
