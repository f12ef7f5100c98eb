// What lies in a folder is told from the labels of its files (model/file_label.h), never from their names alone.
#include "api/run_folder.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <utility>

#include "api/divergence_files.h"
#include "chainrule/error.h"
#include "chainrule/model.h"
#include "files/atomic_file.h"
#include "files/write_target.h"
#include "model/file_label.h"

namespace chainrule {

std::vector<std::string> run_files(const std::string& folder) {
  std::vector<std::string> files = {api::model_path(folder), folder + "/unfinished.safetensors"};
  for (const std::string& file : model::checkpoint_files(folder)) files.push_back(file);
  for (const std::string& file : api::divergence_files(folder)) files.push_back(file);
  return files;
}

namespace api {
namespace {

using model::FileLabel;
using Kind = FileLabel::Kind;

std::string unfinished_path(const std::string& folder) { return folder + "/unfinished.safetensors"; }

void remove_own(const std::string& path) noexcept {
  try {
    if (model::read_label(path).kind != Kind::foreign) ::unlink(path.c_str());
  } catch (...) {  // it stays, as every file that cannot be judged
  }
}

/// The checkpoint that --resume would take first; absent without one.
FileLabel newest_checkpoint(const std::string& folder) {
  for (const std::string& path : model::checkpoint_files(folder)) {
    const FileLabel label = model::read_label(path);
    if (label.kind == Kind::checkpoint) return label;
  }
  return {};
}

bool goes_beyond(const FileLabel& checkpoint, const FileLabel& model) {
  return checkpoint.kind == Kind::checkpoint && (checkpoint.run != model.run || checkpoint.step > model.step);
}

/// The folders of the path that are not there yet, outermost first.
std::vector<std::string> missing_folders(const std::string& path) {
  std::vector<std::string> missing;
  std::error_code error;
  for (std::filesystem::path folder = path; !folder.empty() && !std::filesystem::exists(folder, error) && !error;
       folder = folder.parent_path()) {
    missing.insert(missing.begin(), folder.string());
    if (folder == folder.parent_path()) break;
  }
  return missing;
}

[[noreturn]] void refuse_run(const std::string& folder, const FileLabel& model, const FileLabel& checkpoint) {
  const bool resumable = checkpoint.kind == Kind::checkpoint && (!model.is_finished_model() || goes_beyond(checkpoint, model));
  const std::string what = resumable ? "holds an unfinished run (" + std::to_string(checkpoint.step) + " steps done)"
                           : model.is_finished_model() ? "holds a finished model"
                                                       : "holds the model of an unfinished run";
  throw Error("E0426", folder, what,
              std::string(resumable ? "go on with --resume, " : "") + "name another folder with --out, or give --force to start over");
}

void check_not_foreign(const std::string& path) {
  if (model::read_label(path).kind != Kind::foreign) return;
  throw Error("E0427", path, "is no file of Chainrule's, or a damaged one, and the run would replace it",
              "move it away, or name another folder with --out");
}

}  // namespace

std::string model_path(const std::string& folder) { return folder + "/model.safetensors"; }

RunFolder RunFolder::for_new_run(const std::string& wanted, bool force) {
  RunFolder folder;
  folder.open(wanted);
  folder.check_own();
  folder.check_free(force);
  folder.check_writable();
  return folder;
}

RunFolder RunFolder::for_resumed_run(const std::string& path) {
  RunFolder folder;
  folder.path_ = path;
  folder.lock_ = FolderLock(path);
  if (!folder.lock_.note().empty()) folder.notes_.push_back(folder.lock_.note());
  for (const std::string& file : {api::model_path(path), unfinished_path(path)}) check_not_foreign(file);
  check_divergence_is_own(path);
  return folder;
}

void RunFolder::go_on_from(const model::LoadedCheckpoint& loaded) {
  check_writable();
  for (std::size_t i = 0; i < loaded.damaged.size(); ++i) {
    const std::string kept = loaded.damaged[i] + ".damaged";
    const bool moved = ::rename(loaded.damaged[i].c_str(), kept.c_str()) == 0;
    notes_.push_back("warning: " + loaded.notes[i] + (moved ? "; it is kept as " + name_of(kept) : "") + "; going on from " + name_of(loaded.path) +
                     ", " + std::to_string(loaded.checkpoint.step) + " steps done");
  }
}

// What is there and may not be replaced is said before training, not after it.
void RunFolder::check_writable() const {
  if (::access(path_.c_str(), W_OK | X_OK) != 0) fail_file("E0421", path_, "cannot write to this folder", errno);
  std::vector<std::string> files = model::checkpoint_files(path_);
  files.push_back(api::model_path(path_));
  for (const std::string& file : files) {
    if (model::read_label(file).kind != Kind::absent) find_write_target(file);
  }
}

RunFolder::RunFolder(RunFolder&& other) noexcept { *this = std::move(other); }

RunFolder& RunFolder::operator=(RunFolder&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(notes_, other.notes_);
  std::swap(made_, other.made_);
  std::swap(lock_, other.lock_);
  return *this;
}

RunFolder::~RunFolder() {
  lock_.release();
  // Each succeeds only while the folder is empty.
  for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) ::rmdir(folder->c_str());
}

void RunFolder::open(const std::string& wanted) {
  path_ = wanted.empty() ? "runs" : wanted;
  made_ = missing_folders(path_);
  make_folder(path_);
  if (wanted.empty()) take_next_number();
  lock_ = FolderLock(path_);
  if (!lock_.note().empty()) notes_.push_back(lock_.note());
}

void RunFolder::take_next_number() {
  const std::string parent = path_;
  std::error_code error;
  int number = 0;
  do {  // false when it exists: somebody else's number
    path_ = parent + "/" + std::to_string(++number);
    if (std::filesystem::create_directory(path_, error)) made_.push_back(path_);
    if (error) throw Error("E0421", path_, "cannot create the run folder: " + error.message(), "name another one with --out");
  } while (made_.empty() || made_.back() != path_);
}

void RunFolder::check_own() const {
  for (const std::string& path : {api::model_path(path_), unfinished_path(path_)}) check_not_foreign(path);
  for (const std::string& path : model::checkpoint_files(path_)) check_not_foreign(path);
  check_divergence_is_own(path_);
}

void RunFolder::check_free(bool force) {
  const FileLabel model = model::read_label(api::model_path(path_)), unfinished = model::read_label(unfinished_path(path_));
  const FileLabel checkpoint = newest_checkpoint(path_);
  if (model.kind == Kind::absent && unfinished.kind == Kind::absent && checkpoint.kind == Kind::absent) return;
  if (!force) refuse_run(path_, model, checkpoint);
  notes_.push_back("starts over in " + path_ + ": " +
                   (model.is_finished_model() ? "its model is replaced when the run is finished"
                                              : "the unfinished run there is given up"));
}

void RunFolder::add_outputs(FileAccount& account) const {
  for (const std::string& file : run_files(path_)) account.writes("--out", file);
}

std::string RunFolder::model_path(bool finished) const {
  const std::string path = api::model_path(path_);
  const FileLabel label = model::read_label(path);
  const bool kept = label.is_finished_model() || label.kind == Kind::foreign;
  return finished || !kept ? path : unfinished_path(path_);
}

void RunFolder::forget_unfinished() const noexcept {
  remove_own(unfinished_path(path_));
  remove_own(model::next_checkpoint_file(path_));
}

void RunFolder::forget_older_checkpoint() const noexcept {
  remove_own(model::next_checkpoint_file(path_));
  remove_own(model::previous_checkpoint_file(path_));
}

void RunFolder::forget_checkpoints() const noexcept {
  for (const std::string& path : model::checkpoint_files(path_)) remove_own(path);
}

void RunFolder::forget_divergence() const noexcept { api::forget_divergence(path_); }

std::vector<std::string> notes_on_model(const std::string& path) {
  const FileLabel model = model::read_label(path);
  std::vector<std::string> notes;
  if (!model.unfinished.empty()) notes.push_back("the model is of an unfinished run: " + model.unfinished);
  const std::string folder = folder_of(path);
  if (name_of(path) == "model.safetensors" && goes_beyond(newest_checkpoint(folder), model)) {
    notes.push_back("the checkpoint beside the model is of a newer, unfinished run");
  }
  return notes;
}

std::string absolute_path(const std::string& path) {
  if (path.empty() || path == "-") return path;
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.lexically_normal().string();
}

}  // namespace api
}  // namespace chainrule
