// A network in memory: a plan, its parameters and the number of steps done.
#include "chainrule/network.h"

#include <algorithm>
#include <numeric>

#include "base/digest.h"
#include "chainrule/error.h"
#include "engine/plan.h"
#include "math/schedules.h"
#include "net/initial_parameters.h"
#include "net/parameter_layout.h"

namespace chainrule {

using engine::Part;

namespace {

/// False: math::update_constants() does not look at the step's number.
bool constants_depend_on_step(const OptimizerSpec& spec) noexcept {
  switch (math::update_shape(spec).kind) {
    case Optimizer::sgd:
    case Optimizer::rmsprop:
    case Optimizer::adagrad:
    case Optimizer::adadelta:
    case Optimizer::lion: return false;
    default: return true;
  }
}

}  // namespace

struct Network::Impl {
  NetworkSpec network;
  TrainingSpec training;
  net::ParameterLayout layout;
  std::unique_ptr<engine::Plan> plan;
  std::size_t max_batch = 1;
  std::uint64_t steps = 0, run_steps = 1, epoch_steps = 1;
  bool scheduled = false;  ///< set_run_length() was called: schedules move
  engine::StepControl next;  ///< of the next step
  double last_dropout_factor = 1;
  bool next_is_constant = false;  ///< all of it but the step's number

  Impl(const NetworkSpec& spec, const TrainingSpec& how, const PlanOptions& options)
      : network(spec),
        training(how),
        layout((check_spec(spec, how), spec)),
        plan(engine::make_plan(spec, how, options)),
        max_batch(std::max<std::size_t>(1, options.max_batch)) {}

  void load(std::span<const float> values) {
    plan->load(Part::parameters, values);
    if (training.ema > 0) plan->load(Part::average, values);
  }

  void reset_state() {
    constexpr Part kStates[] = {Part::state0, Part::state1, Part::state2, Part::state3};
    for (std::size_t s = 0; s < math::state_count(training.optimizer); ++s) {
      plan->load(kStates[s],
                 std::vector<float>(layout.size, static_cast<float>(math::state_start(training.optimizer, s))));
    }
  }

  double factor(const ScheduleSpec& schedule) const noexcept {
    return scheduled ? math::schedule_factor(schedule, steps, epoch_steps, run_steps) : 1.0;
  }

  /// Nothing of the next steps depends on their number.
  bool is_constant() const noexcept {
    const auto moves = [&](const ScheduleSpec& schedule) {
      return scheduled && (schedule.kind != ScheduleKind::constant || schedule.warmup > 0);
    };
    return !constants_depend_on_step(training.optimizer) && !moves(training.dropout_schedule) &&
           !moves(training.learning_rate_schedule) && !moves(training.weight_decay_schedule);
  }

  /// The control of the next step.
  const engine::StepControl& control() noexcept {
    next.step = steps + 1;
    if (!next_is_constant) prepare(next);
    return next;
  }

  void prepare(engine::StepControl& how) noexcept {
    how.dropout_factor = factor(training.dropout_schedule);
    const double rate = training.optimizer.learning_rate * factor(training.learning_rate_schedule);
    const double decay = training.optimizer.weight_decay * factor(training.weight_decay_schedule);
    how.update = math::update_constants(training.optimizer, how.step, rate, decay);
    next_is_constant = is_constant();
  }

  /// Predictions go with the step just taken.
  void count_step() noexcept {
    steps += 1;
    last_dropout_factor = next.dropout_factor;
    plan->set_dropout_factor(last_dropout_factor);
  }

  std::vector<float> stored(Part part) const {
    std::vector<float> values(layout.size);
    plan->store(part, values);
    return values;
  }

  void refuse_lbfgs() const {
    if (training.optimizer.kind != Optimizer::lbfgs) return;
    throw Error("E0218", "optimizer.kind", "lbfgs takes whole data sets, not steps",
                "use train() or another optimiser");
  }

