// The kernels compiled for AVX2.
#define HWY_DISABLE_PCLMUL_AES  // the engine needs neither, and the flags of this file do not promise them
#include "engine/cpu/simd/kernels-inl.h"

static_assert(HWY_TARGET == HWY_AVX2, "compiled with the wrong flags");

namespace chainrule::engine::cpu {

const KernelTable& avx2_kernels() {
  static constexpr KernelTable table = make_table("avx2");
  return table;
}

}  // namespace chainrule::engine::cpu
