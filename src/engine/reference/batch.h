// The rows of one step, gathered from the samples in batch order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chainrule/network.h"
#include "engine/reference/matrix.h"

namespace chainrule::reference {

template <class T>
struct Batch {
  Matrix<T> x;                       ///< [rows, inputs]
  Matrix<T> y;                       ///< [rows, targets]; 0 x 0 when labels are given or nothing is
  std::vector<std::int32_t> labels;  ///< one class per row, or empty
  std::vector<T> weights;            ///< one per row; all 1 when none are given
  std::vector<std::uint32_t> ids;    ///< names each row's random draws

  std::size_t rows() const { return x.rows; }
  void reserve(std::size_t rows, std::size_t inputs, std::size_t targets);
};

/// Copies samples[rows] into `batch`, converting to T. Allocates nothing within the reserved size.
template <class T>
void gather(const Samples& samples, std::span<const std::uint32_t> rows, Batch<T>& batch);

}  // namespace chainrule::reference
