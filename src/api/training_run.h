// One training run from prepared data to the files in its folder; the only place that knows trainer, checkpoints and
// model file at once.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/network_choice.h"
#include "api/prepared_data.h"
#include "api/run_folder.h"
#include "api/run_state.h"
#include "chainrule/divergence.h"
#include "chainrule/train.h"
#include "engine/plan.h"
#include "model/model_file.h"
#include "train/trainer.h"

namespace chainrule::api {

/// The plan of a run: engine and threads from the settings, batches as large as the run takes them.
std::unique_ptr<engine::Plan> make_run_plan(const TrainSettings& settings, const NetworkChoice& choice,
                                            std::size_t train_rows);

class TrainingRun {
 public:
  /// A fresh run.
  TrainingRun(DataRequest request, TrainSettings settings, const TrainHooks& hooks);
  /// The continuation of a saved one, in its folder.
  TrainingRun(SavedRun saved, RunFolder folder, const TrainHooks& hooks);

  TrainResult execute();

 private:
  void open_folder();
  void prepare();
  void identify();
  void start();
  void stop_before_first_step() const;
  void tell_started() const;
  void search_rate();
  void save_checkpoint(const training::Snapshot& snapshot);
  model::ModelFile model_file(const std::string& unfinished) const;
  void save_model(training::Outcome outcome);
  void measure_parts(training::Outcome outcome);
  void find_finished_model();
  training::Outcome take_finished_model();
  training::Outcome train();
  DivergenceReport divergence_report() const;  ///< without the steps before and the cures
  [[noreturn]] void report_divergence();
  std::string cure_command(const DivergenceReport& report) const;  ///< "" when nothing that was tried holds
  std::uint64_t kept_epoch() const;
  void tell_finished() const;
  Metrics measure(const training::DataPart& part) const;
  std::map<std::string, std::string> facts() const;

  DataRequest request_;
  TrainSettings settings_;
  const TrainHooks& hooks_;
  std::optional<SavedRun> saved_;
  RunFolder folder_;
  PreparedData data_;
  NetworkChoice choice_;
  RunIdentity identity_;
  std::unique_ptr<engine::Plan> plan_;
  std::unique_ptr<training::Trainer> trainer_;
  std::optional<model::ModelFile> finished_;  ///< what a resumed run has come to already
  TrainResult result_;                        ///< filled on the way; metrics and verdict before the model is written, which holds them
};

}  // namespace chainrule::api
