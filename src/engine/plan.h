// The plan: a checked network compiled for one engine, thread count and largest batch; running it allocates nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/network.h"
#include "math/norms.h"
#include "math/optimizers.h"
#include "net/parameter_layout.h"

namespace chainrule::engine {

/// Vectors in named layout order, each layout.size floats (running statistics take part only in `parameters` and `average`).
/// Part::gradients holds dL/d(parameter) of the last backward(), without penalties and unclipped, the same bits in every engine; what it
/// holds after step() and update() is unspecified (the fast path stores none, or clipped ones).
enum class Part { parameters, gradients, state0, state1, state2, state3, average };

/// What changes from step to step. Everything here is already scheduled.
struct StepControl {
  std::uint64_t step = 1;            ///< t, from 1: names the random draws
  double dropout_factor = 1;         ///< multiplies every dropout rate, in every mode
  math::UpdateConstants update;      ///< the optimiser's constants of this step
  double running_share = math::kRunningShare;  ///< how far batch norm's running statistics move to the batch's; 1: become them
};

enum class Mode {
  train,        ///< masks of `step`, batch statistics
  predict,      ///< no masks, running statistics
  monte_carlo,  ///< masks on (drawn for sample number `step`, row = index in the call), running statistics
};

/// Parameters live inside, in whatever order the engine likes; load and store translate to the named layout.
/// REQUIRES for every call that takes rows: rows.size() in [1, max_batch], row indices < samples.rows, samples.inputs == spec.inputs.
/// Not thread-safe. Everything marked noexcept allocates nothing and takes no lock.
class Plan {
 public:
  virtual ~Plan() = default;

  virtual PlanReport report() const = 0;
  virtual void load(Part part, std::span<const float> values) = 0;
  virtual void store(Part part, std::span<float> values) const = 0;

  /// forward, loss, backward, penalties, clip, update, as one. When the loss or a gradient at the output is not finite the update is
  /// skipped and finite is false; when an updated parameter is not finite, finite is false and the parameters are those after it.
  virtual StepResult step(const Samples& samples, std::span<const std::uint32_t> rows, const StepControl& control) noexcept = 0;

  /// The same by hand, in this order. forward(train) keeps what backward needs; outputs [rows, outputs] stay valid until the next call.
  virtual std::span<const float> forward(const Samples& samples, std::span<const std::uint32_t> rows, Mode mode,
                                         const StepControl& control) noexcept = 0;
  /// Loss of the last forward; fills the output gradient that backward() takes by default.
  virtual double loss(const Samples& samples, std::span<const std::uint32_t> rows) noexcept = 0;
  /// output_gradient empty: the one loss() made. Overwrites the gradients. input_gradient: empty or [rows, inputs].
  virtual void backward(std::span<const float> output_gradient, std::span<float> input_gradient) noexcept = 0;
  /// Penalties, clip and the optimiser on the stored gradients.
  virtual StepResult update(const StepControl& control) noexcept = 0;

  /// What multiplies the dropout rates in predict(), 1 at first: under `standard` and `dropconnect` it must be that of the steps that made
  /// the parameters.
  virtual void set_dropout_factor(double factor) noexcept = 0;
  /// Prediction of row-major x [rows, inputs] into outputs [rows, outputs], any number of rows, with Part::average when `average`.
  virtual void predict(const float* x, std::size_t rows, bool average, float* outputs) noexcept = 0;
};

/// One way to run a network. Candidates are asked in order; the first that accepts is taken.
struct Candidate {
  std::string_view name;
  /// "" when it can run this, else one line saying why not.
  std::string (*refuse)(const NetworkSpec&, const TrainingSpec&, const PlanOptions&);
  std::unique_ptr<Plan> (*make)(const NetworkSpec&, const TrainingSpec&, const PlanOptions&);
};
std::span<const Candidate> candidates() noexcept;

/// Takes the named engine (Error E0210 with its reason when it refuses) or the first candidate that accepts.
/// Parameters start at zero: load them (net::initial_parameters).
std::unique_ptr<Plan> make_plan(const NetworkSpec& network, const TrainingSpec& training, const PlanOptions& options);

}  // namespace chainrule::engine
