// Why a network answers as it does: the chain rule's factors and the weights to blame, in fp64 on the reference engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chainrule/explanation.h"
#include "chainrule/network_spec.h"
#include "explain/blame.h"

namespace chainrule::explain {

/// A network and the rows it is explained on. Everything viewed must outlive the call.
struct RowsInQuestion {
  const NetworkSpec& network;
  std::span<const float> parameters;   ///< in layout order
  Samples samples;                     ///< with y or labels
  std::span<const std::uint32_t> rows;
  std::vector<InputGroup> columns;     ///< for BlameBy::column; empty: every input on its own
};

/// Computed as in prediction (no masks, running statistics). Fills everything but step, movement, counterfactual and what only the
/// table knows: names, lines, texts. prediction and truth are plain numbers or class indices; the caller may put names in their place.
Explanation explain_samples(const RowsInQuestion& subject, const ExplainRequest& request);

/// One row with weight 1, blame by weight.
Explanation explain_sample(const NetworkSpec& network, std::span<const float> parameters, const Samples& samples, std::size_t row,
                           std::size_t top);

}  // namespace chainrule::explain
