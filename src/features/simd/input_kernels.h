// The two loops of the feature transform that see every cell of number columns, once for every processor and once for AVX2.
#pragma once

#include <cstddef>

namespace chainrule::features {

/// Most rows of a block: their cells of a group of columns lie in the L1 cache.
constexpr std::size_t kBlockRows = 128;

/// Inputs further out than this many deviations are held here, so that no value of a new table overflows a network.
constexpr double kFarthest = 1e6;

/// How a column's values become inputs: (value - center) / scale, with `fill` for a missing value.
struct Standard {
  double center, scale, fill;
};

/// What a block of cells holds besides everyday values.
struct Oddities {
  bool missing = false, far = false;
};

/// Inputs of a few columns side by side before they are put in place row by row: tile[input][row].
constexpr std::size_t kTileInputs = 16;  // floats of a cache line
using Tile = float[kTileInputs][kBlockRows];

struct InputKernels {
  const char* name;
  /// kBlockRows values, NaN where missing, to as many inputs; those out of range are only noticed.
  Oddities (*standardise)(const double* values, Standard standard, float* x);
  /// x[i * stride + j] = tile[j][i] for i < rows, j < inputs.
  void (*place_tile)(const Tile& tile, std::size_t inputs, std::size_t rows, float* x, std::size_t stride);
};

const InputKernels& portable_input_kernels();
const InputKernels& avx2_input_kernels();  ///< only in x86-64 builds
/// All that this processor can run, the fastest last.
struct InputKernelList {
  const InputKernels* kernels[2];
  std::size_t count;
};
InputKernelList runnable_input_kernels();
const InputKernels& best_input_kernels();

}  // namespace chainrule::features
