// Where a run keeps its model and checkpoints.
#pragma once

#include <string>

namespace chainrule::api {

/// `wanted`, created when absent; "" makes the next free runs/<n>. Throws Error E0421.
std::string open_run_folder(const std::string& wanted);
std::string model_path(const std::string& folder);
bool has_model(const std::string& folder);
/// Checkpoints of an earlier run must not be taken for this one's: removes the older generation.
void forget_older_checkpoint(const std::string& folder) noexcept;
/// The same for a run that begins without a checkpoint of its own: removes both generations.
void forget_checkpoints(const std::string& folder) noexcept;
/// The path that still names the file when the program runs elsewhere; "" and "-" stay.
std::string absolute_path(const std::string& path);

}  // namespace chainrule::api
