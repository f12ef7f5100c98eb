// The sum inside a matrix product, in the order of docs/arithmetic.md: a chain, or pairs of bf16 operands.
#pragma once

#include <cstddef>
#include <type_traits>

#include "chainrule/kinds.h"
#include "math/bf16.h"
#include "math/lanes.h"

namespace chainrule::reference {

/// start + a(i) * b(i) for i in [begin, end). In double, where the mathematics is judged, nothing is rounded to bf16.
template <class T, class A, class B>
T sum_of_products(Precision precision, T start, std::size_t begin, std::size_t end, A a, B b) {
  if constexpr (std::is_same_v<T, float>) {
    if (precision == Precision::bf16) {
      return math::sum_of_pairs(
          start, end - begin, [&](std::size_t i) { return math::round_to_bf16(a(begin + i)); },
          [&](std::size_t i) { return math::round_to_bf16(b(begin + i)); });
    }
  }
  T sum = start;
  for (std::size_t i = begin; i < end; ++i) sum = math::fma(a(i), b(i), sum);
  return sum;
}

}  // namespace chainrule::reference
