// divergence.json and divergence.html beside a run's other files.
#pragma once

#include <string>

#include "chainrule/divergence.h"

namespace chainrule::api {

/// Each file atomically; throws Error E04xx. Returns the path of the page.
std::string write_divergence(const std::string& folder, const DivergenceReport& report);

/// Whether the folder already tells of a divergence at this step, as after taking it again.
bool has_divergence_at(const std::string& folder, std::uint64_t step);

/// The pages of an earlier run in this folder must not be taken for this one's.
void forget_divergence(const std::string& folder) noexcept;

}  // namespace chainrule::api
