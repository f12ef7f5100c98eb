// Replaces the products of a kernel table by those of bf16 operands.
#include "engine/cpu/product_choice.h"

namespace chainrule::engine::cpu {

ProductChoice choose_products(const KernelTable& kernels, Precision precision) {
  ProductChoice choice{kernels, ""};
  if (precision == Precision::fp32) return choice;
  choice.table.product = kernels.product_bf16;
  choice.table.gradient = kernels.gradient_bf16;
  choice.note = "products take bf16 operands, emulated";
  return choice;
}

}  // namespace chainrule::engine::cpu
