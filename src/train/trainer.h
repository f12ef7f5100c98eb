// The training loop: epochs of steps, then validation, early stopping and schedules; it knows no files, no terminal, no
// report.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "data/batch_order.h"
#include "engine/plan.h"
#include "train/divergence.h"
#include "train/lbfgs.h"
#include "train/metrics.h"
#include "train/progress.h"
#include "train/data_part.h"

namespace chainrule::training {

/// What is trained, on what, for how long. Everything viewed must outlive the trainer.
struct RunSpec {
  NetworkSpec network;
  TrainingSpec training;
  TargetUnit unit;
  DataPart train, validation;  ///< validation may be empty
  std::uint64_t epochs = 1;    ///< lbfgs: full-batch iterations
  std::size_t batch = 32;      ///< rows per step; lbfgs always takes all
  std::uint64_t early_stop =
      0;  ///< epochs without improvement of the validation loss, then the best weights return; 0 = never
};

/// Who listens. Called from the training thread between steps.
struct Listener {
  std::function<void(const TrainEvent&)> on_event;
  std::function<void(const Snapshot&)> on_epoch;  ///< after each epoch, with everything a checkpoint needs
  const std::atomic<bool>* stop = nullptr;        ///< polled before every step
};

enum class Outcome { epochs, early_stop, interrupted, diverged };

/// The batches of a run's epochs; of all rows at once for lbfgs. With batch norm a last batch of fewer than 16 rows, and of less than half the
/// others, joins the one before it: the statistics of so few rows would be the last thing before every validation that the running ones
/// move to.
data::BatchCut batch_cut(const NetworkSpec& network, const TrainingSpec& training, std::size_t rows, std::size_t batch) noexcept;
bool has_batch_norm(const NetworkSpec& network) noexcept;

class Trainer {
 public:
  /// The plan must take batches of batch_cut(...).largest() rows.
  Trainer(engine::Plan& plan, RunSpec run);

  /// Initial weights, fresh optimiser state.
  void start(std::span<const float> parameters);
  /// Goes on from where a run stood.
  void start(Snapshot snapshot);

  /// epochs, early_stop: the best weights are loaded when early stopping chose them. interrupted: the step in hand was
  /// finished. diverged: the plan holds the last state with finite weights, divergence() says what happened.
  Outcome run(const Listener& listener);

  Snapshot snapshot() const;
  /// Loads the best epoch's weights when early stopping keeps them; for a run that ended inside an epoch. The state for
  /// going on is lost.
  void restore_best();
  const Progress& progress() const noexcept { return progress_; }
  const Divergence& divergence() const noexcept { return *divergence_; }
  const RunSpec& run_spec() const noexcept { return run_; }
  /// The oldest state that is kept for going over the way to a divergence: the end of the epoch before the last whole one.
  const Snapshot& replay_start() const noexcept { return replay_earlier_ ? *replay_earlier_ : replay_from_; }
  bool restores_best() const noexcept { return run_.early_stop != 0 && !run_.validation.empty(); }
  std::uint64_t steps_per_epoch() const noexcept { return cut_.steps(); }
  /// What dropout rates were multiplied by in the last step of the parameters that the plan holds, and are in predictions with them.
  double dropout_factor() const noexcept { return dropout_factor_; }
  /// Of training in this process.
  double seconds() const;
  /// Rows and constants of the step that comes next, inside an epoch.
  std::span<const std::uint32_t> next_batch();
  engine::StepControl control() const;

 private:
  bool over() const;
  bool train_epoch(const Listener& listener);
  StepResult take_step();
  void finish_epoch(const Listener& listener);
  void diverge(const StepResult& failed);
  void load(const Snapshot& snapshot);
  void store_best();
  double learning_rate() const;
  double factor_at(const ScheduleSpec& schedule, std::uint64_t step) const;
  void predict_as_after(std::uint64_t step);
  double weight_of(std::span<const std::uint32_t> rows) const;
  void tell(const Listener& listener, TrainEvent::Kind kind, double loss);

  engine::Plan& plan_;
  RunSpec run_;
  std::size_t parameter_count_ = 0, state_count_ = 0;
  data::BatchCut cut_;
  bool averages_ = false;
  double rate_ = 0, dropout_factor_ = 1;  ///< of the last step
  std::optional<Lbfgs> lbfgs_;
  Progress progress_;
  std::vector<float> best_parameters_, best_average_;
  Snapshot replay_from_;              ///< the newest epoch's end or the start of the run
  std::optional<Snapshot> replay_earlier_;  ///< the one before it
  std::vector<std::uint32_t> order_;  ///< training rows in this epoch's order
  std::uint64_t order_epoch_ = ~std::uint64_t{0};
  std::optional<Divergence> divergence_;
  TrainEvent event_;
  std::chrono::steady_clock::time_point begin_;
  std::uint64_t rows_done_ = 0;
};

/// outputs [part.size(), outputs] of the plan's parameters, or of their running mean.
std::vector<float> predict_part(engine::Plan& plan, const NetworkSpec& network, const DataPart& part, bool average);

}  // namespace chainrule::training
