// A network in memory: a plan, its parameters and the number of steps done.
#include "chainrule/network.h"

#include <algorithm>
#include <new>
#include <numeric>
#include <stdexcept>

#include "api/call_checks.h"
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
  std::size_t rows_forward = 0;   ///< of the last forward() that nothing has overwritten
  bool has_gradients = false, fine_gradients = true;  ///< of the last backward(); at the outputs

  Impl(const NetworkSpec& spec, const TrainingSpec& how, const PlanOptions& options)
      : network(spec),
        training(how),
        layout((check_spec(spec, how), spec)),
        plan(make_plan(spec, how, options)),
        max_batch(options.max_batch) {}

  static std::unique_ptr<engine::Plan> make_plan(const NetworkSpec& spec, const TrainingSpec& how, const PlanOptions& options) {
    api::check_options(options);
    try {
      return engine::make_plan(spec, how, options);
    } catch (const std::bad_alloc&) {
    } catch (const std::length_error&) {
    }
    throw Error("E0490", "Network", "out of memory for " + std::to_string(options.max_batch) + " rows a step", "make max_batch smaller");
  }

  /// Outputs and gradients of forward() and backward() are gone.
  void forget_pass() noexcept {
    rows_forward = 0;
    has_gradients = false;
  }

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

Network::Impl& Network::impl() const { return api::held(impl_, "Network"); }

const NetworkSpec& Network::spec() const { return impl().network; }
const TrainingSpec& Network::training() const { return impl().training; }
PlanReport Network::plan() const { return impl().plan->report(); }
std::uint64_t Network::steps_done() const { return impl().steps; }

void Network::set_run_length(std::uint64_t total_steps, std::uint64_t steps_per_epoch) {
  if (total_steps < 1 || steps_per_epoch < 1) api::refuse_argument("set_run_length", "steps", "is 0", "a run has steps, and an epoch too");
  impl().run_steps = total_steps;
  impl().epoch_steps = steps_per_epoch;
  impl().scheduled = true;
  impl().next_is_constant = false;
}

StepResult Network::step(const Samples& samples, std::span<const std::uint32_t> rows) {
  Impl& net = impl();
  net.refuse_lbfgs();
  api::check_rows("step", net.network, net.max_batch, samples, rows);
  api::check_answers("step", net.network, samples, rows);
  const StepResult result = net.plan->step(samples, rows, net.control());
  net.forget_pass();
  if (result.updated) net.count_step();
  return result;
}

std::span<const float> Network::forward(const Samples& samples, std::span<const std::uint32_t> rows) {
  Impl& net = impl();
  api::check_rows("forward", net.network, net.max_batch, samples, rows);
  net.forget_pass();
  net.rows_forward = rows.size();
  return net.plan->forward(samples, rows, engine::Mode::train, net.control());
}

void Network::backward(std::span<const float> output_gradient, std::span<float> input_gradient) {
  Impl& net = impl();
  if (net.rows_forward == 0) api::refuse_argument("backward", "the network", "has done no forward() since the last step", "call forward() first");
  api::check_size("backward", "output_gradient", output_gradient.size(), net.rows_forward * net.network.outputs(), "[rows, outputs] of the last forward()");
  if (!input_gradient.empty()) {
    api::check_size("backward", "input_gradient", input_gradient.size(), net.rows_forward * net.network.inputs, "empty, or [rows, inputs] of the last forward()");
  }
  net.plan->backward(output_gradient, input_gradient);
  net.has_gradients = true;
  net.fine_gradients = std::all_of(output_gradient.begin(), output_gradient.end(), [](float g) { return g * 0 == 0; });
}

// As step() does, it leaves everything as it is where a gradient at the outputs is not finite.
StepResult Network::update() {
  Impl& net = impl();
  net.refuse_lbfgs();
  if (!net.has_gradients) api::refuse_argument("update", "the network", "has no gradients", "call forward() and backward() first");
  net.forget_pass();
  if (!net.fine_gradients) return {0, false, 0, false};
  const StepResult result = net.plan->update(net.control());
  net.count_step();
  return result;
}

void Network::predict(const float* x, std::size_t rows, float* outputs) {
  Impl& net = impl();
  if (rows == 0) return;
  if (x == nullptr || outputs == nullptr) api::refuse_argument("predict", x == nullptr ? "x" : "outputs", "is null");
  net.plan->predict(x, rows, net.training.ema > 0, outputs);
}

// Masks are drawn from the plan's parameters, so the running mean takes their place for the call.
void Network::predict_sample(const float* x, std::size_t rows, std::uint64_t sample, float* outputs) {
  if (rows == 0) return;
  if (x == nullptr || outputs == nullptr) api::refuse_argument("predict_sample", x == nullptr ? "x" : "outputs", "is null");
  impl().forget_pass();
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
  for (const net::Tensor& tensor : impl().layout.tensors) infos.push_back(tensor.info);
  return infos;
}

std::size_t Network::parameter_count() const { return impl().layout.size; }
std::vector<float> Network::parameters() const { return impl().stored(Part::parameters); }
std::vector<float> Network::gradients() const { return impl().stored(Part::gradients); }

std::vector<float> Network::average() const {
  return impl().training.ema > 0 ? impl().stored(Part::average) : std::vector<float>{};
}

void Network::set_parameters(std::span<const float> values) {
  impl().check_size(values.size());
  impl().load(values);
}

void Network::set_average(std::span<const float> values) {
  if (impl().training.ema == 0)
    throw Error("E0230", "", "the network keeps no running mean of its weights", "set training.ema");
  impl().check_size(values.size());
  impl().plan->load(Part::average, values);
}

std::string Network::digest() const { return digest_of(parameters()); }

}  // namespace chainrule
