// An instruction for bf16 pairs is used only where it has the law's bits, and the packing around it changes none.
#include "engine/cpu/bf16_proof.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "base/aligned_buffer.h"
#include "engine/cpu/instruction_sets.h"
#include "engine/cpu/product_choice.h"
#include "math/bf16.h"

namespace chainrule::engine::cpu {
namespace {

/// Tests that need the packed kernels, which are compiled into the AVX2 table.
class PackedPairs : public ::testing::Test {
 protected:
  void SetUp() override {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) table = &avx2_kernels();
#endif
    if (table == nullptr) GTEST_SKIP() << "no packed kernels for this processor";
  }
  const KernelTable* table = nullptr;
};
class Bf16Proof : public PackedPairs {};

AlignedBuffer<float> random_numbers(std::size_t size, std::uint32_t seed) {
  std::mt19937 random(seed);
  AlignedBuffer<float> values(size);
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint32_t exponent = i % 5 == 0 ? 60 + random() % 8 : 120 + random() % 10;  // some products are tiny
    values[i] = i % 11 == 0 ? 0 : math::float_of((static_cast<std::uint32_t>(random()) & 0x807f0000u) | exponent << 23);
  }
  return values;
}

::testing::AssertionResult same_bits(const AlignedBuffer<float>& a, const AlignedBuffer<float>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (math::bits_of(a[i]) != math::bits_of(b[i]) && !(std::isnan(a[i]) && std::isnan(b[i])))
      return ::testing::AssertionFailure() << "element " << i << ": " << a[i] << " against " << b[i];
  }
  return ::testing::AssertionSuccess();
}

TEST_F(PackedPairs, ProductsEqualThoseOfUnpackedOperands) {
  const std::size_t panel = static_cast<std::size_t>(table->panel), lanes = static_cast<std::size_t>(table->lanes);
  std::uint32_t number = 0;
  for (const std::size_t depth : {1, 2, 7, 32, 33, 64, 255, 256, 257, 300, 513}) {
    for (const std::size_t width : {lanes, 2 * lanes, 3 * lanes, panel}) {
      for (const std::size_t rows : {1, 2, 5, 17}) {
        ++number;
        const std::size_t stride = panel * (rows + 2);
        const AlignedBuffer<float> a = random_numbers(stride * (depth / panel + 1), number), b = random_numbers(depth * width, number + 1),
                                   start = random_numbers(width, number + 2), other = random_numbers(width * (rows + 2), number + 3);
        AlignedBuffer<float> expected = random_numbers(width * (rows + 2), number + 4), got = random_numbers(width * (rows + 2), number + 4);
        const auto arguments = [&](float* out) {
          return Product{a.data(), stride, depth, b.data(), number % 3 == 0 ? nullptr : start.data(), out, other.data(), static_cast<int>(width), static_cast<int>(width),
                         1, static_cast<int>(rows) + 1, static_cast<Epilogue>(number % 4), number % 5 == 0, nullptr};
        };
        table->product_bf16(arguments(expected.data()));
        table->packed_bf16->product(arguments(got.data()));
        ASSERT_TRUE(same_bits(got, expected)) << "depth " << depth << ", width " << width << ", rows " << rows;
      }
    }
  }
}

TEST_F(PackedPairs, GradientsEqualThoseOfUnpackedOperands) {
  const std::size_t panel = static_cast<std::size_t>(table->panel), lanes = static_cast<std::size_t>(table->lanes);
  std::uint32_t number = 0;
  for (const std::size_t rows : {0, 1, 2, 9, 127, 128, 129, 200, 385}) {
    for (const std::size_t width : {lanes, 3 * lanes, panel}) {
      for (const std::size_t inputs : {lanes, panel, panel + 2 * lanes, 3 * panel}) {
        ++number;
        const std::size_t stride = panel * (rows + 3), begin = inputs > panel ? 16 : 0, end = inputs - (number % 2);
        const AlignedBuffer<float> x = random_numbers(stride * (inputs / panel + 1), number), d = random_numbers(width * (rows + 3), number + 1);
        AlignedBuffer<float> expected = random_numbers(width * (end - begin), number + 2), got = random_numbers(width * (end - begin), number + 2);
        const auto arguments = [&](float* out) {
          return GradientBlock{x.data(), stride, static_cast<int>(inputs), d.data(), static_cast<int>(width), static_cast<int>(width), 3, static_cast<int>(rows) + 3,
                               static_cast<int>(begin), static_cast<int>(end), out, number % 3 == 0, 0, {}};
        };
        table->gradient_bf16(arguments(expected.data()));
        table->packed_bf16->gradient(arguments(got.data()));
        ASSERT_TRUE(same_bits(got, expected)) << "rows " << rows << ", width " << width << ", inputs " << inputs;
      }
    }
  }
}

using Step = float (*)(float sum, float a, float b);

