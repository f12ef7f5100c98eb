// Which kernels were compiled, which this machine can run, and which are used.
#pragma once

#include <string>
#include <vector>

#include "engine/cpu/simd/kernel_table.h"

namespace chainrule::engine {

struct InstructionSets {
  /// Compiled in and supported here, best first; never empty: "scalar" (the reference engine) comes last.
  static std::vector<std::string> available();
  /// What CHAINRULE_ISA asks for, else the best. Throws Error E0110 when it asks for something unknown or not supported
  /// here.
  static std::string active();
};

namespace cpu {

/// The kernels of InstructionSets::active(), or null for "scalar".
const KernelTable* active_kernels();

}  // namespace cpu
}  // namespace chainrule::engine
