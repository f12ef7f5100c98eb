// Sums of bf16 pairs by fp32 instructions, and rounding to bf16 (docs/arithmetic.md, "Operands in bf16"); bf16 numbers
// lie in memory as floats whose last 16 bits are 0.
#pragma once

#include "engine/cpu/simd/panels-inl.h"
#include "math/bf16.h"
#if HWY_ARCH_X86
#include <immintrin.h>
#endif

namespace chainrule::engine::cpu {
namespace {

#if HWY_ARCH_X86
/// While it lives, fp32 instructions of this thread take denormals as zero and make tiny results zero: just as a step does.
class Flushing {
 public:
  Flushing() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | kDenormalsAreZero | kFlushToZero); }
  ~Flushing() { _mm_setcsr(saved_); }
  Flushing(const Flushing&) = delete;
  Flushing& operator=(const Flushing&) = delete;

 private:
  static constexpr unsigned kDenormalsAreZero = 0x40, kFlushToZero = 0x8000;
  unsigned saved_;
};

HWY_INLINE Vector start_of_sum(Vector start) { return start; }
HWY_INLINE Vector step_of_sum(Vector a, Vector b, Vector sum) { return hn::MulAdd(a, b, sum); }
#else
/// Arm decides before rounding what is tiny, so the few sums near the least normal number are done by hand.
struct Flushing {
  Flushing() {}
};

HWY_INLINE Vector start_of_sum(Vector start) {
  const FloatTag tag;
  const Vector zero = hn::And(start, hn::SignBit(tag));
  return hn::IfThenElse(hn::Lt(hn::Abs(start), hn::Set(tag, 0x1p-126f)), zero, start);
}

HWY_NOINLINE Vector step_near_zero(Vector a, Vector b, Vector sum) {
  alignas(64) float x[kLanes], y[kLanes], s[kLanes];
  const FloatTag tag;
  hn::Store(a, tag, x);
  hn::Store(b, tag, y);
  hn::Store(sum, tag, s);
  for (int i = 0; i < kLanes; ++i) s[i] = math::add_product(s[i], x[i], y[i]);
  return hn::Load(tag, s);
}

HWY_INLINE Vector step_of_sum(Vector a, Vector b, Vector sum) {
  const FloatTag tag;
  const Vector result = hn::MulAdd(a, b, sum), size = hn::Abs(result);
  const auto near_zero = hn::And(hn::Le(size, hn::Set(tag, 0x1p-126f)), hn::Gt(size, hn::Zero(tag)));
  return HWY_LIKELY(hn::AllFalse(tag, near_zero)) ? result : step_near_zero(a, b, sum);
}
#endif

/// The odd element that an odd count lacks: +0 * +0.
template <int kRows, int kVectors>
HWY_INLINE void add_zero(Vector (&c)[kRows][kVectors]) {
  const Vector zero = hn::Zero(FloatTag());
  CHAINRULE_UNROLL for (int r = 0; r < kRows; ++r) {
    CHAINRULE_UNROLL for (int v = 0; v < kVectors; ++v) c[r][v] = step_of_sum(zero, zero, c[r][v]);
  }
}

/// out = in rounded to bf16; `size` is a multiple of the vector, out may be in.
[[maybe_unused]] void round_bf16(float* out, const float* in, std::size_t size) {
  const FloatTag tag;
  const IntTag ints;
  const auto exponent = hn::Set(ints, 0x7f800000), magnitude = hn::Set(ints, 0x7fffffff);
  const auto sign = hn::Set(ints, static_cast<std::int32_t>(0x80000000u)), upper = hn::Set(ints, static_cast<std::int32_t>(0xffff0000u));
  const auto half = hn::Set(ints, 0x7fff), one = hn::Set(ints, 1), quiet = hn::Set(ints, 0x00400000);
  for (std::size_t i = 0; i < size; i += kLanes) {
    const auto bits = hn::BitCast(ints, hn::LoadU(tag, in + i));
    const auto even = hn::And(hn::ShiftRight<16>(bits), one);
    auto rounded = hn::And(hn::Add(hn::Add(bits, half), even), upper);
    const auto nan = hn::Gt(hn::And(bits, magnitude), exponent);
    rounded = hn::IfThenElse(nan, hn::And(hn::Or(bits, quiet), upper), rounded);
    const auto denormal = hn::Eq(hn::And(bits, exponent), hn::Zero(ints));
    rounded = hn::IfThenElse(denormal, hn::And(bits, sign), rounded);
    hn::StoreU(hn::BitCast(tag, rounded), tag, out + i);
  }
}

}  // namespace
}  // namespace chainrule::engine::cpu
