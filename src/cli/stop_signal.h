// Ctrl-C and SIGTERM: the first asks the run to stop with a checkpoint, the second ends the program.
#pragma once

#include <atomic>

namespace chainrule::cli {

/// Installs the handlers; the flag becomes true at the first signal.
const std::atomic<bool>& watch_stop_signals() noexcept;

}  // namespace chainrule::cli
