// The lesson in code: a multilayer perceptron that computes docs/arithmetic.md item by item, slow and obvious.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "chainrule/network_spec.h"
#include "engine/plan.h"
#include "engine/reference/batch.h"
#include "engine/reference/shards.h"
#include "engine/reference/trace.h"
#include "math/dropout.h"
#include "math/norms.h"
#include "net/parameter_layout.h"

namespace chainrule::reference {

using engine::Mode;
using engine::StepControl;

/// One layer's tensors inside a vector in layout order (parameters, gradients, ...); empty where the layer has none.
template <class T>
struct LayerTensors {
  MatrixView<T> weight;
  std::span<T> bias, prelu_slope, norm_scale, norm_shift, running_mean, running_variance;
};

/// T = float: the oracle every engine equals bit for bit. T = double: the judge of the mathematics.
/// A training step is forward(), loss(), backward(), update(), in this order. Random draws depend only on seed, step and row ids, so the
/// same step number means the same masks: that is how checks freeze them. Allocates only when a batch exceeds `most_rows`.
template <class T>
class ReferenceNetwork {
 public:
  ReferenceNetwork(const NetworkSpec& spec, const TrainingSpec& training, std::size_t most_rows = 1);

  ReferenceNetwork(ReferenceNetwork&&) = default;
  ReferenceNetwork& operator=(ReferenceNetwork&&) = default;

  const NetworkSpec& spec() const noexcept { return spec_; }
  const net::ParameterLayout& layout() const noexcept { return layout_; }
  std::vector<T>& parameters() noexcept { return parameters_; }
  std::vector<T>& gradients() noexcept { return gradients_; }
  std::vector<T>& state(std::size_t i) noexcept { return state_[i]; }
  /// The running mean of the parameters; empty unless training.ema > 0.
  std::vector<T>& average() noexcept { return average_; }

  /// Items 1 to 6: from the rows to the outputs [rows, outputs].
  const Matrix<T>& forward(const Batch<T>& batch, Mode mode, const StepControl& control);
  /// Item 7: the loss of the last forward(), each row's times its weight, divided by the number of rows; fills output_gradient().
  double loss(const Batch<T>& batch);
  Matrix<T>& output_gradient() noexcept { return layers_.back().da; }
  /// Items 8 to 12: from output_gradient() back to every parameter's gradient, and to dL/dx when `to_inputs`.
  void backward(bool to_inputs = false);
  /// Items 13 to 17. Returns the gradient's norm before clipping, 0 unless clip_norm is on.
  double update(const StepControl& control);

  const std::vector<LayerTrace<T>>& layers() const noexcept { return layers_; }
  const InputTrace<T>& input() const noexcept { return input_; }
  /// [rows, targets] of the last loss(): labels as one-hot rows, smoothed.
  const Matrix<T>& targets() const noexcept { return targets_; }
  /// The loss of each row of the last loss().
  const std::vector<T>& row_losses() const noexcept { return row_losses_; }

 private:
  LayerTensors<T> tensors_of(std::size_t l, std::vector<T>& values) const;
  std::span<T> input_scale(std::vector<T>& values) const;
  const Matrix<T>& input_of(std::size_t l) const { return l == 0 ? input_.a : layers_[l - 1].a; }
  RowOrder row_order() const { return {rows_, training_.shards}; }

  void reserve_layer(std::size_t l, std::size_t most_rows);

  // forward.cpp
  bool training() const { return mode_ == Mode::train; }
  bool masks_on() const { return mode_ != Mode::predict; }
  double rate_of(const DropoutSpec& dropout) const;
  void add_input_noise();
  void scale_inputs();
  void drop_inputs();
  void forward_layer(std::size_t l);
  void dense(std::size_t l);
  MatrixView<const T> weight_in_use(std::size_t l);
  void draw_weight_mask(std::size_t l, double rate);
  void normalize(std::size_t l);
  void normalize_rows(std::size_t l);
  void normalize_units(std::size_t l);
  void move_running_statistics(LayerTensors<T>& p, std::size_t u, double mean, double variance);
  void activate(std::size_t l);
  void drop_units(std::size_t l);
  void draw_unit_mask(std::size_t l, const math::DropoutConstants& constants);
  void add_residual(std::size_t l);
  // loss.cpp
  void fill_targets(const Batch<T>& batch);
  T row_loss(std::size_t r);
  // backward.cpp
  void backward_layer(std::size_t l, bool to_inputs);
  void backward_activation(std::size_t l);
  void backward_norm(std::size_t l);
  void backward_norm_rows(std::size_t l);
  void backward_norm_units(std::size_t l);
  void backward_weights(std::size_t l);
  void backward_to_input(std::size_t l, Matrix<T>& da_in);
  void backward_inputs(bool to_inputs);
  // update.cpp
  void add_penalties();
  double clip();
  void take_step(const StepControl& control);
  void limit_norms();
  void average_parameters(std::uint64_t step);

  NetworkSpec spec_;
  TrainingSpec training_;
  net::ParameterLayout layout_;
  std::vector<std::array<const net::Tensor*, 8>> tensors_;  ///< per layer, by Role
  std::vector<T> parameters_, gradients_, average_;
  std::array<std::vector<T>, 4> state_;

  // Of the last forward().
  Mode mode_ = Mode::predict;
  StepControl control_;
  std::size_t rows_ = 0;
  std::vector<T> weights_;           ///< row weights
  std::vector<std::uint32_t> ids_;
  math::RowMass mass_;               ///< W, and what unbiased variances need
  InputTrace<T> input_;
  std::vector<LayerTrace<T>> layers_;
  Matrix<T> targets_;
  std::vector<T> row_losses_, slopes_;
};

}  // namespace chainrule::reference
