// Checkpoints: the model's file format plus the optimiser's and the trainer's state, in two generations.
#include "model/checkpoint.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/byte_text.h"
#include "files/atomic_file.h"
#include "files/path_status.h"
#include "chainrule/error.h"
#include "model/model_part.h"
#include "model/sealed_file.h"
#include "model/tensor_file.h"

namespace chainrule::model {
namespace {

constexpr std::uint64_t kMostStates = 8;  // of an optimiser; none has more than 4
constexpr const char* kBest = "best.";
constexpr const char* kBestAveraged = "best_averaged.";

// Newest first as load tries them. `next` exists only while save_checkpoint is between its two renames, or was killed there.
constexpr const char* kCurrent = "checkpoint.safetensors";
constexpr const char* kNext = "checkpoint.next.safetensors";
constexpr const char* kPrevious = "checkpoint.previous.safetensors";
constexpr std::array kGenerations = {kCurrent, kNext, kPrevious};

std::string state_prefix(std::size_t state) { return "optimizer." + std::to_string(state) + "."; }

/// errno says why not.
bool can_be_seen(const std::string& path) noexcept {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

[[noreturn]] void refuse_folder(const std::string& folder, int error) {
  throw Error("E0415", folder, std::string("cannot look for a checkpoint: ") + std::strerror(error), "give the folder of a run (the one with checkpoint.safetensors)");
}

std::uint64_t number_entry(const FileParts& parts, const std::string& key, std::uint64_t most) {
  const std::string text = parts.entry(key);
  std::uint64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status == std::errc() && end == text.data() + text.size() && value <= most) return value;
  throw Error("E0414", parts.source(), "the entry \"" + key + "\" is not a possible number: \"" + text.substr(0, 40) + "\"",
              "the file was changed or damaged; go on from another checkpoint");
}

void put_texts(TensorFile& file, const Checkpoint& checkpoint) {
  file.metadata["settings"] = texts_to_json(checkpoint.settings);
  file.metadata["trainer_state"] = checkpoint.trainer_state;
  file.metadata["epoch"] = std::to_string(checkpoint.epoch);
  file.metadata["step"] = std::to_string(checkpoint.step);
  file.metadata["data_path"] = text_of_bytes(checkpoint.data_path);
  file.metadata["data_digest"] = checkpoint.data_digest;
  file.metadata["optimizer_states"] = std::to_string(checkpoint.optimizer_state.size());
}

void take_texts(const FileParts& parts, Checkpoint& checkpoint) {
  checkpoint.settings = texts_from_json(parts.entry("settings"), parts.source(), "the settings");
  checkpoint.trainer_state = parts.entry("trainer_state");
  checkpoint.epoch = number_entry(parts, "epoch", UINT64_MAX);
  checkpoint.step = number_entry(parts, "step", UINT64_MAX);
  checkpoint.data_path = bytes_of_text(parts.entry("data_path"));
  checkpoint.data_digest = parts.entry("data_digest");
}

}  // namespace

std::string format_checkpoint(const Checkpoint& checkpoint) {
  const net::ParameterLayout layout(checkpoint.model.network);
  TensorFile file;
  put_model(file, checkpoint.model, layout);
  for (std::size_t state = 0; state < checkpoint.optimizer_state.size(); ++state) {
    put_parameters(file, layout, state_prefix(state), checkpoint.optimizer_state[state]);
  }
  if (!checkpoint.best_parameters.empty()) put_parameters(file, layout, kBest, checkpoint.best_parameters);
  if (!checkpoint.best_averaged.empty()) put_parameters(file, layout, kBestAveraged, checkpoint.best_averaged);
  put_texts(file, checkpoint);
  return format_sealed_file(std::move(file), "checkpoint");
}

Checkpoint parse_checkpoint(std::string_view bytes, const std::string& source) {
  FileParts parts(parse_sealed_file(bytes, "checkpoint", source), source);
  Checkpoint checkpoint;
  checkpoint.model = take_model(parts);
  const net::ParameterLayout layout(checkpoint.model.network);
  const std::uint64_t states = number_entry(parts, "optimizer_states", kMostStates);
  for (std::size_t state = 0; state < states; ++state) {
    checkpoint.optimizer_state.push_back(parts.take_parameters(layout, state_prefix(state)));
  }
  checkpoint.best_parameters = parts.take_optional_parameters(layout, kBest);
  checkpoint.best_averaged = parts.take_optional_parameters(layout, kBestAveraged);
  take_texts(parts, checkpoint);
  parts.expect_empty();
  return checkpoint;
}

void save_checkpoint(const std::string& folder, const Checkpoint& checkpoint) {
  const std::string current = folder + "/" + kCurrent, next = folder + "/" + kNext, previous = folder + "/" + kPrevious;
  write_file_atomically(next, format_checkpoint(checkpoint));
  // From here on the new generation is whole on disk, so either of the old ones may go.
  try {
    if (exists(current)) replace_file(current, previous);
  } catch (const Error&) {
    if (exists(current)) ::unlink(next.c_str());  // nothing has moved: the new generation never was
    throw;
  }
  replace_file(next, current);
}

LoadedCheckpoint load_newest_checkpoint(const std::string& folder) {
  LoadedCheckpoint loaded;
  if (!can_be_seen(folder)) refuse_folder(folder, errno);
  for (const char* name : kGenerations) {
    loaded.path = folder + "/" + name;
    if (!can_be_seen(loaded.path)) {
      if (errno != ENOENT) refuse_folder(folder, errno);
      continue;
    }
    try {
      loaded.checkpoint = parse_checkpoint(read_tensor_bytes(loaded.path), loaded.path);
      return loaded;
    } catch (const Error& error) {
      if (error.code() == "E0401" || error.code() == "E0490") throw;  // not opened, no memory: that says nothing about the file
      loaded.damaged.push_back(loaded.path);
      loaded.notes.push_back(std::string(name) + " cannot be used (" + error.code() + "): " + error.message());
    }
  }
  std::string reasons;
  for (const std::string& note : loaded.notes) reasons += (reasons.empty() ? ": " : "; ") + note;
  throw Error("E0415", folder, loaded.notes.empty() ? "the folder holds no checkpoint" : "no checkpoint of the folder is whole" + reasons,
              "give the folder of a run (the one with checkpoint.safetensors), or train again");
}

bool has_checkpoint(const std::string& folder) {
  const std::vector<std::string> files = checkpoint_files(folder);
  return std::any_of(files.begin(), files.end(), exists);
}

std::vector<std::string> checkpoint_files(const std::string& folder) {
  std::vector<std::string> files;
  for (const char* name : kGenerations) files.push_back(folder + "/" + name);
  return files;
}

std::string previous_checkpoint_file(const std::string& folder) { return folder + "/" + kPrevious; }
std::string next_checkpoint_file(const std::string& folder) { return folder + "/" + kNext; }

}  // namespace chainrule::model
