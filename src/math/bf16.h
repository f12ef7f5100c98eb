// bf16 operands of products: how a number is rounded to one, and one step of a sum of pairs (docs/arithmetic.md,
// "Operands in bf16").
#pragma once

#include <cstddef>
#include <cstdint>

namespace chainrule::math {

[[gnu::always_inline]] inline std::uint32_t bits_of(float value) { return __builtin_bit_cast(std::uint32_t, value); }
[[gnu::always_inline]] inline float float_of(std::uint32_t bits) { return __builtin_bit_cast(float, bits); }

/// A denormal becomes zero of the same sign.
[[gnu::always_inline]] inline float without_denormal(float value) {
  const std::uint32_t bits = bits_of(value);
  return (bits & 0x7f800000u) == 0 ? float_of(bits & 0x80000000u) : value;
}

/// The nearest number whose last 16 bits are 0, ties to even; denormals are zero, NaN stays NaN.
[[gnu::always_inline]] inline float round_to_bf16(float value) {
  const std::uint32_t bits = bits_of(without_denormal(value));
  if ((bits & 0x7fffffffu) > 0x7f800000u) return float_of((bits | 0x00400000u) & 0xffff0000u);
  return float_of((bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u);
}

/// fma(a, b, sum) of bf16 numbers a and b; denormal arguments count as zero, and so does a tiny result: one that would
/// stay below 2^-126 if it were rounded to 24 bits without a least exponent.
[[gnu::always_inline]] inline float add_product(float sum, float a, float b) {
  constexpr float kLeast = 0x1p-126f;
  a = without_denormal(a), b = without_denormal(b), sum = without_denormal(sum);
  const float result = __builtin_fmaf(a, b, sum);
  if (!(__builtin_fabsf(result) <= kLeast)) return result;
  // Near 2^-126 the double sum of the exact product is exact too, or so far from the bound that it does not matter.
  const double exact = static_cast<double>(a) * static_cast<double>(b) + static_cast<double>(sum);
  return __builtin_fabs(exact) < 0x1p-126 - 0x1p-151 ? __builtin_copysignf(0.0f, result) : result;
}

/// The pair (2i, 2i + 1) of a sum: the odd one first.
[[gnu::always_inline]] inline float add_pair(float sum, float even_a, float even_b, float odd_a, float odd_b) {
  return add_product(add_product(sum, odd_a, odd_b), even_a, even_b);
}

/// start + the products of bf16 numbers a(i) and b(i), i < count, pair by pair; an odd count ends with the odd element +0 * +0.
template <class A, class B>
[[gnu::always_inline]] inline float sum_of_pairs(float start, std::size_t count, A a, B b) {
  float sum = start;
  for (std::size_t i = 0; i < count; i += 2) {
    const bool whole = i + 1 < count;
    sum = add_pair(sum, a(i), b(i), whole ? a(i + 1) : 0.0f, whole ? b(i + 1) : 0.0f);
  }
  return sum;
}

}  // namespace chainrule::math
