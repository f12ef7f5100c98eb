// Which kernels multiply matrices: those of the instruction set, or those of bf16 operands.
#pragma once

#include <string>

#include "engine/cpu/simd/kernel_table.h"

namespace chainrule::engine::cpu {

struct ProductChoice {
  KernelTable table;  ///< product and gradient are those of the precision
  std::string note;   ///< for the plan's report; empty: nothing to say
};

/// The products of bf16 operands: those of `instruction` (null: there is none) unless `failure` says what it got wrong.
ProductChoice choose_bf16_products(const KernelTable& kernels, const PairKernels* instruction, const std::string& failure);
ProductChoice choose_products(const KernelTable& kernels, Precision precision);

}  // namespace chainrule::engine::cpu
