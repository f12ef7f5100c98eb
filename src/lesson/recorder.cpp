// Driving a plan one update at a time and keeping what it did.
#include "lesson/recorder.h"

#include <numeric>

#include "data/batch_order.h"
#include "net/parameter_layout.h"

namespace chainrule::lesson {
namespace {

using engine::Mode;
using engine::Part;

constexpr Part kStates[] = {Part::state0, Part::state1, Part::state2, Part::state3};

std::unique_ptr<engine::Plan> plan_for(const Surface& surface, const OptimizerSpec& optimizer, std::uint64_t seed) {
  TrainingSpec training;
  training.optimizer = optimizer;
  training.seed = seed;
  PlanOptions options;
  options.threads = 1;
  options.max_batch = surface.samples().rows;
  return engine::make_plan(surface.network, training, options);
}

}  // namespace

Descent::Descent(const Surface& surface, const OptimizerSpec& optimizer, std::uint64_t seed)
    : surface_(surface), samples_(surface.samples()), optimizer_(optimizer), plan_(plan_for(surface, optimizer, seed)) {
  all_.resize(samples_.rows);
  std::iota(all_.begin(), all_.end(), 0u);
  restart(surface.start);
}

void Descent::restart(std::span<const float> weights) {
  plan_->load(Part::parameters, weights);
  for (std::size_t s = 0; s < math::state_count(optimizer_); ++s) {
    plan_->load(kStates[s], std::vector<float>(weights.size(), static_cast<float>(math::state_start(optimizer_, s))));
  }
  steps_ = 0;
}

engine::StepControl Descent::control() const {
  engine::StepControl how;
  how.step = steps_ + 1;
  how.update = math::update_constants(optimizer_, how.step, optimizer_.learning_rate, optimizer_.weight_decay);
  return how;
}

Update Descent::record(RowNumbers rows) {
  Update update;
  const engine::StepControl how = control();
  update.t = how.step;
  update.rate = optimizer_.learning_rate;
  update.before = weights();
  plan_->forward(samples_, rows, Mode::train, how);
  update.loss = plan_->loss(samples_, rows);
  plan_->backward({}, {});
  update.gradient = stored(Part::gradients);
  plan_->update(how);
  ++steps_;
  update.after = weights();
  for (std::size_t s = 0; s < math::state_count(optimizer_); ++s) update.state.push_back(state(s));
  return update;
}

double Descent::step(RowNumbers rows) {
  const double loss = plan_->step(samples_, rows, control()).loss;
  ++steps_;
  return loss;
}

std::vector<float> Descent::gradient(RowNumbers rows) {
  plan_->forward(samples_, rows, Mode::train, control());
  plan_->loss(samples_, rows);
  plan_->backward({}, {});
  return stored(Part::gradients);
}

double Descent::loss() {
  plan_->forward(samples_, all_, Mode::predict, control());
  return plan_->loss(samples_, all_);
}

std::vector<float> Descent::state(std::size_t i) const { return stored(kStates[i]); }

std::vector<float> Descent::stored(Part part) const {
  std::vector<float> values(surface_.start.size());
  plan_->store(part, values);
  return values;
}

Batches::Batches(std::size_t rows, std::size_t size, std::uint64_t seed) : order_(rows), size_(std::min(size, rows)), at_(rows),
seed_(seed) {}

RowNumbers Batches::next() {
  if (at_ + size_ > order_.size()) {
    data::batch_order(seed_, epoch_++, order_);
    at_ = 0;
  }
  at_ += size_;
  return RowNumbers(order_).subspan(at_ - size_, size_);
}

std::vector<Update> recorded(const Surface& surface, const OptimizerSpec& optimizer, std::size_t count, std::size_t batch,
                             std::uint64_t seed) {
  Descent descent(surface, optimizer, seed);
  Batches batches(surface.samples().rows, batch == 0 ? surface.samples().rows : batch, seed);
  std::vector<Update> updates;
  for (std::size_t i = 0; i < count; ++i) updates.push_back(batch == 0 ? descent.record() : descent.record(batches.next()));
  return updates;
}

double loss_at_bottom(const Surface& surface, double rate, int steps) {
  Descent descent(surface, optimizer_with("sgd", rate));
  for (int t = 0; t < steps; ++t) descent.step();
  return descent.loss();
}

OptimizerSpec optimizer_with(std::string_view form, double rate) {
  OptimizerSpec spec = default_optimizer(form);
  spec.learning_rate = rate;
  return spec;
}

std::vector<std::size_t> trainable(const NetworkSpec& network) {
  std::vector<std::size_t> places;
  for (const net::Tensor& tensor : net::ParameterLayout(network).tensors) {
    for (std::size_t i = 0; tensor.info.trainable && i < tensor.info.size; ++i) places.push_back(tensor.info.offset + i);
  }
  return places;
}

}  // namespace chainrule::lesson
