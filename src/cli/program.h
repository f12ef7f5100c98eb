// The whole program behind main(): finds the command, runs it, turns every failure into a text and an exit code.
#pragma once

#include <exception>
#include <string>
#include <vector>

#include "arguments.h"
#include "console.h"

namespace chainrule::cli {

/// words: the command line without the program's name.
int run_program(const std::vector<std::string>& words, const Environment& environment, Console& console);

/// Prints `failure` as `error[CODE]: ...` and a hint, and returns the exit code.
int report_failure(std::exception_ptr failure, Console& console);

}  // namespace chainrule::cli
