// Chooses the kernels at run time: by what the processor says it can do, or by the environment variable CHAINRULE_ISA.
#include "engine/cpu/instruction_sets.h"

#include <cstdlib>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "chainrule/error.h"

namespace chainrule::engine {
namespace {

using cpu::KernelTable;

#if defined(__x86_64__)
/// Asked of the processor itself: clang 14 does not know this name in __builtin_cpu_supports.
bool has_f16c() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}
#endif

/// Compiled kernels that run here, best first.
std::vector<const KernelTable*> supported_kernels() {
  std::vector<const KernelTable*> tables;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                    __builtin_cpu_supports("bmi2") && has_f16c();
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl");
  if (avx512) tables.push_back(&cpu::avx512_kernels());
  if (avx2) tables.push_back(&cpu::avx2_kernels());
#elif defined(__aarch64__)
  tables.push_back(&cpu::neon_kernels());
#endif
  return tables;
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

std::vector<std::string> InstructionSets::available() {
  std::vector<std::string> names;
  for (const KernelTable* table : supported_kernels()) names.emplace_back(table->name);
  names.emplace_back("scalar");
  return names;
}

std::string InstructionSets::active() {
  const std::vector<std::string> names = available();
  const char* wanted = std::getenv("CHAINRULE_ISA");
  if (wanted == nullptr || *wanted == '\0') return names.front();
  for (const std::string& name : names) {
    if (name == wanted) return name;
  }
  throw Error("E0110", "CHAINRULE_ISA",
              std::string("\"") + wanted + "\" is not an instruction set this program can run here",
              "use one of " + join(names) + ", or unset it");
}

namespace cpu {

const KernelTable* active_kernels() {
  const std::string name = InstructionSets::active();
  for (const KernelTable* table : supported_kernels()) {
    if (name == table->name) return table;
  }
  return nullptr;
}

}  // namespace cpu
}  // namespace chainrule::engine
