// What each layer did over many rows: largest sums and outputs, silent units, lengths of the gradients.
#pragma once

#include "chainrule/explanation.h"
#include "explain/loss_surface.h"

namespace chainrule::explain {

class LayerSummaries {
 public:
  explicit LayerSummaries(const NetworkSpec& spec);
  /// Takes in a chunk after its backward pass; gradients count times `share`.
  void add(const Network& network, double share);
  std::vector<LayerSummary> finish() &&;

 private:
  std::vector<LayerSummary> layers_;
  std::vector<std::vector<bool>> spoke_;  ///< per layer and unit: gave something other than 0
  std::vector<std::size_t> active_;
  std::size_t rows_ = 0;
};

}  // namespace chainrule::explain
