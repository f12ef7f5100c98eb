// Signals that end a run: the first asks it to stop with a checkpoint, the second ends the program.
#pragma once

#include <atomic>

namespace chainrule::cli {

/// SIGINT, SIGTERM, SIGHUP (the terminal is gone), SIGXCPU (limit on processor time) and SIGUSR1 (a batch system's warning)
/// set the flag; one that was ignored when the program started stays ignored. System calls that wait are interrupted. A
/// second signal counts when it comes 100 ms after the first: a wrapper often forwards what the terminal has sent already.
const std::atomic<bool>& watch_stop_signals() noexcept;

/// For every command: writing to a pipe without a reader, or past a limit on file sizes, is an error and no death.
void ignore_write_signals() noexcept;

}  // namespace chainrule::cli
