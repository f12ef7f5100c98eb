// Where a run keeps its model and checkpoints.
#include "api/run_folder.h"

#include <filesystem>

#include "files/atomic_file.h"
#include "chainrule/error.h"

namespace chainrule::api {

std::string open_run_folder(const std::string& wanted) {
  if (!wanted.empty()) {
    make_folder(wanted);
    return wanted;
  }
  make_folder("runs");
  for (int n = 1;; ++n) {
    const std::string folder = "runs/" + std::to_string(n);
    std::error_code error;
    if (std::filesystem::create_directory(folder, error))
      return folder;  // false when it exists: somebody else's number
    if (error)
      throw Error("E0421", folder, "cannot create the run folder: " + error.message(), "name another one with --out");
  }
}

std::string model_path(const std::string& folder) { return folder + "/model.safetensors"; }

bool has_model(const std::string& folder) {
  std::error_code error;
  return std::filesystem::exists(model_path(folder), error);
}

void forget_older_checkpoint(const std::string& folder) noexcept {
  std::error_code error;
  std::filesystem::remove(folder + "/checkpoint.previous.safetensors", error);
}

void forget_checkpoints(const std::string& folder) noexcept {
  std::error_code error;
  forget_older_checkpoint(folder);
  std::filesystem::remove(folder + "/checkpoint.safetensors", error);
}

std::string absolute_path(const std::string& path) {
  if (path.empty() || path == "-") return path;
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.lexically_normal().string();
}

}  // namespace chainrule::api