/// A processor whose steps are `step`, the odd one first or not.
template <Step step, bool kOddFirst = true>
void answer(const std::uint32_t* a, const std::uint32_t* b, float* sums) {
  for (int i = 0; i < 16; ++i) {
    const float odd_a = math::float_of(a[i] & 0xffff0000u), odd_b = math::float_of(b[i] & 0xffff0000u);
    const float even_a = math::float_of(a[i] << 16), even_b = math::float_of(b[i] << 16);
    sums[i] = kOddFirst ? step(step(sums[i], odd_a, odd_b), even_a, even_b) : step(step(sums[i], even_a, even_b), odd_a, odd_b);
  }
}

float no_flushing(float sum, float a, float b) { return std::fma(a, b, sum); }
float results_unflushed(float sum, float a, float b) {
  return std::fma(math::without_denormal(a), math::without_denormal(b), math::without_denormal(sum));
}
float tiny_after_fp32_rounding(float sum, float a, float b) { return math::without_denormal(results_unflushed(sum, a, b)); }
float tiny_before_rounding(float sum, float a, float b) {
  const double exact = static_cast<double>(math::without_denormal(a)) * static_cast<double>(math::without_denormal(b)) +
                       static_cast<double>(math::without_denormal(sum));
  const float result = math::add_product(sum, a, b);
  return std::fabs(exact) < 0x1p-126 ? std::copysign(0.0f, result) : result;
}
float product_flushed(float sum, float a, float b) {
  return math::add_product(sum, math::add_product(0, a, b), 1);  // the product is rounded, and flushed, on its own
}
float toward_zero(float sum, float a, float b) {
  const float result = math::add_product(sum, a, b);
  const double exact = static_cast<double>(a) * static_cast<double>(b) + static_cast<double>(sum);
  return std::isfinite(result) && std::fabs(static_cast<double>(result)) > std::fabs(exact) ? std::nextafter(result, 0.0f) : result;
}

PairKernels with_steps(const KernelTable& table, void (*add)(const std::uint32_t*, const std::uint32_t*, float*)) {
  PairKernels pairs = *table.packed_bf16;
  pairs.add_pair_words = add;
  return pairs;
}

TEST_F(Bf16Proof, TheEmulationAndTheLawItselfPass) {
  EXPECT_EQ(disproof(*table->packed_bf16, *table), "");
  EXPECT_EQ(disproof(with_steps(*table, answer<math::add_product>), *table), "");
}

TEST_F(Bf16Proof, EveryOtherArithmeticIsFound) {
  const std::pair<const char*, void (*)(const std::uint32_t*, const std::uint32_t*, float*)> wrong[] = {
      {"even first", answer<math::add_product, false>},
      {"denormals as they are", answer<no_flushing>},
      {"denormal results", answer<results_unflushed>},
      {"tiny after rounding as fp32", answer<tiny_after_fp32_rounding>},
      {"tiny before rounding", answer<tiny_before_rounding>},
      {"flushed products", answer<product_flushed>},
      {"toward zero", answer<toward_zero>}};
  for (const auto& [what, add] : wrong) EXPECT_NE(disproof(with_steps(*table, add), *table), "") << what;
}

TEST_F(Bf16Proof, KernelsThatPackWronglyAreFound) {
  PairKernels pairs = *table->packed_bf16;
  pairs.product = table->product;  // fp32 order
  EXPECT_NE(disproof(pairs, *table), "");
  pairs = *table->packed_bf16;
  pairs.gradient = table->gradient;
  EXPECT_NE(disproof(pairs, *table), "");
}

TEST_F(Bf16Proof, OnlyAProvenInstructionIsUsed) {
  const ProductChoice none = choose_bf16_products(*table, nullptr, ""), proven = choose_bf16_products(*table, table->packed_bf16, ""),
                      refuted = choose_bf16_products(*table, table->packed_bf16, "sum 00000000");
  EXPECT_EQ(none.table.product, table->product_bf16);
  EXPECT_EQ(proven.table.product, table->packed_bf16->product);
  EXPECT_EQ(proven.table.gradient, table->packed_bf16->gradient);
  EXPECT_NE(proven.note.find("AVX512-BF16, proven"), std::string::npos);
  EXPECT_EQ(refuted.table.product, table->product_bf16);
  EXPECT_EQ(refuted.table.gradient, table->gradient_bf16);
  EXPECT_NE(refuted.note.find("emulated"), std::string::npos);
  EXPECT_NE(refuted.note.find("sum 00000000"), std::string::npos);
}

#if defined(__x86_64__)
TEST(ThisProcessor, HasTheLawsBitsWhereItHasAvx512Bf16) {
  if (!__builtin_cpu_supports("avx512bf16") || !__builtin_cpu_supports("avx512bw")) GTEST_SKIP() << "no AVX512-BF16 here";
  EXPECT_EQ(disproof(avx512bf16_kernels(), avx512_kernels()), "");
}
#endif

}  // namespace
}  // namespace chainrule::engine::cpu
