// A run as a checkpoint and back.
#pragma once

#include <string>
#include <vector>

#include "chainrule/train.h"
#include "model/checkpoint.h"
#include "train/progress.h"

namespace chainrule::api {

/// What a run is besides the trainer's own state.
struct RunIdentity {
  TrainSettings settings;
  NetworkSpec network;
  TrainingSpec training;
  features::FeatureSet features;
  std::size_t batch = 0;
  std::uint64_t early_stop = 0;
  std::string data_path, data_digest;  ///< empty: cannot be resumed
  std::string run;                     ///< model::kRunFact
};

/// Equal for runs that lead to the same model: what they are made of, not where they are kept. 16 hex digits.
std::string run_name(const RunIdentity& run);

model::Checkpoint make_checkpoint(const RunIdentity& run, const training::Snapshot& snapshot);

/// Of docs/arithmetic.md as it is. 1: releases 0.1.x (docs/formats/checkpoint.md says what differs).
inline constexpr std::uint64_t kArithmetic = 2;

struct SavedRun {
  RunIdentity run;
  std::uint64_t arithmetic = kArithmetic;
  training::Snapshot snapshot;
};
/// Throws Error E0413 when the trainer's part cannot be read.
SavedRun read_checkpoint(const model::Checkpoint& checkpoint, const std::string& source);
/// Throws Error E0234 when the release that began the run computed it differently, so that it cannot be continued to what it would have been.
void check_arithmetic(const SavedRun& saved, std::size_t train_rows, const std::string& source);

/// A fact of finished models: the run's epochs.
inline constexpr const char* kHistoryFact = "history";
std::string history_text(const std::vector<TrainResult::Point>& history);
/// Throws Error E0413 naming `source`.
std::vector<TrainResult::Point> parse_history(const std::string& text, const std::string& source);

}  // namespace chainrule::api
