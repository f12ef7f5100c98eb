// Completion scripts for shells, made from the flag table.
#pragma once

#include <string>

namespace chainrule::cli {

std::string bash_completion();
std::string zsh_completion();
std::string fish_completion();

}  // namespace chainrule::cli
