// Products of bf16 pairs by VDPBF16PS, the instruction of AVX512-BF16.
#define HWY_DISABLE_PCLMUL_AES  // the engine needs neither, and the flags of this file do not promise them
#include "engine/cpu/simd/packed-inl.h"

namespace chainrule::engine::cpu {
namespace {

/// The instruction rounds to nearest and flushes denormals by itself, whatever the thread's settings are.
struct InstructionDot {
  struct Scope {
    Scope() {}
  };
  static HWY_INLINE Vector add(Vector sum, Words a, Words b) {
    return Vector{_mm512_dpbf16_ps(sum.raw, reinterpret_cast<__m512bh>(a.raw), reinterpret_cast<__m512bh>(b.raw))};
  }
};

}  // namespace

const PairKernels& avx512bf16_kernels() {
  static constexpr PairKernels kernels{packed_product<InstructionDot>, packed_gradient<InstructionDot>,
                                       add_pair_words<InstructionDot>};
  return kernels;
}

}  // namespace chainrule::engine::cpu
