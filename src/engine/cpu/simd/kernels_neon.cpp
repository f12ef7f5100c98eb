// The kernels compiled for NEON.
#define HWY_DISABLE_PCLMUL_AES  // the engine needs neither, and the flags of this file do not promise them
#include "engine/cpu/simd/kernels-inl.h"

static_assert(HWY_TARGET == HWY_NEON, "compiled with the wrong flags");

namespace chainrule::engine::cpu {

const KernelTable& neon_kernels() {
  static constexpr KernelTable table = make_table("neon");
  return table;
}

}  // namespace chainrule::engine::cpu
