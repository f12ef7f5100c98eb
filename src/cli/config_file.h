// The TOML file behind --config: keys are the names of train's settings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "arguments.h"

namespace chainrule::cli {

/// Every key of the file as a value for a flag of `command`. Throws Error E0401 (cannot open), E0103 (unknown key, with place and
/// nearest name), E0104 (not TOML, or a value of the wrong type).
std::vector<Given> read_config_file(const std::string& path, const Command& command);

/// The same for a text; `name` stands for the file in messages.
std::vector<Given> parse_config(std::string_view text, const std::string& name, const Command& command);

}  // namespace chainrule::cli
