// Everything that makes a continued run bit-equal to an uninterrupted one, kept in two generations. Format: docs/formats/checkpoint.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/model_file.h"

namespace chainrule::model {

struct Checkpoint {
  ModelFile model;                                 ///< current parameters and average, spec, features, facts
  std::vector<std::vector<float>> optimizer_state; ///< math::state_count() vectors in named layout order, layout.size floats each
  std::vector<float> best_parameters;              ///< of the best epoch; empty when there is none
  std::vector<float> best_averaged;                ///< the average at that epoch; empty when the run keeps none
  std::map<std::string, std::string> settings;     ///< every train setting: key -> text for set_train_setting
  std::string trainer_state;                       ///< JSON text, the trainer's own: history, best score, patience, plateau, ...
  std::uint64_t epoch = 0;                         ///< epochs finished
  std::uint64_t step = 0;                          ///< updates done
  std::string data_path, data_digest;              ///< digest: SHA-256 of the data as the trainer defines it
};

std::string format_checkpoint(const Checkpoint& checkpoint);
/// Throws Error E0402..E0414.
Checkpoint parse_checkpoint(std::string_view bytes, const std::string& source);

/// Writes FOLDER/checkpoint.safetensors; the one before becomes checkpoint.previous.safetensors. Killed at any moment, or failing
/// at any call (Error E0421..E0423), at least one whole generation stays. The folder must exist.
void save_checkpoint(const std::string& folder, const Checkpoint& checkpoint);

struct LoadedCheckpoint {
  Checkpoint checkpoint;
  std::string path;                ///< the file it came from
  std::vector<std::string> notes;    ///< one line per newer generation that could not be used, and why
  std::vector<std::string> damaged;  ///< the files of these
};
/// The newest generation that is whole. Throws Error E0415 when there is none: the message says what is wrong with each; E0401 and E0490
/// when one cannot be opened or does not fit into memory, which says nothing about it.
LoadedCheckpoint load_newest_checkpoint(const std::string& folder);
bool has_checkpoint(const std::string& folder);
/// Every file of a checkpoint, newest first as loading tries them; they need not exist.
std::vector<std::string> checkpoint_files(const std::string& folder);
/// The generation before; and the one that exists only while save_checkpoint() is between its renames, or was killed there.
std::string previous_checkpoint_file(const std::string& folder);
std::string next_checkpoint_file(const std::string& folder);

}  // namespace chainrule::model
