// Where an element of a batch matrix lies among its panels.
#pragma once

#include "engine/cpu/simd/lanes-inl.h"

namespace chainrule::engine::cpu {
namespace {

// Without full unrolling GCC 12 keeps the accumulators in memory; tools/check_simd_symbols looks for that.
#define CHAINRULE_UNROLL _Pragma("GCC unroll 16")

constexpr int kPanelVectors = 4;
constexpr int kPanel = kPanelVectors * kLanes;

constexpr int padded(int columns) { return (columns + kLanes - 1) / kLanes * kLanes; }
/// Width of the panel that starts at `column` (a multiple of kPanel).
constexpr int panel_width(int column, int columns) {
  return padded(columns) - column < kPanel ? padded(columns) - column : kPanel;
}
/// Offset of (row, column) in a batch matrix with panels `stride` apart.
HWY_INLINE std::size_t element(int row, int column, int columns, std::size_t stride) {
  const int start = column / kPanel * kPanel;
  return static_cast<std::size_t>(start / kPanel) * stride +
         static_cast<std::size_t>(row) * static_cast<std::size_t>(panel_width(start, columns)) +
         static_cast<std::size_t>(column - start);
}

}  // namespace
}  // namespace chainrule::engine::cpu
