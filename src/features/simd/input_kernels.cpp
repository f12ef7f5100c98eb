// The input loops for every processor, and which of all loops this one runs.
#include "features/simd/input_kernels.h"

#include <cmath>
#include <cstdint>

namespace chainrule::features {
namespace {

Oddities standardise(const double* values, Standard standard, float* x) {
  double inputs[kBlockRows];
  std::int64_t missing = 0, far = 0;
  for (std::size_t i = 0; i < kBlockRows; ++i) {
    const std::int64_t gone = values[i] != values[i] ? -1 : 0;
    inputs[i] = ((gone != 0 ? standard.fill : values[i]) - standard.center) / standard.scale;
    missing |= gone;
    far |= std::abs(inputs[i]) > kFarthest ? -1 : 0;
  }
  for (std::size_t i = 0; i < kBlockRows; ++i) x[i] = static_cast<float>(inputs[i]);
  return {missing != 0, far != 0};
}

void place_tile(const Tile& tile, std::size_t inputs, std::size_t rows, float* x, std::size_t stride) {
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < inputs; ++j) x[i * stride + j] = tile[j][i];
  }
}

}  // namespace

const InputKernels& portable_input_kernels() {
  static constexpr InputKernels kernels = {"portable", standardise, place_tile};
  return kernels;
}

InputKernelList runnable_input_kernels() {
  InputKernelList list = {{&portable_input_kernels()}, 1};
#ifdef __x86_64__
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                    __builtin_cpu_supports("bmi2");
  if (avx2) list.kernels[list.count++] = &avx2_input_kernels();
#endif
  return list;
}

const InputKernels& best_input_kernels() {
  static const InputKernelList list = runnable_input_kernels();
  return *list.kernels[list.count - 1];
}

}  // namespace chainrule::features
