// A network held in memory: train it step by step, by hand or fused, and predict without allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "chainrule/network_spec.h"

namespace chainrule {

/// A view of rows in memory; nothing is copied, everything must outlive the call it is given to.
struct Samples {
  const float* x = nullptr;              ///< [rows, inputs], row-major
  const float* y = nullptr;              ///< [rows, targets], row-major; null when labels are given
  const std::int32_t* labels = nullptr;  ///< class of each row, in [0, outputs); null when y is given
  const float* weights = nullptr;        ///< one weight >= 0 per row, best 1 in the mean: a batch is divided by its rows; null: all 1
  const std::uint32_t* ids = nullptr;    ///< the row's id in its data set, which random draws depend on; null: its index
  std::size_t rows = 0;
  std::size_t inputs = 0;
  std::size_t targets = 0;               ///< columns of y
};

/// How to run a network. Results are the same bits whatever is chosen here.
struct PlanOptions {
  EngineKind engine = EngineKind::automatic;
  int threads = 0;             ///< 0: as many cores as make a step faster, one while other programs hold the others up
  std::size_t max_batch = 256; ///< most rows one step will be given
};

/// What was chosen, and why the other candidates were not.
struct PlanReport {
  std::string engine;             ///< "cpu" or "reference"
  std::string instruction_set;    ///< "avx2", "avx512", "neon", "scalar"
  int threads = 1;
  std::vector<std::string> notes; ///< one line per decision or refused candidate
};

/// One named parameter tensor. Values lie row-major at `offset` of the flat parameter vector.
struct TensorInfo {
  std::string name;                ///< "layers.0.weight", "layers.0.bias", "layers.0.norm.scale", ...
  std::vector<std::size_t> shape;  ///< [units, inputs] for weights
  std::size_t offset = 0, size = 0;
  bool trainable = true;           ///< false: running statistics of batch normalisation
};

/// What one training step saw. loss is the batch's before the update, sum of weight * loss over its rows / rows, without penalties.
struct StepResult {
  double loss = 0;
  bool finite = true;              ///< false: a non-finite loss, gradient at the outputs, or weight appeared
  double gradient_norm = 0;        ///< global norm before clipping; 0 unless clip_norm is on
  bool updated = true;             ///< false: loss or gradients at the outputs were not finite, and nothing was changed
};

/// Not thread-safe: one Network is driven by one thread at a time (it uses its own team inside).
/// step(), predict(), forward(), backward() and update() allocate nothing and take no lock. Every call checks its arguments before it touches
/// anything: Error E0223 (a size or pointer that does not fit), E0224 (a row that is not there), E0225 (a label or weight that is none),
/// E0226 (a Network that was moved from).
class Network {
 public:
  /// Checks the spec (throws Error E02xx), draws the initial weights from training.seed. E0490: no memory for max_batch rows.
  Network(const NetworkSpec& network, const TrainingSpec& training, const PlanOptions& options = {});
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;
  ~Network();

  const NetworkSpec& spec() const;
  const TrainingSpec& training() const;
  PlanReport plan() const;

  /// Forward, loss, backward, clip, update on samples[rows]; rows.size() in [1, max_batch]. Schedules see `total_steps`.
  StepResult step(const Samples& samples, std::span<const std::uint32_t> rows);
  /// The number of updates done so far (the t of the formulas is this + 1 for the next one); steps that were refused do not count.
  std::uint64_t steps_done() const;
  /// How long the run will be, for schedules that depend on it. Default: constant schedules.
  void set_run_length(std::uint64_t total_steps, std::uint64_t steps_per_epoch);

  /// The same by hand. forward: training mode (dropout on); returns outputs [rows, outputs], valid until the next call.
  std::span<const float> forward(const Samples& samples, std::span<const std::uint32_t> rows);
  /// output_gradient: dL/d(outputs), [rows, outputs] of the last forward(); overwrites the gradients.
  /// input_gradient: empty, or [rows, inputs] to be overwritten with dL/dx.
  void backward(std::span<const float> output_gradient, std::span<float> input_gradient = {});
  /// Penalties, clip and the optimiser on the gradients of the last backward(), once. As step() it changes nothing where the gradient that
  /// backward() was given is not finite: StepResult::updated says so. Its loss is 0.
  StepResult update();

  /// outputs [rows, outputs] from x [rows, inputs]: dropout off, running statistics, averaged weights when ema is on.
  void predict(const float* x, std::size_t rows, float* outputs);
  /// Like predict with dropout masks kept on; `sample` numbers the Monte-Carlo draw.
  void predict_sample(const float* x, std::size_t rows, std::uint64_t sample, float* outputs);

  std::vector<TensorInfo> tensors() const;
  std::size_t parameter_count() const;
  /// Flat, row-major, in tensors() order. Throws Error E0230 when the size is not parameter_count().
  std::vector<float> parameters() const;
  void set_parameters(std::span<const float> values);
  /// Of the last backward(), without penalties, before clipping; unspecified after step() and update().
  std::vector<float> gradients() const;
  /// The running mean of the parameters that predict() uses; empty when training().ema is 0. set_parameters() sets it to the same values,
  /// set_average() to others. Throws Error E0230 for a wrong size or when the network keeps none.
  std::vector<float> average() const;
  void set_average(std::span<const float> values);
  /// SHA-256 over all parameters in layout order, as 64 hex digits.
  std::string digest() const;

 private:
  struct Impl;
  Impl& impl() const;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chainrule
