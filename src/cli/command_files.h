// The files of a command line: what it reads, what it writes.
#pragma once

#include "arguments.h"

namespace chainrule::cli {

/// Throws Error E0105 when the command would write over a file it reads, standard streams included. Which words and flags
/// name files is said by the table of flags.
void check_files(const Arguments& arguments);

}  // namespace chainrule::cli
