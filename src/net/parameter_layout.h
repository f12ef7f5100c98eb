// Where each named parameter lies in the flat, row-major parameter vector (the view of files and people).
#pragma once

#include <cstddef>
#include <vector>

#include "chainrule/network.h"
#include "chainrule/network_spec.h"

namespace chainrule::net {

enum class Role { input_scale, weight, bias, norm_scale, norm_shift, prelu_slope, running_mean, running_variance };

/// layer is 0 for input_scale. rows x columns: units x inputs for weights; size x 1 for vectors ("one row per element").
struct Tensor {
  TensorInfo info;
  Role role = Role::weight;
  std::size_t layer = 0, rows = 0, columns = 0;
  bool decays = false;  ///< l1, l2, max-norm and weight decay apply
};

/// Tensors in layout order: input.scale, then per layer weight, bias, prelu, norm.scale, norm.shift, norm.mean, norm.variance
/// (those that exist), without gaps or padding.
struct ParameterLayout {
  explicit ParameterLayout(const NetworkSpec& spec);
  std::vector<Tensor> tensors;
  std::size_t size = 0;            ///< floats in total
  std::size_t trainable_size = 0;  ///< without running statistics
  /// The tensor of that role in that layer, or nullptr.
  const Tensor* find(Role role, std::size_t layer) const noexcept;
};

}  // namespace chainrule::net
