// The kernels compiled for AVX-512.
#define HWY_DISABLE_PCLMUL_AES  // the engine needs neither, and the flags of this file do not promise them
#include "engine/cpu/simd/kernels-inl.h"

static_assert(HWY_TARGET == HWY_AVX3, "compiled with the wrong flags");

namespace chainrule::engine::cpu {

const KernelTable& avx512_kernels() {
  static constexpr KernelTable table = make_table("avx512");
  return table;
}

}  // namespace chainrule::engine::cpu
