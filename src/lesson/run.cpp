// A training run in the hand, step by step.
#include "lesson/run.h"

#include <algorithm>
#include <string>

#include "data/batch_order.h"
#include "lesson/subject.h"
#include "math/schedules.h"
#include "net/initial_parameters.h"

namespace chainrule::lesson {
namespace {

constexpr std::size_t kMeasuredRows = 256;  // rows a plan is given at a time when it only measures
constexpr engine::Part kStateParts[] = {engine::Part::state0, engine::Part::state1, engine::Part::state2, engine::Part::state3};

std::unique_ptr<engine::Plan> make_plan(const NetworkSpec& network, const TrainingSpec& training, const Samples& samples,
                                        const RunOptions& options) {
  check_spec(network, training);
  PlanOptions plan;
  plan.engine = options.engine;
  plan.threads = 1;  // `learn check` gives each thread a statement of its own
  plan.max_batch = std::max({options.batch, std::min(samples.rows, std::size_t{4096}), kMeasuredRows});
  return engine::make_plan(network, training, plan);
}

std::size_t largest_of(std::span<const float> values) {
  return static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

}  // namespace

Run::Run(const NetworkSpec& network, const TrainingSpec& training, const Samples& samples, const RunOptions& options)
    : network_(network), training_(training), samples_(samples), options_(options), layout_(network),
      plan_(make_plan(network, training, samples, options)), order_(samples.rows) {
  const std::vector<float> start = net::initial_parameters(network, training.seed);
  plan_->load(engine::Part::parameters, start);
  if (training.ema > 0) plan_->load(engine::Part::average, start);
  for (std::size_t s = 0; s < math::state_count(training.optimizer); ++s) {
    plan_->load(kStateParts[s], std::vector<float>(layout_.size, static_cast<float>(math::state_start(training.optimizer, s))));
  }
}

std::span<const std::uint32_t> Run::next_batch() {
  if (position_ >= order_.size()) {
    position_ = 0;
    ++epoch_;
  }
  if (order_epoch_ != epoch_) {
    data::batch_order(training_.seed, epoch_, order_);
    order_epoch_ = epoch_;
  }
  return std::span<const std::uint32_t>(order_).subspan(position_, std::min(options_.batch, order_.size() - position_));
}

StepResult Run::step() {
  const std::span<const std::uint32_t> rows = next_batch();
  position_ += rows.size();
  return step(rows);
}

StepResult Run::step(std::span<const std::uint32_t> rows) {
  const StepResult result = plan_->step(samples_, rows, control());
  ++done_;
  return result;
}

std::vector<double> Run::steps(std::size_t count) {
  std::vector<double> losses;
  for (std::size_t i = 0; i < count; ++i) losses.push_back(step().loss);
  return losses;
}

std::uint64_t Run::steps_per_epoch() const { return (samples_.rows + options_.batch - 1) / options_.batch; }

double Run::learning_rate() const {
  return training_.optimizer.learning_rate *
         math::schedule_factor(training_.learning_rate_schedule, done_, steps_per_epoch(), options_.total_steps);
}

engine::StepControl Run::control() const {
  const std::uint64_t per_epoch = steps_per_epoch(), total = options_.total_steps;
  engine::StepControl how;
  how.step = done_ + 1;
  how.dropout_factor = math::schedule_factor(training_.dropout_schedule, done_, per_epoch, total);
  const double decay = training_.optimizer.weight_decay * math::schedule_factor(training_.weight_decay_schedule, done_, per_epoch, total);
  how.update = math::update_constants(training_.optimizer, how.step, learning_rate(), decay);
  return how;
}

double Run::loss(const Samples& samples) {
  const std::vector<std::uint32_t> rows = all_rows(samples.rows);
  double sum = 0, weight = 0;
  for (std::size_t first = 0; first < rows.size(); first += kMeasuredRows) {
    const auto part = std::span(rows).subspan(first, std::min(kMeasuredRows, rows.size() - first));
    double part_weight = 0;
    for (const std::uint32_t row : part) part_weight += samples.weights ? static_cast<double>(samples.weights[row]) : 1.0;
    plan_->forward(samples, part, engine::Mode::predict, control());
    sum += plan_->loss(samples, part) * static_cast<double>(part.size());
    weight += part_weight;
  }
  return weight > 0 ? sum / weight : 0;
}

std::vector<float> Run::predict(const Samples& samples) {
  std::vector<float> outputs(samples.rows * network_.outputs());
  plan_->predict(samples.x, samples.rows, false, outputs.data());
  return outputs;
}

double Run::accuracy(const Samples& samples) {
  const std::vector<float> outputs = predict(samples);
  const std::size_t width = network_.outputs();
  std::size_t right = 0;
  for (std::size_t r = 0; r < samples.rows; ++r) {
    const std::span<const float> row = std::span(outputs).subspan(r * width, width);
    const std::size_t answer = width == 1 ? row[0] > 0 : largest_of(row);
    const std::size_t truth = samples.labels ? static_cast<std::size_t>(samples.labels[r])
                              : width == 1   ? samples.y[r] > 0.5f
                                             : largest_of({samples.y + r * width, width});
    right += answer == truth;
  }
  return samples.rows == 0 ? 0 : static_cast<double>(right) / static_cast<double>(samples.rows);
}

std::vector<float> Run::gradients(std::span<const std::uint32_t> rows) {
  const std::vector<float> before = parameters();
  plan_->forward(samples_, rows, engine::Mode::train, control());
  plan_->loss(samples_, rows);
  plan_->backward({}, {});
  std::vector<float> result = stored(engine::Part::gradients);
  set_parameters(before);  // forward moved the running statistics
  return result;
}

std::vector<float> Run::stored(engine::Part part) const {
  std::vector<float> values(layout_.size);
  plan_->store(part, values);
  return values;
}

std::vector<float> Run::state(std::size_t i) const { return stored(kStateParts[i]); }

void Run::set_parameters(std::span<const float> values) { plan_->load(engine::Part::parameters, values); }

reference::ReferenceNetwork<double> exact_network(const NetworkSpec& network, const TrainingSpec& training, std::span<const float> parameters) {
  reference::ReferenceNetwork<double> exact(network, training);
  exact.parameters().assign(parameters.begin(), parameters.end());
  return exact;
}

reference::Batch<double> exact_batch(const Samples& samples, std::span<const std::uint32_t> rows) {
  reference::Batch<double> batch;
  reference::gather(samples, rows, batch);
  return batch;
}

double exact_loss(reference::ReferenceNetwork<double>& network, const reference::Batch<double>& batch, const engine::StepControl& control) {
  network.forward(batch, engine::Mode::train, control);
  return network.loss(batch);
}

double exact_gradients(reference::ReferenceNetwork<double>& network, const reference::Batch<double>& batch, const engine::StepControl& control) {
  const double loss = exact_loss(network, batch, control);
  network.backward(true);
  return loss;
}

std::string parameter_name(const net::ParameterLayout& layout, std::size_t at) {
  for (const net::Tensor& tensor : layout.tensors) {
    if (at < tensor.info.offset || at >= tensor.info.offset + tensor.info.size) continue;
    const std::size_t i = at - tensor.info.offset;
    if (tensor.columns <= 1 && tensor.role != net::Role::weight) return tensor.info.name + "[" + std::to_string(i) + "]";
    return tensor.info.name + "[" + std::to_string(i / tensor.columns) + "," + std::to_string(i % tensor.columns) + "]";
  }
  return "";
}

}  // namespace chainrule::lesson
