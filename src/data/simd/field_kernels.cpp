// The field loops for every processor, and which of all loops this one runs.
#include "data/simd/field_kernels.h"

#include <bit>
#include <cstring>

#include "data/simd/fields-inl.h"

namespace chainrule::data {
namespace {

class Block {
 public:
  explicit Block(const char* text) noexcept { std::memcpy(words_, text, sizeof words_); }

  std::uint64_t equal(char c) const noexcept {
    std::uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) bits |= equal(words_[i], c) << (8 * i);
    return bits;
  }
  static std::size_t count(std::uint64_t bits) noexcept { return static_cast<std::size_t>(std::popcount(bits)); }
  static std::uint32_t* append(std::uint64_t bits, std::uint32_t base, std::uint32_t* to) noexcept {
    for (; bits != 0; bits &= bits - 1) *to++ = base + static_cast<std::uint32_t>(std::countr_zero(bits));
    return to;
  }

 private:
  // One bit a byte, the first byte lowest. Top bits of bytes that are zero (no carries between bytes), gathered by a product.
  static std::uint64_t equal(std::uint64_t word, char c) noexcept {
    constexpr std::uint64_t kOnes = 0x0101010101010101ull, kLow = 0x7f7f7f7f7f7f7f7full;
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    word ^= kOnes * static_cast<unsigned char>(c);
    const std::uint64_t zero = ~(((word & kLow) + kLow) | word | kLow);
    return ((zero >> 7) * 0x0102040810204080ull) >> 56;
  }
  std::uint64_t words_[8];
};

NumberCount read_numbers(FieldColumn column, std::size_t rows, char decimal, double* to) {
  std::size_t row = 0, empty = 0;
  while (row < rows && read_one(column, row, decimal, to[row], empty)) ++row;
  return {row, empty, true};
}

}  // namespace

const FieldKernels& portable_field_kernels() {
  static constexpr FieldKernels kernels = {"portable", find_stops<Block>, read_numbers};
  return kernels;
}

FieldKernelList runnable_field_kernels() {
  FieldKernelList list = {{&portable_field_kernels()}, 1};
#ifdef __x86_64__
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
                    __builtin_cpu_supports("popcnt");
  if (avx2) list.kernels[list.count++] = &avx2_field_kernels();
#endif
  return list;
}

const FieldKernels& best_field_kernels() {
  static const FieldKernelList list = runnable_field_kernels();
  return *list.kernels[list.count - 1];
}

}  // namespace chainrule::data
