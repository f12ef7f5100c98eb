// Learning row by row: one thread runs the whole step in one kernel, for networks that need nothing else.
#pragma once

#include <vector>

#include "engine/cpu/packed_network.h"
#include "engine/plan.h"

namespace chainrule::engine::cpu {

/// Steps of one row on the parameters, states and transposed weights of a PackedNetwork, which must outlive it.
/// Norms, dropout, input noise and scale, residuals, prelu, clipping by norm, max-norm, running means, shards and bf16
/// are left to the passes over batches.
class OnlinePath {
 public:
  OnlinePath(PackedNetwork& net, int members);

  bool takes(const Samples& samples, std::size_t rows) const {
    return suits_ && rows == 1 && samples.weights == nullptr;
  }
  StepResult step(const Samples& samples, std::uint32_t row, const math::UpdateConstants& update) noexcept;

 private:
  void add_layer(const Layer& layer);
  void prepare_loss();
  void transpose_again() noexcept;
  float* floats(std::size_t count) { return memory_.emplace_back(count).data(); }
  std::uint64_t* words(std::size_t columns) { return word_memory_.emplace_back((columns + 63) / 64).data(); }

  PackedNetwork& net_;
  bool suits_ = false, plain_ = false;
  std::vector<OnlineLayer> layers_;
  std::vector<AlignedBuffer<float>> memory_;
  std::vector<AlignedBuffer<std::uint64_t>> word_memory_;
  std::uint64_t* active_ = nullptr;  ///< of the inputs
  UpdateRule weight_rule_{}, bias_rule_{};
  float *block_ = nullptr, *bias_gradient_ = nullptr;
  float row_scale_ = 0;
  LossRows loss_{};
};

}  // namespace chainrule::engine::cpu
