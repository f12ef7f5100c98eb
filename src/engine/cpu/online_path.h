// Learning row by row: one thread runs the whole step in one kernel, for networks that need nothing else.
#pragma once

#include <vector>

#include "engine/cpu/packed_network.h"
#include "engine/plan.h"

namespace chainrule::engine::cpu {

/// Steps of one row on the parameters, states and transposed weights of a PackedNetwork, which must outlive it.
/// Norms, dropout, input noise and scale, residuals, prelu, clipping by norm, max-norm, running means and shards are
/// left to the passes over batches.
class OnlinePath {
 public:
  OnlinePath(PackedNetwork& net, int members);

  bool takes(const Samples& samples, std::size_t rows) const {
    return suits_ && rows == 1 && samples.weights == nullptr;
  }
  StepResult step(const Samples& samples, std::uint32_t row, const math::UpdateConstants& update) noexcept;
  /// What is known about the parameters now: that all are finite, or nothing.
  void parameters_are(bool finite) { finite_ = finite; }

 private:
  void add_layer(const Layer& layer);
  float* floats(std::size_t count) { return memory_.emplace_back(count).data(); }

  PackedNetwork& net_;
  bool suits_ = false, plain_ = false, finite_ = false;
  std::vector<OnlineLayer> layers_;
  std::vector<AlignedBuffer<float>> memory_;
  UpdateRule weight_rule_{}, bias_rule_{};
  float *block_ = nullptr, *bias_gradient_ = nullptr, *loss_scratch_ = nullptr;
  float row_scale_ = 0, loss_parameter_ = 0;
};

}  // namespace chainrule::engine::cpu
