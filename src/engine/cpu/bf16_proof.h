// Whether kernels of bf16 pairs compute what docs/arithmetic.md says: asked of a processor before its instruction is used.
#pragma once

#include <string>

#include "engine/cpu/simd/kernel_table.h"

namespace chainrule::engine::cpu {

/// Tries some thousand sums of pairs (ties, cancellation, denormals, tiny results, infinities, NaN) against the scalar law, and a whole
/// product and gradient against the emulation. "" when every bit agrees, else the first difference. Takes a millisecond or two.
std::string disproof(const PairKernels& pairs, const KernelTable& emulation);

}  // namespace chainrule::engine::cpu
