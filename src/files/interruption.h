// Ending long reading when the user asks for it: loops that read look at a flag that a signal handler may set.
#pragma once

#include <atomic>
#include <string>

#include "chainrule/error.h"

namespace chainrule {

/// Throws Error E0590 once the flag is set; nullptr: never. `where` is what was being read, or another name of the work.
inline void end_if_asked(const std::atomic<bool>* stop, const std::string& where) {
  if (stop == nullptr || !stop->load(std::memory_order_relaxed)) return;
  throw Error("E0590", where, "interrupted while it was read; nothing was written", "give the command again to begin anew");
}

}  // namespace chainrule
