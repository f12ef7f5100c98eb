// Compares back-propagated gradients with finite differences of the loss, in fp64, with the masks of one step.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/reference/reference_network.h"

namespace chainrule::reference {

struct GradientCheck {
  double max_relative_error = 0;
  std::string worst;         ///< where: "layers.1.weight[3]" or "inputs[2, 0]", with both numbers
  std::size_t checked = 0;
  std::size_t at_kinks = 0;  ///< left out: every step, however small, changes the branch of some unit or of the loss
};

/// How much to check. Elements are taken evenly spaced; 0 means all.
struct GradientCheckSize {
  std::size_t per_tensor = 0, inputs = 0;
};

/// What backward() claims: every parameter in layout order, and dL/dx [rows, inputs].
struct ClaimedGradients {
  std::vector<double> parameters;
  Matrix<double> inputs;
};
ClaimedGradients back_propagate(ReferenceNetwork<double>& network, const Batch<double>& batch, const StepControl& control);

/// Relative error: |claimed - measured| / max(|claimed|, |measured|, floor), the floor (1e-5 * max(1, |loss|) at the usual step of 1e-3)
/// standing for what rounding lets finite differences see. Leaves the network as it was.
GradientCheck check_gradients(ReferenceNetwork<double>& network, const Batch<double>& batch, const StepControl& control,
                              const ClaimedGradients& claimed, const GradientCheckSize& size = {});

}  // namespace chainrule::reference
