// The data of one run, ready to train on: tables read, split, turned into matrices; and what was decided on the way.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/setting_text.h"
#include "chainrule/train.h"
#include "features/feature_set.h"
#include "train/data_part.h"
#include "train/metrics.h"

namespace chainrule::api {

/// A table as numbers. Views into it stay valid when it is moved.
struct NumberTable {
  std::vector<float> x;              ///< [rows, inputs]
  std::vector<std::int32_t> labels;  ///< classification with cross-entropy
  std::vector<float> y;              ///< [rows, targets] otherwise
  std::vector<float> weights;        ///< empty: all 1
  std::size_t rows = 0, inputs = 0, targets = 0;

  Samples samples() const;
};

struct PreparedData {
  std::shared_ptr<const data::Table> table;
  features::FeatureSet features;
  training::TargetUnit unit;
  Loss loss = Loss::squared_error;                        ///< settled with the task
  NumberTable numbers, validation_numbers, test_numbers;  ///< the last two when they come from files of their own
  training::DataPart train, validation, test;
  std::string split;                 ///< how shares were drawn: "stratified", "group:house"; "" when none were
  std::size_t overlapping_rows = 0;  ///< validation and test rows that are, cell for cell, training rows too
  std::vector<std::string> decisions;
  /// SHA-256 that stands for everything the run has read: data file, validation and test files, class weights. Of the very
  /// bytes that became this data; "" unless asked for, or when it cannot be read again.
  std::string digest;

  std::size_t outputs() const;  ///< units of the output layer that loss and target call for
};

/// What is read from where. `table` is given when the data is in memory; `features` when a stored state is to be used
/// again.
struct DataRequest {
  std::string path;
  std::shared_ptr<const data::Table> table;
  std::optional<features::FeatureSet> features;
  bool digest = false;               ///< whether the digest of what is read is wanted
  std::string expected_digest = {};  ///< when given: any other is Error E0407
};

/// Reads, chooses the task, splits, fits features on the training rows, applies them. Throws Error E03xx, E01xx; E0590 once settings.read.stop
/// is true.
PreparedData prepare_data(const DataRequest& request, const TrainSettings& settings);

/// How the table itself is read: classes and groups are told apart as they are written.
ReadOptions reading_options(const TrainSettings& settings);

/// Features and targets of another table, for validation and test files, evaluation and prediction (then without
/// targets).
NumberTable apply_features(const features::FeatureSet& features, Loss loss, const data::Table& table, bool with_target,
                           std::vector<std::string>& warnings);

/// Gives the rows of a labelled table the weights that the run gave its own: weight column times class weight. Throws
/// E0310 when the weight column is missing, E0327 for a bad weight.
void weigh_rows(NumberTable& numbers, const features::FeatureSet& features, const data::Table& table);

/// The classes or values in `unit` of a fitted target.
training::TargetUnit unit_of(const features::TargetState& target);

/// "row 17 (train.csv line 19)": a row as people find it.
std::string row_name(const data::Table& table, std::size_t row);

}  // namespace chainrule::api
