// divergence.json and divergence.html beside a run's other files.
#pragma once

#include <string>
#include <vector>

#include "chainrule/divergence.h"

namespace chainrule::api {

/// Each file atomically; throws Error E04xx. Returns the path of the page.
std::string write_divergence(const std::string& folder, DivergenceReport report);

/// Whether the folder already tells of a divergence at this step, as after taking it again.
bool has_divergence_at(const std::string& folder, std::uint64_t step);

/// Both paths; the files need not exist.
std::vector<std::string> divergence_files(const std::string& folder);
/// Throws Error E0427 when one of the files there was not written by write_divergence().
void check_divergence_is_own(const std::string& folder);
/// The pages of an earlier run in this folder must not be taken for this one's. Files of others stay.
void forget_divergence(const std::string& folder) noexcept;

}  // namespace chainrule::api
