// The kernels compiled for AVX2.
#define HWY_DISABLE_PCLMUL_AES  // the engine needs neither, and the flags of this file do not promise them
#include "engine/cpu/simd/kernels-inl.h"
#include "engine/cpu/simd/packed-inl.h"

static_assert(HWY_TARGET == HWY_AVX2, "compiled with the wrong flags");

namespace chainrule::engine::cpu {

const KernelTable& avx2_kernels() {
  static constexpr PairKernels packed{packed_product<EmulatedDot>, packed_gradient<EmulatedDot>, add_pair_words<EmulatedDot>};
  static constexpr KernelTable table = make_table("avx2", &packed);
  return table;
}

}  // namespace chainrule::engine::cpu
