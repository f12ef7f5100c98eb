// From a table to a trained model: the settings, the events of a run and its result.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "chainrule/network.h"
#include "chainrule/network_spec.h"
#include "chainrule/table.h"

namespace chainrule {

/// Every setting of `chainrule train`, with its default. The table train_settings() names, parses and prints each of them.
struct TrainSettings {
  // data
  std::string target;
  Task task = Task::automatic;
  ReadOptions read;
  std::string validation = "0.15";   ///< share of rows, or a file; "0" for none
  std::string test;                  ///< share of rows, or a file; "" for none (an IDX folder brings its own)
  SplitKind split = SplitKind::automatic;
  std::string split_column;          ///< time:COL or group:COL
  std::string class_weights;         ///< "", "balanced" or a file with class,weight lines
  std::string weight_column;
  // network
  std::vector<std::size_t> hidden = {256, 256};
  Activation activation = Activation::relu;
  Initializer initializer = Initializer::automatic;
  DropoutSpec dropout;
  double input_dropout = 0, input_noise = 0;
  Norm norm = Norm::none;
  bool residual = false;
  bool loss_given = false;           ///< false: chosen by task (cross_entropy or squared_error)
  Loss loss = Loss::cross_entropy;
  double loss_parameter = 0, label_smoothing = 0, l1 = 0, l2 = 0, max_norm = 0;
  // training
  TrainingSpec training;
  std::uint64_t epochs = 100;
  std::size_t batch = 0;             ///< 0: chosen by the number of rows (printed)
  std::uint64_t early_stop = 0;      ///< epochs without improvement; 0 = off
  bool early_stop_given = false;     ///< false: 15 when there is validation data
  int threads = 0;
  EngineKind engine = EngineKind::automatic;
  std::string spec_file;
  bool find_lr = false;
  std::string out;                   ///< "" = runs/<n>
  bool force = false;                ///< may start over in a folder that holds a run (E0426 otherwise); not kept in checkpoints
  std::optional<std::uint64_t> checkpoint_every;  ///< epochs between checkpoints; 0 = only when interrupted; nullopt: every epoch that ends a second after the last one
  std::string preset = "plain";
  std::uint64_t ensemble = 1;
  /// What set_train_setting() was given, key -> text. A later "optimizer" brings its own defaults under the given lr, beta1, ...
  std::map<std::string, std::string> given;
};

/// One row of the table behind flags, config keys, CHAINRULE_* variables, help, man page and completions.
struct SettingInfo {
  std::string key;         ///< "learning-rate style" flag name without dashes: "lr", "weight-decay"; the TOML key is the same
  std::string value_name;  ///< "" for a switch
  std::string group;       ///< "Data", "Network", "Training", "Run"
  std::string help;
  std::vector<std::string> choices;  ///< allowed words, when it is a choice
  std::string default_text = {};     ///< the default as people should read it, where it is not one value: "0.001; sgd 0.01"
  bool hidden = false;               ///< a name this release only reserves
};
const std::vector<SettingInfo>& train_settings();
/// Parses `value` into the field behind `key`; throws Error E0101 (unknown key), E0102 (bad value) with place and hint.
void set_train_setting(TrainSettings& settings, const std::string& key, const std::string& value, const std::string& where);
/// The field as text that set_train_setting reads back to the same value.
std::string get_train_setting(const TrainSettings& settings, const std::string& key);
/// Throws Error E0121 for a setting in `settings.given` that nothing in the run reads: momentum beside adamw, dropout without hidden
/// layers. train() and all that prepare a run do so before they read the data.
void refuse_idle_settings(const TrainSettings& settings);
/// True for settings that a spec file (TrainSettings::spec_file) holds; train() refuses them beside one. --seed is not among them: it wins.
bool is_held_by_spec(const std::string& key) noexcept;

/// With more classes the confusion matrix is kept as its cells that are not 0: a full one has the square of the classes (8,000 classes:
/// 64 million cells), of which each row fills one at most, and beyond some hundred nobody reads it as a matrix.
inline constexpr std::size_t kMostClassesOfMatrix = 200;

/// A cell of a confusion matrix.
struct ConfusionCount {
  std::size_t truth = 0, predicted = 0;  ///< indices into Metrics::classes
  std::size_t rows = 0;                  ///< at least 1
};

/// Measures on one set of rows. Which fields are set depends on the task. What these rows do not define is NaN (null in JSON, `-` in text):
/// the loss of rows that all weigh 0, the AUC of rows of one class, r2 where all truths are equal, log_loss of hinge.
struct Metrics {
  std::size_t rows = 0;
  double loss = 0;                 ///< weighted mean of the training loss, without penalties
  double penalty = 0;              ///< l1 and l2 terms
  bool classification = false;
  double accuracy = 0, log_loss = 0;
  double auc = 0;                  ///< two classes: area under ROC; more: macro mean of one against the rest
  std::size_t auc_classes = 0;     ///< classes that the mean is over: those that occur
  std::vector<std::string> classes;
  std::vector<std::vector<std::size_t>> confusion;  ///< [true class][predicted class]; empty above kMostClassesOfMatrix
  std::vector<ConfusionCount> confusion_counts;     ///< in its place then, by true and predicted class
  double rmse = 0, mae = 0, r2 = 0;                 ///< regression, in the target's unit
};

/// What the trainer tells whoever listens. Sent from the training thread; must not throw.
struct TrainEvent {
  enum class Kind { started, step, epoch, checkpoint, finished } kind = Kind::started;
  std::uint64_t epoch = 0, epochs = 0, step = 0, steps_per_epoch = 0;
  double loss = 0;                ///< step: of the batch; epoch: mean over the epoch
  double learning_rate = 0;
  double rows_per_second = 0, seconds = 0;
  bool has_validation = false, best = false;
  Metrics validation;             ///< epoch only
  std::string text;               ///< checkpoint: path; started: the decisions, one per line
};

struct TrainHooks {
  std::function<void(const TrainEvent&)> on_event;
  /// Becomes true: before the first step, Error E0590 and nothing is written; then the step is finished, checkpoint and model
  /// are written and the result is `interrupted`.
  const std::atomic<bool>* stop = nullptr;
};

/// What the best constant answer scores: the most frequent class of the training rows, or their mean.
struct Baseline {
  std::string answer;                            ///< the class, or the mean as text
  double train = 0, validation = 0, test = 0;    ///< accuracy, or RMSE in the target's unit; 0 for parts without rows
};

struct TrainResult {
  /// What the model is trained on; "" for a table in memory, "-" for standard input.
  std::string data;
  /// Run folder, model file. Of a run that was interrupted beside the finished model of an earlier one, which stays, the model is
  /// folder/unfinished.safetensors.
  std::string folder, model;
  std::uint64_t epochs = 0, steps = 0;
  std::uint64_t best_epoch = 0;   ///< of the lowest validation loss; 0 without validation rows or before the first epoch's end
  std::uint64_t kept_epoch = 0;   ///< whose weights the model holds; epochs + 1 when the run ended inside an epoch and keeps where it stood
  double seconds = 0;             ///< of training, reading excluded
  std::string digest, stop_reason;  ///< "epochs", "early_stop", "interrupted"
  Metrics train, validation, test;
  bool has_validation = false, has_test = false, interrupted = false;
  PlanReport plan;
  std::vector<std::string> decisions;  ///< everything the program chose by itself
  struct Point { std::uint64_t epoch; double loss, validation_loss, validation_score, learning_rate; };
  std::vector<Point> history;
  Baseline baseline;
  std::string verdict;                 ///< in a sentence or two: learned, still improving, overfits, no better than a constant answer
};

/// Reads, splits, fits features, trains, writes folder/model.safetensors and checkpoints.
/// The folder belongs to the run until it ends: E0425 when another run works there, E0426 when it holds a run already and
/// settings.force is off. Its finished model is replaced by this run's when that is finished, and not before.
/// Throws Error E03xx (data), E04xx (files), E05xx (diverged; the last good state is kept in the folder).
TrainResult train(const std::string& data, const TrainSettings& settings, const TrainHooks& hooks = {});
/// The same on a table in memory; such a run cannot be resumed from its folder.
TrainResult train(const Table& table, const TrainSettings& settings, const TrainHooks& hooks = {});
/// Continues folder's newest whole checkpoint with its own settings; changed data is Error E0407.
TrainResult resume(const std::string& folder, const TrainHooks& hooks = {});

/// What train() would do with this data, without doing it: reads and checks everything, trains and writes nothing.
struct TrainPreview {
  std::vector<std::string> decisions;
  std::string spec_toml;
  std::size_t parameters = 0;
  PlanReport plan;
};
TrainPreview preview_training(const std::string& data, const TrainSettings& settings);

/// A learning-rate range test: the rate grows from `lowest` to `highest`, the smoothed loss is recorded.
struct RatePoint { double rate, loss; };
struct RateSearch { std::vector<RatePoint> curve; double suggested = 0; };
RateSearch find_learning_rate(const std::string& data, const TrainSettings& settings);

}  // namespace chainrule
