// The lane concept: the few operations every formula in src/math is written with, for scalars here and for SIMD types elsewhere.
#pragma once

#include <bit>
#include <cstdint>

// A formula is a template on V: float, double, or a vector of floats. A vector type VEC in namespace N takes part by
// defining, in N
// (found by argument-dependent lookup, all forced inline) the same names as below, with the same bits in every lane:
//
//   struct VEC { using Element = float; static VEC broadcast(float); };
//   VEC + - * / VEC, -VEC                 one IEEE rounding each; -a flips the sign bit
//   fma(a, b, c)  sqrt(a)  abs(a)         a*b+c with one rounding; correctly rounded root; sign bit cleared
//   min(a, b) = a < b ? a : b             max(a, b) = a > b ? a : b  (the second one when unordered, as minps and
//   maxps do)
//   less(a, b)  less_equal(a, b)  equal(a, b)   masks, false when unordered; masks have & | !
//   select(mask, yes, no)   zero_if(mask, a): +0 there
//   round_even(a) = (a + 1.5*2^23) - 1.5*2^23               nearest integer, ties to even; |a| <= 2^22
//   copysign(magnitude, sign)
//   scale_by_power_of_two(a, n) = (a * 2^(n>>1)) * 2^(n - (n>>1))   n integral in [-150, 150]; >> is the arithmetic
//   shift
//   split_exponent(a, exponent): for a > 0 the mantissa in [sqrt(1/2), sqrt(2)), exponent set so that a = mantissa *
//   2^exponent.
//     a < 2^-126 is first multiplied by 2^23 (and 23 subtracted from the exponent); then with bits = a's bits -
//     0x3f3504f3:
//     exponent = bits >> 23 (arithmetic), mantissa's bits = (bits & 0x7fffff) + 0x3f3504f3. Other a: any result, no
//     trap.
//
// Everything here is forced inline and calls compiler builtins only, so that a unit compiled for AVX-512 leaves no
// shared function behind.
namespace chainrule::math {

template <class V>
struct LaneTraits {
  using Element = typename V::Element;
  [[gnu::always_inline]] static V broadcast(Element value) { return V::broadcast(value); }
};
template <>
struct LaneTraits<float> {
  using Element = float;
  [[gnu::always_inline]] static float broadcast(float value) { return value; }
};
template <>
struct LaneTraits<double> {
  using Element = double;
  [[gnu::always_inline]] static double broadcast(double value) { return value; }
};

template <class V>
using ElementOf = typename LaneTraits<V>::Element;

/// `value` rounded once to V's element type, in every lane.
template <class V>
[[gnu::always_inline]] inline V constant(double value) {
  return LaneTraits<V>::broadcast(static_cast<ElementOf<V>>(value));
}

[[gnu::always_inline]] inline float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
[[gnu::always_inline]] inline double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
[[gnu::always_inline]] inline float sqrt(float a) { return __builtin_sqrtf(a); }
[[gnu::always_inline]] inline double sqrt(double a) { return __builtin_sqrt(a); }
[[gnu::always_inline]] inline float abs(float a) { return __builtin_fabsf(a); }
[[gnu::always_inline]] inline double abs(double a) { return __builtin_fabs(a); }
[[gnu::always_inline]] inline float copysign(float magnitude, float sign) { return __builtin_copysignf(magnitude, sign); }
[[gnu::always_inline]] inline double copysign(double magnitude, double sign) { return __builtin_copysign(magnitude, sign); }

[[gnu::always_inline]] inline float min(float a, float b) { return a < b ? a : b; }
[[gnu::always_inline]] inline double min(double a, double b) { return a < b ? a : b; }
[[gnu::always_inline]] inline float max(float a, float b) { return a > b ? a : b; }
[[gnu::always_inline]] inline double max(double a, double b) { return a > b ? a : b; }

[[gnu::always_inline]] inline bool less(float a, float b) { return a < b; }
[[gnu::always_inline]] inline bool less(double a, double b) { return a < b; }
[[gnu::always_inline]] inline bool less_equal(float a, float b) { return a <= b; }
[[gnu::always_inline]] inline bool less_equal(double a, double b) { return a <= b; }
[[gnu::always_inline]] inline bool equal(float a, float b) { return a == b; }
[[gnu::always_inline]] inline bool equal(double a, double b) { return a == b; }
[[gnu::always_inline]] inline float select(bool mask, float yes, float no) { return mask ? yes : no; }
[[gnu::always_inline]] inline double select(bool mask, double yes, double no) { return mask ? yes : no; }

[[gnu::always_inline]] inline float zero_if(bool mask, float a) { return mask ? 0.0f : a; }
[[gnu::always_inline]] inline double zero_if(bool mask, double a) { return mask ? 0.0 : a; }

[[gnu::always_inline]] inline float round_even(float a) {
  const float shifted = a + 12582912.0f;
  return shifted - 12582912.0f;
}
[[gnu::always_inline]] inline double round_even(double a) {
  const double shifted = a + 6755399441055744.0;
  return shifted - 6755399441055744.0;
}

[[gnu::always_inline]] inline float scale_by_power_of_two(float a, float n) {
  const std::int32_t whole = static_cast<std::int32_t>(n);
  const std::int32_t half = whole >> 1;
  const float first = __builtin_bit_cast(float, (half + 127) << 23);
  const float second = __builtin_bit_cast(float, (whole - half + 127) << 23);
  return a * first * second;
}
[[gnu::always_inline]] inline double scale_by_power_of_two(double a, double n) {
  const std::int64_t whole = static_cast<std::int64_t>(n);
  const std::int64_t half = whole >> 1;
  const double first = __builtin_bit_cast(double, (half + 1023) << 52);
  const double second = __builtin_bit_cast(double, (whole - half + 1023) << 52);
  return a * first * second;
}

[[gnu::always_inline]] inline float split_exponent(float a, float& exponent) {
  const bool denormal = a < 1.17549435e-38f;
  const std::uint32_t bits = __builtin_bit_cast(std::uint32_t, denormal ? a * 8388608.0f : a) - 0x3f3504f3u;
  exponent = static_cast<float>(static_cast<std::int32_t>(bits) >> 23) - (denormal ? 23.0f : 0.0f);
  return __builtin_bit_cast(float, (bits & 0x7fffffu) + 0x3f3504f3u);
}
[[gnu::always_inline]] inline double split_exponent(double a, double& exponent) {
  const bool denormal = a < 2.2250738585072014e-308;
  const std::uint64_t root = 0x3fe6a09e667f3bcdu;
  const std::uint64_t bits = __builtin_bit_cast(std::uint64_t, denormal ? a * 4503599627370496.0 : a) - root;
  exponent = static_cast<double>(static_cast<std::int64_t>(bits) >> 52) - (denormal ? 52.0 : 0.0);
  return __builtin_bit_cast(double, (bits & 0xfffffffffffffu) + root);
}

}  // namespace chainrule::math
