// A training run in the hand: the shipped engine on one thread, step by step, with everything in view.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "chainrule/lesson.h"
#include "engine/plan.h"
#include "engine/reference/reference_network.h"

namespace chainrule::lesson {

/// How a Run goes through its rows.
struct RunOptions {
  std::size_t batch = 32;
  std::uint64_t total_steps = 1;  ///< for schedules; step() may be called more often
  EngineKind engine = EngineKind::automatic;
};

/// Initial parameters and batch order follow from training.seed. Rows are taken as train does: shuffled each epoch, a short batch at its end.
class Run {
 public:
  Run(const NetworkSpec& network, const TrainingSpec& training, const Samples& samples, const RunOptions& options = {});
  explicit Run(const LessonSubject& subject, const RunOptions& options = {}) : Run(subject.network, subject.training, subject.train, options) {}

  /// One update on the next batch, or on these rows of the samples.
  StepResult step();
  StepResult step(std::span<const std::uint32_t> rows);
  /// `count` steps; the loss of each, before its update.
  std::vector<double> steps(std::size_t count);
  /// The batch that step() would take next; valid until the next step.
  std::span<const std::uint32_t> next_batch();

  std::uint64_t steps_done() const { return done_; }
  std::uint64_t steps_per_epoch() const;
  /// Learning rate of the next step, after its schedule.
  double learning_rate() const;
  /// Everything that changes from step to step, of the next step.
  engine::StepControl control() const;

  /// Mean loss without dropout, without penalties; any number of rows.
  double loss(const Samples& samples);
  /// Share of rows whose largest output is their label (one output: whose sign is).
  double accuracy(const Samples& samples);
  /// [rows, outputs], without dropout.
  std::vector<float> predict(const Samples& samples);
  /// dL/d(parameter) on these rows as the next step would see it (its masks); nothing moves.
  std::vector<float> gradients(std::span<const std::uint32_t> rows);

  std::vector<float> stored(engine::Part part) const;
  std::vector<float> parameters() const { return stored(engine::Part::parameters); }
  /// state(0) is m of momentum and Adam; names: math::state_name().
  std::vector<float> state(std::size_t i) const;
  void set_parameters(std::span<const float> values);

  engine::Plan& plan() { return *plan_; }
  const NetworkSpec& network() const { return network_; }
  const TrainingSpec& training() const { return training_; }
  const net::ParameterLayout& layout() const { return layout_; }

 private:
  NetworkSpec network_;
  TrainingSpec training_;
  Samples samples_;
  RunOptions options_;
  net::ParameterLayout layout_;
  std::unique_ptr<engine::Plan> plan_;
  std::vector<std::uint32_t> order_;
  std::uint64_t done_ = 0, order_epoch_ = ~std::uint64_t{0};
  std::uint64_t epoch_ = 0;
  std::size_t position_ = 0;  ///< rows of this epoch already taken
};

/// The fp64 reference with these parameters: the judge of the mathematics.
reference::ReferenceNetwork<double> exact_network(const NetworkSpec& network, const TrainingSpec& training, std::span<const float> parameters);
reference::Batch<double> exact_batch(const Samples& samples, std::span<const std::uint32_t> rows);
/// forward and loss with the masks of `control.step`, and backward too.
double exact_loss(reference::ReferenceNetwork<double>& network, const reference::Batch<double>& batch, const engine::StepControl& control = {});
double exact_gradients(reference::ReferenceNetwork<double>& network, const reference::Batch<double>& batch, const engine::StepControl& control = {});

/// "layers.1.weight[3,17]" for an index into the parameter vector.
std::string parameter_name(const net::ParameterLayout& layout, std::size_t at);

}  // namespace chainrule::lesson
