// Settings stored in the model file give back split, batches and schedules of its run.
#include "api/run_replay.h"

#include <algorithm>
#include <numeric>

#include "api/network_choice.h"
#include "api/row_weights.h"
#include "api/starting_parameters.h"
#include "chainrule/error.h"
#include "data/batch_order.h"
#include "math/schedules.h"
#include "train/trainer.h"

namespace chainrule::api {
namespace {

std::string fact(const model::ModelFile& file, const std::string& name) {
  const auto found = file.facts.find(name);
  return found == file.facts.end() ? "" : found->second;
}

/// The settings that decide which rows were for training; files beside the table do not.
TrainSettings settings_of(const model::ModelFile& file) {
  constexpr std::string_view kKeys[] = {"validation", "test", "split", "epochs"};
  TrainSettings settings;
  for (const std::string_view key : kKeys) {
    const std::string text = fact(file, "setting " + std::string(key));
    if (!text.empty()) set_train_setting(settings, std::string(key), text, "model file");
  }
  if (!as_share(settings.validation)) settings.validation = "0";
  if (!settings.test.empty() && !as_share(settings.test)) settings.test = "";
  settings.target = file.features.target.name;
  settings.task = file.features.target.classification ? Task::classification : Task::regression;
  settings.loss_given = true;
  settings.loss = file.network.loss.kind;
  settings.training.seed = file.training.seed;
  return settings;
}

}  // namespace

RunReplay::RunReplay(const Model::Impl& model, const data::Table& table, const NumberTable& numbers) : model_(model), numbers_(numbers) {
  const std::string batch = fact(model.file, "batch");
  find_training_rows(table);
  batch_ = batch.empty() ? choose_batch(rows_.size()) : static_cast<std::size_t>(std::stoull(batch));
  batch_ = std::clamp<std::size_t>(batch_, 1, std::max<std::size_t>(1, rows_.size()));
  if (!numbers.weights.empty()) weights_ = normalized_weights({numbers.weights.begin(), numbers.weights.end()}, rows_);
}

void RunReplay::find_training_rows(const data::Table& table) {
  const std::string wanted = fact(model_.file, "training rows");
  try {
    const TrainSettings settings = settings_of(model_.file);
    epochs_ = settings.epochs;
    const std::shared_ptr<const data::Table> view(std::shared_ptr<void>(), &table);
    PreparedData data = prepare_data({"", view, model_.file.features}, settings);
    if (std::to_string(data.train.size()) == wanted) rows_ = std::move(data.train.rows);
  } catch (const Error&) {
    rows_.clear();  // another table than the run's: its split cannot be repeated, all rows stand in
  }
  if (!rows_.empty()) {
    notes_.push_back("training rows: the run's own " + wanted + " of " + std::to_string(table.rows));
    return;
  }
  rows_.resize(table.rows);
  std::iota(rows_.begin(), rows_.end(), 0u);
  notes_.push_back("training rows: all " + std::to_string(table.rows) + " of this table" +
                   (wanted.empty() ? "" : "; the run had " + wanted + " of another"));
}

data::BatchCut RunReplay::batch_cut() const noexcept {
  return training::batch_cut(model_.file.network, model_.file.training, rows_.size(), batch_);
}

std::vector<std::uint32_t> RunReplay::batch_rows(std::uint64_t step) const {
  std::vector<std::uint32_t> order(rows_.size());
  data::batch_order(model_.file.training.seed, step / steps_per_epoch(), order);
  const data::BatchCut cut = batch_cut();
  const std::size_t of_epoch = static_cast<std::size_t>(step % cut.steps()), begin = cut.begin(of_epoch);
  std::vector<std::uint32_t> rows;
  for (std::size_t i = 0; i < cut.size(of_epoch); ++i) rows.push_back(rows_[order[begin + i]]);
  return rows;
}

/// As the trainer schedules it; plateau, which waits for validation scores, is left out.
engine::StepControl RunReplay::control(std::uint64_t step) const {
  const TrainingSpec& t = model_.file.training;
  const std::uint64_t per_epoch = steps_per_epoch(), total = per_epoch * std::max<std::uint64_t>(1, epochs_);
  const auto factor = [&](const ScheduleSpec& schedule) { return math::schedule_factor(schedule, step, per_epoch, total); };
  engine::StepControl how;
  how.step = step + 1;
  how.dropout_factor = factor(t.dropout_schedule);
  how.update = math::update_constants(t.optimizer, how.step, t.optimizer.learning_rate * factor(t.learning_rate_schedule),
                                      t.optimizer.weight_decay * factor(t.weight_decay_schedule));
  return how;
}

explain::Replay RunReplay::replay(std::uint64_t steps) const {
  explain::Replay replay;
  replay.network = model_.file.network;
  replay.training = model_.file.training;
  replay.samples = numbers_.samples();
  if (!weights_.empty()) replay.samples.weights = weights_.data();
  replay.start = starting_parameters({replay.network, replay.training, batch_, 0}, {replay.samples, rows_});
  for (std::uint64_t step = 0; step < steps; ++step) replay.steps.push_back({batch_rows(step), control(step)});
  return replay;
}

}  // namespace chainrule::api
