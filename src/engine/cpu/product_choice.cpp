// Replaces the products of a kernel table by those of bf16 operands: the processor's instruction where it has proven itself.
#include "engine/cpu/product_choice.h"

#include <string_view>

#include "engine/cpu/bf16_proof.h"

namespace chainrule::engine::cpu {
namespace {

/// The kernels of an instruction for bf16 pairs that this processor has, or null.
const PairKernels* instruction_of(const KernelTable& kernels) {
#if defined(__x86_64__)
  if (std::string_view(kernels.name) == "avx512" && __builtin_cpu_supports("avx512bf16")) return &avx512bf16_kernels();
#endif
  return nullptr;
}

}  // namespace

ProductChoice choose_bf16_products(const KernelTable& kernels, const PairKernels* instruction, const std::string& failure) {
  ProductChoice choice{kernels, "products take bf16 operands, emulated"};
  choice.table.product = kernels.product_bf16;
  choice.table.gradient = kernels.gradient_bf16;
  if (instruction == nullptr) return choice;
  if (!failure.empty()) {
    choice.note += ": this processor's AVX512-BF16 has other bits, " + failure;
    return choice;
  }
  choice.table.product = instruction->product;
  choice.table.gradient = instruction->gradient;
  choice.note = "products take bf16 operands, by AVX512-BF16, proven at start";
  return choice;
}

ProductChoice choose_products(const KernelTable& kernels, Precision precision) {
  if (precision == Precision::fp32) return {kernels, ""};
  const PairKernels* instruction = instruction_of(kernels);
  if (instruction == nullptr) return choose_bf16_products(kernels, nullptr, "");
  static const std::string failure = disproof(*instruction, kernels);  // one processor, one answer
  return choose_bf16_products(kernels, instruction, failure);
}

}  // namespace chainrule::engine::cpu
