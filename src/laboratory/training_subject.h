// One network on one split of the data with one seed: what the experiments on data train again and again.
#pragma once

#include <vector>

#include "train/trainer.h"

namespace chainrule::laboratory {

/// Views into data that outlives the experiment.
struct TrainingSubject {
  NetworkSpec network;
  TrainingSpec training;                 ///< its seed decides batches and masks
  training::TargetUnit unit;
  training::DataPart train, validation;  ///< validation is not empty
  std::vector<float> start;              ///< initial parameters
  std::size_t batch = 32;
  std::uint64_t epochs = 1, early_stop = 0;
  EngineKind engine = EngineKind::automatic;
};

/// A finished training on one thread, and the plan that holds its weights.
class TrainedSubject {
 public:
  explicit TrainedSubject(const TrainingSubject& subject);

  const training::Progress& progress() const { return trainer_.progress(); }
  bool diverged() const { return outcome_ == training::Outcome::diverged; }
  double seconds() const { return seconds_; }
  double start_loss() const { return start_loss_; }  ///< on the validation rows, before training
  /// The epoch whose weights the plan holds.
  std::uint64_t kept_epoch() const;
  double dropout_factor() const noexcept { return trainer_.dropout_factor(); }
  engine::Plan& plan() { return *plan_; }
  std::vector<float> outputs(const training::DataPart& part);
  Metrics measure(const training::DataPart& part);

 private:
  TrainingSubject subject_;
  std::unique_ptr<engine::Plan> plan_;
  training::Trainer trainer_;
  training::Outcome outcome_ = training::Outcome::epochs;
  double seconds_ = 0, start_loss_ = 0;
};

}  // namespace chainrule::laboratory