  void check_size(std::size_t given) const {
    if (given == layout.size) return;
    throw Error("E0230", "",
                "the network has " + std::to_string(layout.size) + " parameters, not " + std::to_string(given));
  }
};

Network::Network(const NetworkSpec& network, const TrainingSpec& training, const PlanOptions& options)
    : impl_(std::make_unique<Impl>(network, training, options)) {
  impl_->load(net::initial_parameters(network, training.seed));
  impl_->reset_state();
}

Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;
Network::~Network() = default;

const NetworkSpec& Network::spec() const noexcept { return impl_->network; }
const TrainingSpec& Network::training() const noexcept { return impl_->training; }
PlanReport Network::plan() const { return impl_->plan->report(); }
std::uint64_t Network::steps_done() const noexcept { return impl_->steps; }

void Network::set_run_length(std::uint64_t total_steps, std::uint64_t steps_per_epoch) {
  impl_->run_steps = total_steps;
  impl_->epoch_steps = steps_per_epoch;
  impl_->scheduled = true;
  impl_->next_is_constant = false;
}

StepResult Network::step(const Samples& samples, std::span<const std::uint32_t> rows) {
  impl_->refuse_lbfgs();
  const StepResult result = impl_->plan->step(samples, rows, impl_->control());
  impl_->count_step();
  return result;
}

std::span<const float> Network::forward(const Samples& samples, std::span<const std::uint32_t> rows) {
  return impl_->plan->forward(samples, rows, engine::Mode::train, impl_->control());
}

void Network::backward(std::span<const float> output_gradient, std::span<float> input_gradient) {
  impl_->plan->backward(output_gradient, input_gradient);
}

StepResult Network::update() {
  impl_->refuse_lbfgs();
  const StepResult result = impl_->plan->update(impl_->control());
  impl_->count_step();
  return result;
}

void Network::predict(const float* x, std::size_t rows, float* outputs) {
  if (rows > 0) impl_->plan->predict(x, rows, impl_->training.ema > 0, outputs);
}

// Masks are drawn from the plan's parameters, so the running mean takes their place for the call.
void Network::predict_sample(const float* x, std::size_t rows, std::uint64_t sample, float* outputs) {
  std::vector<float> kept;
  if (impl_->training.ema > 0) {
    kept = parameters();
    impl_->plan->load(Part::parameters, average());
  }
  engine::StepControl how;
  how.step = sample;
  how.dropout_factor = impl_->last_dropout_factor;
  Samples samples;
  samples.x = x;
  samples.rows = rows;
  samples.inputs = impl_->network.inputs;
  std::vector<std::uint32_t> indices;
  for (std::size_t done = 0; done < rows; done += indices.size()) {
    indices.resize(std::min(impl_->max_batch, rows - done));
    std::iota(indices.begin(), indices.end(), static_cast<std::uint32_t>(done));
    const std::span<const float> result = impl_->plan->forward(samples, indices, engine::Mode::monte_carlo, how);
    std::copy(result.begin(), result.begin() + static_cast<std::ptrdiff_t>(indices.size() * impl_->network.outputs()),
              outputs + done * impl_->network.outputs());
  }
  if (!kept.empty()) impl_->plan->load(Part::parameters, kept);
}

std::vector<TensorInfo> Network::tensors() const {
  std::vector<TensorInfo> infos;
  for (const net::Tensor& tensor : impl_->layout.tensors) infos.push_back(tensor.info);
  return infos;
}

std::size_t Network::parameter_count() const noexcept { return impl_->layout.size; }
std::vector<float> Network::parameters() const { return impl_->stored(Part::parameters); }
std::vector<float> Network::gradients() const { return impl_->stored(Part::gradients); }

std::vector<float> Network::average() const {
  return impl_->training.ema > 0 ? impl_->stored(Part::average) : std::vector<float>{};
}

void Network::set_parameters(std::span<const float> values) {
  impl_->check_size(values.size());
  impl_->load(values);
}

void Network::set_average(std::span<const float> values) {
  if (impl_->training.ema == 0)
    throw Error("E0230", "", "the network keeps no running mean of its weights", "set training.ema");
  impl_->check_size(values.size());
  impl_->plan->load(Part::average, values);
}

std::string Network::digest() const { return digest_of(parameters()); }

}  // namespace chainrule
