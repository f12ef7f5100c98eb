// The program and the machine it runs on.
#include "chainrule/machine.h"

#include "base/start_threads.h"
#include "base/usable_cores.h"
#include "engine/cpu/instruction_sets.h"
#include "engine/plan.h"

namespace chainrule {

VersionInfo version_info() {
  VersionInfo info;
  info.version = CHAINRULE_VERSION;
#if defined(__clang__)
  info.compiler = "clang " __clang_version__;
#elif defined(__GNUC__)
  info.compiler = "g++ " __VERSION__;
#else
  info.compiler = "unknown";
#endif
#ifdef NDEBUG
  info.build_type = "release";
#else
  info.build_type = "debug";
#endif
  info.instruction_set = engine::InstructionSets::active();
  info.instruction_sets = engine::InstructionSets::available();
  for (const engine::Candidate& candidate : engine::candidates()) info.plan_candidates.emplace_back(candidate.name);
  info.cores = usable_cores();
  return info;
}

std::string thread_shortage_text() {
  const ThreadShortage shortage = thread_shortage();
  if (shortage.wanted == 0) return "";
  return "only " + std::to_string(shortage.started) + " of " + std::to_string(shortage.wanted) + " threads could be started";
}

}  // namespace chainrule
