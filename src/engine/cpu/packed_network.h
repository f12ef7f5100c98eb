// The network as the kernels want it: parameters in panels, and what each layer needs done.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "engine/cpu/columns.h"
#include "engine/cpu/denormal_watch.h"
#include "engine/cpu/simd/kernel_table.h"
#include "engine/plan.h"
#include "net/parameter_layout.h"

namespace chainrule::engine::cpu {

/// How backward learns the factor f of docs/arithmetic.md item 5.
enum class Factor {
  one,          ///< identity without dropout
  relu_values,  ///< from the values of the relu
  stored,       ///< forward wrote it down
};

inline constexpr std::size_t kAbsent = static_cast<std::size_t>(-1);

/// One layer: shapes, what to do, and where its parameters lie in every arena (kAbsent: it has none).
struct Layer {
  Columns in, out;
  Activation activation = Activation::identity;
  float parameter = 0;
  Norm norm = Norm::none;
  bool residual = false;
  DropoutSpec dropout;
  bool drops_units = false, drops_weights = false;
  Factor factor = Factor::stored;
  std::size_t weight = kAbsent, bias = kAbsent, prelu = kAbsent, norm_scale = kAbsent, norm_shift = kAbsent,
              mean = kAbsent, variance = kAbsent;
  std::size_t transposed = 0;  ///< in the arenas of transposed weights

  /// Panel p of the weights is [in.count, out.width(p)], panel q of the transposed weights [out.count, in.width(q)].
  std::size_t weight_panel(int p) const { return weight + size(p * out.panel) * size(in.count); }
  std::size_t weights() const { return size(in.count) * out.size(); }
  std::size_t transposed_panel(int q) const { return transposed + size(q * in.panel) * size(out.count); }

 private:
  static std::size_t size(int n) { return static_cast<std::size_t>(n); }
};

/// Where a named tensor lies, packed and row-major.
struct PackedTensor {
  net::Tensor tensor;
  std::size_t packed = 0;
  Columns columns;        ///< of the panels: units, or the vector's elements
  std::size_t norms = 0;  ///< first of its `columns.padded()` places in an array of sums, one per row of the tensor
};

class PackedNetwork {
 public:
  PackedNetwork(const NetworkSpec& spec, const TrainingSpec& training, const KernelTable& kernels);

  /// Packs a row-major vector in layout order, or the other way round.
  void load(Part part, std::span<const float> values);
  void store(Part part, std::span<float> values) const;

  float* arena(Part part) { return arenas_[static_cast<std::size_t>(part)].data(); }
  const float* arena(Part part) const { return arenas_[static_cast<std::size_t>(part)].data(); }
  float* parameters() { return arena(Part::parameters); }
  const float* parameters() const { return arena(Part::parameters); }
  float* state(int i) { return arena(static_cast<Part>(static_cast<int>(Part::state0) + i)); }
  const float* state(int i) const { return arena(static_cast<Part>(static_cast<int>(Part::state0) + i)); }
  int states() const { return static_cast<int>(state_count_); }
  bool averages() const { return training.ema > 0; }
  /// Products take operands rounded to bf16.
  bool rounds() const { return training.precision == Precision::bf16; }
  /// The weights that products read, placed like the parameters.
  const float* product_weights() const { return rounds() ? rounded.data() : parameters(); }
  /// After every update: vectors that have denormals among their state.
  void denormals_seen(std::size_t slowed) noexcept {
    denormals.updated(slowed * static_cast<std::size_t>(kernels.lanes), packed_size_);
  }
  /// Rounds `size` parameters at `place`, which changed, for products.
  void round_weights(std::size_t place, std::size_t size) {
    if (rounds()) kernels.round_bf16(rounded.data() + place, parameters() + place, size);
  }

  /// A layer whose weights do not stay in the second-level cache from one row tile's panel to the next.
  static bool streams(const Layer& layer) {
    return layer.in.size() * layer.out.size() * sizeof(float) >= std::size_t{1} << 20;
  }
  /// A layer whose weights and optimiser state do not stay there from step to step.
  bool state_streams(const Layer& layer) const {
    return layer.in.size() * layer.out.size() * sizeof(float) * (1 + state_count_) >= std::size_t{1} << 19;
  }
  /// Copies the block of k in [begin, end) of weight panel p into the transposed weights.
  void transpose(const Layer& layer, int p, Range k, const float* weights, float* transposed) const;
  /// All of a layer's weights.
  void transpose(const Layer& layer, const float* weights, float* transposed) const;

  NetworkSpec spec;
  TrainingSpec training;
  const KernelTable& kernels;
  std::vector<Layer> layers;
  Columns inputs;
  std::size_t input_scale = kAbsent;
  std::vector<PackedTensor> tensors;  ///< in layout order
  std::size_t norm_places = 0;
  /// Transposed weights; DropConnect's masks and masked weights lie like the parameters.
  AlignedBuffer<float> transposed, masks, masked, masked_transposed;
  /// bf16: copies of the weights and of their running mean, placed like the parameters; transposed weights are rounded too.
  AlignedBuffer<float> rounded, rounded_average;
  bool drops_weights = false, has_batch_norm = false;
  bool finite = false;  ///< all parameters are known to be finite
  DenormalWatch denormals;

 private:
  void place_tensors();
  void describe_layers();
  std::size_t* place_of(const net::Tensor& tensor);

  net::ParameterLayout layout_;
  std::size_t state_count_ = 0, packed_size_ = 0;
  std::array<AlignedBuffer<float>, 7> arenas_;
};

}  // namespace chainrule::engine::cpu
