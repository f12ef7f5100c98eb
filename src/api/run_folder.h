// Where a run keeps its model and checkpoints: one owner at a time, and nothing lost that is not this run's own.
#pragma once

#include <string>
#include <vector>

#include "files/file_account.h"
#include "files/folder_lock.h"
#include "model/checkpoint.h"

namespace chainrule::api {

/// A finished model is replaced by a finished one only. What an unfinished run has is its checkpoints and, as a model marked
/// so, model.safetensors in a folder without a finished model, unfinished.safetensors beside one.
class RunFolder {
 public:
  /// Takes `wanted` for a new run; it is made when absent, "" makes the next free runs/<n>.
  /// Throws Error E0421 (cannot create), E0425 (another run works there), E0426 (it holds a run and `force` is off), E0427
  /// (a file that the run would write is not Chainrule's).
  static RunFolder for_new_run(const std::string& wanted, bool force);
  /// Takes the folder of a run that goes on. Throws Error E0425.
  static RunFolder for_resumed_run(const std::string& folder);

  RunFolder() = default;
  RunFolder(RunFolder&& other) noexcept;
  RunFolder& operator=(RunFolder&& other) noexcept;
  /// A folder made for a run that came to nothing is removed.
  ~RunFolder();

  /// For a resumed run: checkpoints that were passed over are kept under another name, and said. Throws Error E0421 when
  /// the folder or a file of the run there may not be written.
  void go_on_from(const model::LoadedCheckpoint& loaded);

  const std::string& path() const noexcept { return path_; }
  /// What the user should know: an older run here, no lock.
  const std::vector<std::string>& notes() const noexcept { return notes_; }
  /// Every file the run may write or remove, for the account of what it reads and writes.
  void add_outputs(FileAccount& account) const;

  /// Where the model goes. Looked up on the disk.
  std::string model_path(bool finished) const;
  /// A finished run leaves nothing of unfinished ones behind: their model, half a change of checkpoints.
  void forget_unfinished() const noexcept;
  /// Checkpoints of an earlier run must not be taken for this one's: removes the older generation.
  void forget_older_checkpoint() const noexcept;
  /// The same for a run that begins without a checkpoint of its own: removes every generation.
  void forget_checkpoints() const noexcept;
  void forget_divergence() const noexcept;

 private:
  void open(const std::string& wanted);
  void take_next_number();
  void check_own() const;
  void check_writable() const;
  void check_free(bool force);

  std::string path_;
  std::vector<std::string> notes_;
  std::vector<std::string> made_;  ///< folders, outermost first
  FolderLock lock_;
};

/// The model file in a folder: FOLDER/model.safetensors.
std::string model_path(const std::string& folder);
/// What a user of the folder's model should know: it is unfinished, or a newer run has left a checkpoint beside it.
std::vector<std::string> notes_on_model(const std::string& path);
/// The path that still names the file when the program runs elsewhere; "" and "-" stay.
std::string absolute_path(const std::string& path);

}  // namespace chainrule::api
