// A Highway vector of floats as the lane concept of src/math/lanes.h, so that every formula runs on it as it stands.
#pragma once

#include "hwy/highway.h"
#include "math/lanes.h"

// Everything in the *-inl.h files lives in an unnamed namespace: no symbol leaves the unit that was compiled for one
// instruction set.
namespace chainrule::engine::cpu {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using FloatTag = hn::ScalableTag<float>;
using IntTag = hn::RebindToSigned<FloatTag>;
using Vector = hn::Vec<FloatTag>;

constexpr int kLanes = static_cast<int>(hn::MaxLanes(FloatTag()));

struct LaneMask {
  hn::Mask<FloatTag> m;
};

struct Lanes {
  using Element = float;
  Vector v;
  static HWY_INLINE Lanes broadcast(float value) { return {hn::Set(FloatTag(), value)}; }
};

HWY_INLINE Lanes load(const float* from) { return {hn::LoadU(FloatTag(), from)}; }
HWY_INLINE void store(Lanes a, float* to) { hn::StoreU(a.v, FloatTag(), to); }

HWY_INLINE Lanes operator+(Lanes a, Lanes b) { return {hn::Add(a.v, b.v)}; }
HWY_INLINE Lanes operator-(Lanes a, Lanes b) { return {hn::Sub(a.v, b.v)}; }
HWY_INLINE Lanes operator*(Lanes a, Lanes b) { return {hn::Mul(a.v, b.v)}; }
HWY_INLINE Lanes operator/(Lanes a, Lanes b) { return {hn::Div(a.v, b.v)}; }
HWY_INLINE Lanes operator-(Lanes a) { return {hn::Xor(a.v, hn::SignBit(FloatTag()))}; }
HWY_INLINE Lanes fma(Lanes a, Lanes b, Lanes c) { return {hn::MulAdd(a.v, b.v, c.v)}; }
HWY_INLINE Lanes sqrt(Lanes a) { return {hn::Sqrt(a.v)}; }
HWY_INLINE Lanes abs(Lanes a) { return {hn::AndNot(hn::SignBit(FloatTag()), a.v)}; }

HWY_INLINE LaneMask operator&(LaneMask a, LaneMask b) { return {hn::And(a.m, b.m)}; }
HWY_INLINE LaneMask operator|(LaneMask a, LaneMask b) { return {hn::Or(a.m, b.m)}; }
HWY_INLINE LaneMask operator!(LaneMask a) { return {hn::Not(a.m)}; }
HWY_INLINE LaneMask less(Lanes a, Lanes b) { return {hn::Lt(a.v, b.v)}; }
HWY_INLINE LaneMask less_equal(Lanes a, Lanes b) { return {hn::Le(a.v, b.v)}; }
HWY_INLINE LaneMask equal(Lanes a, Lanes b) { return {hn::Eq(a.v, b.v)}; }
HWY_INLINE Lanes select(LaneMask mask, Lanes yes, Lanes no) { return {hn::IfThenElse(mask.m, yes.v, no.v)}; }
HWY_INLINE Lanes zero_if(LaneMask mask, Lanes a) { return {hn::IfThenZeroElse(mask.m, a.v)}; }

#if HWY_ARCH_X86
// minps and maxps are a < b ? a : b and a > b ? a : b, unordered operands included.
HWY_INLINE Lanes min(Lanes a, Lanes b) { return {hn::Min(a.v, b.v)}; }
HWY_INLINE Lanes max(Lanes a, Lanes b) { return {hn::Max(a.v, b.v)}; }
#else
HWY_INLINE Lanes min(Lanes a, Lanes b) { return select(less(a, b), a, b); }
HWY_INLINE Lanes max(Lanes a, Lanes b) { return select(less(b, a), a, b); }
#endif

HWY_INLINE Lanes round_even(Lanes a) {
  const Lanes shift = Lanes::broadcast(12582912.0f);
  return (a + shift) - shift;
}
HWY_INLINE Lanes copysign(Lanes magnitude, Lanes sign) {
  const Vector bit = hn::SignBit(FloatTag());
  return {hn::Or(hn::AndNot(bit, magnitude.v), hn::And(bit, sign.v))};
}
HWY_INLINE Lanes scale_by_power_of_two(Lanes a, Lanes n) {
  const IntTag ints;
  const auto whole = hn::ConvertTo(ints, n.v);
  const auto half = hn::ShiftRight<1>(whole);
  const auto bias = hn::Set(ints, 127);
  const Vector first = hn::BitCast(FloatTag(), hn::ShiftLeft<23>(hn::Add(half, bias)));
  const Vector second = hn::BitCast(FloatTag(), hn::ShiftLeft<23>(hn::Add(hn::Sub(whole, half), bias)));
  return {hn::Mul(hn::Mul(a.v, first), second)};
}
HWY_INLINE Lanes split_exponent(Lanes a, Lanes& exponent) {
  const IntTag ints;
  const LaneMask denormal = less(a, Lanes::broadcast(1.17549435e-38f));
  const Lanes scaled = select(denormal, a * Lanes::broadcast(8388608.0f), a);
  const auto root = hn::Set(ints, 0x3f3504f3);
  const auto bits = hn::Sub(hn::BitCast(ints, scaled.v), root);
  const Lanes power{hn::ConvertTo(FloatTag(), hn::ShiftRight<23>(bits))};
  exponent = power - select(denormal, Lanes::broadcast(23.0f), Lanes::broadcast(0.0f));
  return {hn::BitCast(FloatTag(), hn::Add(hn::And(bits, hn::Set(ints, 0x7fffff)), root))};
}

/// Lanes i with i < count.
HWY_INLINE LaneMask first_lanes(int count) {
  return {hn::FirstN(FloatTag(), static_cast<size_t>(count < 0 ? 0 : count))};
}
HWY_INLINE bool any(LaneMask mask) { return !hn::AllFalse(FloatTag(), mask.m); }
/// Neither infinite nor NaN: x * 0 is 0.
HWY_INLINE LaneMask finite(Lanes a) {
  const Lanes zero = Lanes::broadcast(0.0f);
  return equal(a * zero, zero);
}

}  // namespace
}  // namespace chainrule::engine::cpu
