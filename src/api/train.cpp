// The public ways to train: from a file, from a table in memory, from a checkpoint; and the learning-rate range test.
#include "chainrule/train.h"

#include "api/rate_search.h"
#include "api/run_folder.h"
#include "api/training_run.h"
#include "chainrule/error.h"
#include "data/table.h"

namespace chainrule {

TrainResult train(const std::string& data, const TrainSettings& settings, const TrainHooks& hooks) {
  return api::TrainingRun({data, nullptr, {}}, settings, hooks).execute();
}

TrainResult train(const Table& table, const TrainSettings& settings, const TrainHooks& hooks) {
  const std::shared_ptr<const data::Table> view(std::shared_ptr<const void>(),
                                                &table.data());  // outlived by the caller's table
  return api::TrainingRun({"", view, {}}, settings, hooks).execute();
}

TrainResult resume(const std::string& folder, const TrainHooks& hooks) {
  api::RunFolder run_folder = api::RunFolder::for_resumed_run(folder);
  const model::LoadedCheckpoint loaded = model::load_newest_checkpoint(folder);
  run_folder.go_on_from(loaded);
  api::SavedRun saved = api::read_checkpoint(loaded.checkpoint, loaded.path);
  if (saved.run.data_path.empty()) {
    throw Error("E0416", folder, "the run's data was not a file, so it cannot be read again",
                "train again from a file");
  }
  return api::TrainingRun(std::move(saved), std::move(run_folder), hooks).execute();
}

RateSearch find_learning_rate(const std::string& data, const TrainSettings& settings) {
  api::refuse_later_settings(settings);
  TrainSettings searching = settings;
  searching.find_lr = true;
  refuse_idle_settings(searching);
  api::PreparedData prepared = api::prepare_data({data, nullptr, {}}, settings);
  const api::NetworkChoice choice = api::choose_network(settings, prepared, prepared.decisions);
  return api::search_learning_rate(settings, choice, prepared);
}

}  // namespace chainrule
