// A trained model: load, save, predict, evaluate, inspect.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "chainrule/network.h"
#include "chainrule/table.h"
#include "chainrule/train.h"

namespace chainrule {

struct Predictions {
  bool classification = false;
  std::size_t rows = 0;
  std::vector<std::string> classes;
  std::vector<std::size_t> labels;      ///< classification: most probable class of each row
  std::vector<float> probabilities;     ///< classification: [rows, classes]; empty for the hinge loss, which has none
  std::vector<float> scores;            ///< classification with the hinge loss: [rows, classes], the margins
  std::vector<double> values;           ///< regression: [rows, targets], in the target's unit
  /// What the last bit of the network's fp32 output is worth in the target's unit; digits of a value below it mean nothing. 0: a value has
  /// the digits of a float, some 7.
  double resolution = 0;
  std::vector<double> spread;           ///< with samples > 0: standard deviation of the prediction, [rows, classes or targets]
  std::vector<std::string> warnings;    ///< values that training never saw, one line per column
};

struct LayerInfo {
  std::string name, activation, initializer, dropout, norm;
  std::size_t inputs = 0, units = 0, parameters = 0;
  bool residual = false;
  double weight_norm = 0, bias_norm = 0, smallest = 0, largest = 0;
  std::vector<std::size_t> histogram;   ///< 20 equal bins from smallest to largest weight
};

struct ModelInfo {
  std::string path, digest, version, task, target, spec_toml;
  std::string precision;                ///< "fp32" or "bf16": operands of the products
  std::size_t parameters = 0, inputs = 0, outputs = 0;
  std::vector<LayerInfo> layers;
  std::vector<std::string> features;    ///< one line per input column: how it becomes inputs
  std::vector<std::pair<std::string, std::string>> training;  ///< settings and results of the run
  std::vector<TrainResult::Point> history;  ///< its epochs; empty in models of version 0.1.0
  PlanReport plan;
};

/// Measures on a file, by the part its rows had in the model's run.
struct Evaluation {
  Metrics all;
  std::string digest;      ///< of the model: equal digests are equal models
  bool trained_on = false; ///< the file is the one the model was trained on, byte for byte
  /// Of such a file: "training", "validation", "test" in turn, as far as there are rows, drawn again as the run drew them. Empty when
  /// that cannot be done.
  std::vector<std::pair<std::string, Metrics>> parts;
  std::vector<std::string> warnings;   ///< of the reader, a line each
};

/// The files a run may leave in its folder, model first; they need not exist.
std::vector<std::string> run_files(const std::string& folder);

/// Not thread-safe; load one Model per thread.
class Model {
 public:
  /// path: a model file or a run folder. Verifies structure, digest and the stored self-test rows; throws Error E04xx.
  static Model load(const std::string& path, const PlanOptions& options = {});
  /// Atomic: temporary file, fsync, rename, fsync of the folder. Writes the weights that network() has now, with their digest.
  void save(const std::string& path) const;

  /// Table::read() as this model needs the table: columns that it learned as categories keep their texts as written ("01" is not 1).
  Table read(const std::string& path, const ReadOptions& options = {}) const;

  /// Columns are found by name (by position when the model was trained without a header). Throws E0320 when one is missing.
  /// samples: 0, or at least 2 (Error E0233): then `spread` is their standard deviation (divisor samples - 1) with dropout left on. The
  /// predictions are the same with and without.
  Predictions predict(const Table& table, std::size_t samples = 0);
  /// The same for a file (as Table::read takes it), handed to `take` in order, some rows at a time: large CSV text is never in memory as a
  /// whole. Several faults: the first in the file is thrown, after the rows before it were handed out. Columns are read as by read().
  /// Warnings count all rows so far.
  void predict_file(const std::string& path, const ReadOptions& options, std::size_t samples, const std::function<void(const Predictions&)>& take);
  /// Rows weigh what the run's weight column and class weights say, so the loss compares with the run's. Throws E0310 when that
  /// column is missing, E0320 when the target is.
  Metrics evaluate(const Table& table);
  /// evaluate(read(path, options)), and the rows that the run trained on apart from the others.
  Evaluation evaluate_file(const std::string& path, const ReadOptions& options = {});
  /// SHA-256 of the weights, 64 hex digits: equal digests are equal models.
  std::string digest() const;
  ModelInfo inspect() const;
  /// What its user should know of the file, a line each: that the run was not finished, or that a newer one left a checkpoint
  /// in its folder. Looked up by load().
  const std::vector<std::string>& notes() const;

  /// One row already in feature space: x [inputs] -> outputs [outputs] (logits or scaled target). Allocates nothing.
  void predict_inputs(std::span<const float> x, std::span<float> outputs);
  Network& network();

  struct Impl;
  explicit Model(std::unique_ptr<Impl> impl);
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;
  ~Model();
  /// Throws Error E0226 when the model was moved from, as every call does.
  Impl& impl() const;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace chainrule
