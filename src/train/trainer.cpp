// The training loop.
#include "train/trainer.h"

#include <algorithm>
#include <cmath>

#include "math/schedules.h"

namespace chainrule::training {
namespace {

using engine::Part;
constexpr Part kStateParts[] = {Part::state0, Part::state1, Part::state2, Part::state3};
constexpr std::size_t kFewestStatisticsRows = 16;  // a variance of 16 rows is off by some 37 %, of 4 by 80 %
constexpr std::size_t kPredictRows = 512;  // rows gathered at a time: 512 * 784 floats fit an L2 cache of 2 MiB

}  // namespace

std::vector<float> predict_part(engine::Plan& plan, const NetworkSpec& network, const DataPart& part, bool average) {
  const std::size_t inputs = network.inputs, width = network.outputs();
  std::vector<float> outputs(part.size() * width), x(std::min(kPredictRows, part.size()) * inputs);
  for (std::size_t done = 0; done < part.size(); done += kPredictRows) {
    const std::size_t rows = std::min(kPredictRows, part.size() - done);
    for (std::size_t i = 0; i < rows; ++i) std::copy_n(part.x(done + i), inputs, x.data() + i * inputs);
    plan.predict(x.data(), rows, average, outputs.data() + done * width);
  }
  return outputs;
}

bool has_batch_norm(const NetworkSpec& network) noexcept {
  return std::any_of(network.layers.begin(), network.layers.end(), [](const LayerSpec& layer) { return layer.norm == Norm::batch; });
}

data::BatchCut batch_cut(const NetworkSpec& network, const TrainingSpec& training, std::size_t rows, std::size_t batch) noexcept {
  if (training.optimizer.kind == Optimizer::lbfgs) return {rows, std::max<std::size_t>(1, rows), 1};
  const std::size_t least = std::min(kFewestStatisticsRows, std::max<std::size_t>(2, (batch + 1) / 2));
  return {rows, batch, has_batch_norm(network) ? least : 1};
}

Trainer::Trainer(engine::Plan& plan, RunSpec run) : plan_(plan), run_(std::move(run)) {
  parameter_count_ = net::ParameterLayout(run_.network).size;
  state_count_ = math::state_count(run_.training.optimizer);
  averages_ = run_.training.ema > 0;
  if (run_.training.optimizer.kind == Optimizer::lbfgs) {
    lbfgs_.emplace(run_.network, run_.training);
    run_.batch = run_.train.size();
  }
  cut_ = batch_cut(run_.network, run_.training, run_.train.size(), run_.batch);
  order_.resize(run_.train.size());
}

void Trainer::start(std::span<const float> parameters) {
  Snapshot fresh;
  fresh.parameters.assign(parameters.begin(), parameters.end());
  if (averages_) fresh.average = fresh.parameters;
  for (std::size_t s = 0; s < state_count_; ++s) {
    fresh.optimizer_state.emplace_back(parameter_count_,
                                       static_cast<float>(math::state_start(run_.training.optimizer, s)));
  }
  start(std::move(fresh));
}

void Trainer::start(Snapshot snapshot) {
  load(snapshot);
  best_parameters_ = snapshot.best_parameters;
  best_average_ = snapshot.best_average;
  replay_from_ = std::move(snapshot);
  replay_earlier_.reset();
}

void Trainer::load(const Snapshot& snapshot) {
  plan_.load(Part::parameters, snapshot.parameters);
  if (averages_) plan_.load(Part::average, snapshot.average);
  for (std::size_t s = 0; s < state_count_; ++s) plan_.load(kStateParts[s], snapshot.optimizer_state[s]);
  if (lbfgs_) lbfgs_->pairs() = snapshot.curvature;
  progress_ = snapshot.progress;
  rate_ = learning_rate();
  predict_as_after(progress_.step);
}

// Under a schedule of dropout rates the network that predicts is the one that the last step's rate made.
void Trainer::predict_as_after(std::uint64_t step) {
  dropout_factor_ = factor_at(run_.training.dropout_schedule, std::max<std::uint64_t>(step, 1) - 1);
  plan_.set_dropout_factor(dropout_factor_);
}

Snapshot Trainer::snapshot() const {
  Snapshot now;
  now.progress = progress_;
  now.parameters.resize(parameter_count_);
  plan_.store(Part::parameters, now.parameters);
  if (averages_) {
    now.average.resize(parameter_count_);
    plan_.store(Part::average, now.average);
  }
  now.optimizer_state.assign(state_count_, std::vector<float>(parameter_count_));
  for (std::size_t s = 0; s < state_count_; ++s) plan_.store(kStateParts[s], now.optimizer_state[s]);
  now.best_parameters = best_parameters_;
  now.best_average = best_average_;
  if (lbfgs_) now.curvature = lbfgs_->pairs();
  return now;
}

Outcome Trainer::run(const Listener& listener) {
  begin_ = std::chrono::steady_clock::now();
  while (!over()) {
    const bool whole = train_epoch(listener);
    predict_as_after(progress_.step);
    if (!whole) return divergence_ ? Outcome::diverged : Outcome::interrupted;
    finish_epoch(listener);
  }
  restore_best();
  return progress_.epoch < run_.epochs ? Outcome::early_stop : Outcome::epochs;
}

bool Trainer::over() const {
  return progress_.epoch >= run_.epochs || (restores_best() && progress_.stopping.exhausted(run_.early_stop));
}

// False when the run must end inside the epoch.
bool Trainer::train_epoch(const Listener& listener) {
  while (progress_.batch < steps_per_epoch()) {
    if (listener.stop != nullptr && listener.stop->load(std::memory_order_relaxed)) return false;
    const StepResult result = take_step();
    if (!result.finite) {
      diverge(result);
      return false;
    }
    if (listener.on_event) tell(listener, TrainEvent::Kind::step, result.loss);
  }
  return true;
}

// The lesson in one call. plan.step does, on the rows of one batch:
//   forward    z = W a + b, activation, dropout, layer after layer      backward   from dL/dz at the output to every
//   gradient loss       and its gradient at the outputs                           reduce     rows in order, shards in a
//   tree clip       by value, by norm                                         update     penalties, optimiser,
//   max-norm, running mean
StepResult Trainer::take_step() {
  const std::span<const std::uint32_t> rows = next_batch();
  const engine::StepControl how = control();
  rate_ = how.update.learning_rate;
  const StepResult result =
      lbfgs_ ? lbfgs_->step(plan_, run_.train.samples, rows, how) : plan_.step(run_.train.samples, rows, how);
  if (!result.finite) return result;
  progress_.loss_sum += static_cast<double>(rows.size()) * result.loss;
  progress_.weight_sum += weight_of(rows);
  progress_.step += 1;
  progress_.batch += 1;
  rows_done_ += rows.size();
  return result;
}

std::span<const std::uint32_t> Trainer::next_batch() {
  if (order_epoch_ != progress_.epoch) {
    data::batch_order(run_.training.seed, progress_.epoch, order_);
    for (std::uint32_t& position : order_) position = run_.train.rows[position];
    order_epoch_ = progress_.epoch;
  }
  return std::span<const std::uint32_t>(order_).subspan(cut_.begin(progress_.batch), cut_.size(progress_.batch));
}

double Trainer::factor_at(const ScheduleSpec& schedule, std::uint64_t step) const {
  return math::schedule_factor(schedule, step, steps_per_epoch(), steps_per_epoch() * run_.epochs);
}

/// Of the next step.
double Trainer::learning_rate() const {
  return run_.training.optimizer.learning_rate * factor_at(run_.training.learning_rate_schedule, progress_.step) * progress_.plateau.factor;
}

engine::StepControl Trainer::control() const {
  const TrainingSpec& t = run_.training;
  engine::StepControl how;
  how.step = progress_.step + 1;
  how.dropout_factor = factor_at(t.dropout_schedule, progress_.step);
  const double decay = t.optimizer.weight_decay * factor_at(t.weight_decay_schedule, progress_.step);
  how.update = math::update_constants(t.optimizer, how.step, learning_rate(), decay);
  return how;
}

double Trainer::weight_of(std::span<const std::uint32_t> rows) const {
  if (run_.train.samples.weights == nullptr) return static_cast<double>(rows.size());
  double sum = 0;
  for (std::uint32_t row : rows) sum += static_cast<double>(run_.train.samples.weights[row]);
  return sum;
}

void Trainer::finish_epoch(const Listener& listener) {
  const double loss = progress_.weight_sum > 0 ? progress_.loss_sum / progress_.weight_sum : 0;
  progress_.epoch += 1;
  progress_.batch = 0;
  progress_.loss_sum = progress_.weight_sum = 0;
  event_.validation = {};
  event_.has_validation = !run_.validation.empty();
  event_.best = false;
  TrainResult::Point point{progress_.epoch, loss, 0, 0, rate_};
  if (event_.has_validation) {
    const std::vector<float> outputs = predict_part(plan_, run_.network, run_.validation, averages_);
    event_.validation = measure(run_.network, run_.unit, run_.validation, outputs, {});
    point.validation_loss = event_.validation.loss;
    point.validation_score = run_.unit.classification ? event_.validation.accuracy : event_.validation.rmse;
    event_.best = progress_.stopping.observe(point.validation_loss, progress_.epoch);
    if (event_.best && restores_best()) store_best();
  }
  if (run_.training.learning_rate_schedule.kind == ScheduleKind::plateau) {
    progress_.plateau.add(run_.training.learning_rate_schedule, event_.has_validation ? point.validation_loss : loss);
  }
  progress_.history.push_back(point);
  replay_earlier_ = std::move(replay_from_);
  replay_from_ = snapshot();
  if (listener.on_event) tell(listener, TrainEvent::Kind::epoch, loss);
  if (listener.on_epoch) listener.on_epoch(replay_from_);
}

void Trainer::store_best() {
  best_parameters_.resize(parameter_count_);
  plan_.store(Part::parameters, best_parameters_);
  if (!averages_) return;
  best_average_.resize(parameter_count_);
  plan_.store(Part::average, best_average_);
}

void Trainer::restore_best() {
  if (!restores_best() || !progress_.stopping.has_best) return;
  plan_.load(Part::parameters, best_parameters_);
  if (averages_) plan_.load(Part::average, best_average_);
  predict_as_after(progress_.stopping.best_epoch * steps_per_epoch());
}

// Steps are pure functions of state, rows and number, so the state before the failed step is found again by repeating
// the epoch's others.
void Trainer::diverge(const StepResult& failed) {
  std::vector<float> after(parameter_count_);
  plan_.store(Part::parameters, after);
  const std::uint64_t good = progress_.step;
  load(replay_from_);
  while (progress_.step < good && take_step().finite) {
  }
  std::vector<float> before(parameter_count_);
  plan_.store(Part::parameters, before);
  divergence_ = trace_divergence(run_.network, run_.training, before, run_.train.samples, next_batch(), control());
  divergence_->epoch = progress_.epoch + 1;
  divergence_->step = progress_.step + 1;
  if (divergence_->place != Divergence::Place::update) return;
  divergence_->loss = failed.loss;
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (std::isfinite(after[i])) continue;
    divergence_->value = static_cast<double>(after[i]);
    name_parameter(run_.network, i, *divergence_);
    break;
  }
}

double Trainer::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

// The event is a member: telling allocates nothing.
void Trainer::tell(const Listener& listener, TrainEvent::Kind kind, double loss) {
  event_.kind = kind;
  event_.epoch = kind == TrainEvent::Kind::step ? progress_.epoch + 1 : progress_.epoch;
  event_.epochs = run_.epochs;
  event_.step = progress_.step;
  event_.steps_per_epoch = steps_per_epoch();
  event_.loss = loss;
  event_.learning_rate = rate_;
  event_.seconds = seconds();
  event_.rows_per_second = event_.seconds > 0 ? static_cast<double>(rows_done_) / event_.seconds : 0;
  listener.on_event(event_);
}

}  // namespace chainrule::training
