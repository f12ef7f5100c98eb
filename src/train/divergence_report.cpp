// The steps before a divergence, looked at; and the run taken again from its start with milder settings.
#include "train/divergence_report.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/reference/reference_network.h"

namespace chainrule::training {
namespace {

constexpr double kLookBudget = 3e9;  // multiply-adds on the reference engine: a few seconds
constexpr double kMostLooked = 50, kFewestLooked = 3;
constexpr double kTryBudget = 1e11;   // multiply-adds of each change that is tried: a second or two
constexpr std::uint64_t kMostReplayed = 2000, kAlwaysTried = 2000;
constexpr int kMostTens = 12;         // rates down to 1e-12 of the run's
constexpr std::size_t kLastSteps = 20;  // whose mean loss is compared with the first step's
constexpr double kCalm = 2;           // times the first loss

double norm(std::span<const float> values) {
  double sum = 0;
  for (const float v : values) sum += static_cast<double>(v) * static_cast<double>(v);
  return std::sqrt(sum);
}

double root_mean_square(const reference::Matrix<float>& m) {
  return m.values.empty() ? 0 : norm(m.values) / std::sqrt(static_cast<double>(m.values.size()));
}

/// A copy of the run on a plan of its own.
class Copy {
 public:
  /// `from`: a snapshot, or the parameters of a fresh start.
  template <class From>
  Copy(RunSpec run, const From& from) {
    PlanOptions options;
    options.max_batch = batch_cut(run.network, run.training, run.train.size(), run.batch).largest();
    plan_ = engine::make_plan(run.network, run.training, options);
    trainer_ = std::make_unique<Trainer>(*plan_, std::move(run));
    trainer_->start(from);
  }
  Trainer& trainer() { return *trainer_; }
  const engine::Plan& plan() const { return *plan_; }

  /// Goes on until `steps` are done in all; `watch` is called before every step. False when it diverged.
  template <class Watch>
  bool run_until(std::uint64_t steps, Watch watch) {
    std::atomic<bool> stop = trainer_->progress().step >= steps;
    Listener listener;
    listener.stop = &stop;
    listener.on_event = [&](const TrainEvent& event) {
      if (event.kind == TrainEvent::Kind::step) {
        losses_.push_back(event.loss);
        stop = event.step >= steps;
      }
      if (trainer_->progress().batch < trainer_->steps_per_epoch()) watch();
    };
    watch();
    return trainer_->run(listener) != Outcome::diverged;
  }
  double last_loss() const { return losses_.empty() ? 0 : losses_.back(); }
  /// A rate that only puts the end off has a loss that grows.
  bool is_calm() const {
    const std::size_t count = std::min(kLastSteps, losses_.size());
    const double sum = std::accumulate(losses_.end() - static_cast<std::ptrdiff_t>(count), losses_.end(), 0.0);
    return count > 0 && sum / static_cast<double>(count) <= losses_[0] + (kCalm - 1) * std::abs(losses_[0]);
  }

 private:
  std::unique_ptr<engine::Plan> plan_;
  std::unique_ptr<Trainer> trainer_;
  std::vector<double> losses_;
};

/// Looks at the step that a copy is about to take.
class Observer {
 public:
  Observer(const RunSpec& run, std::size_t most_rows) : run_(run), network_(run.network, run.training, most_rows) {}

  DivergenceStep look(Copy& copy) {
    copy.plan().store(engine::Part::parameters, network_.parameters());
    Trainer& trainer = copy.trainer();
    reference::gather(run_.train.samples, trainer.next_batch(), batch_);
    const engine::StepControl control = trainer.control();
    DivergenceStep seen;
    seen.epoch = trainer.progress().epoch + 1;
    seen.step = control.step;
    seen.learning_rate = control.update.learning_rate;
    seen.parameter_norm = norm(network_.parameters());
    for (const net::Tensor& tensor : network_.layout().tensors) {
      if (tensor.role == net::Role::weight) seen.weights.push_back(norm(part_of(network_.parameters(), tensor)));
    }
    network_.forward(batch_, engine::Mode::train, control);
    seen.loss = network_.loss(batch_);
    network_.backward();
    seen.gradient_norm = norm(network_.gradients());
    for (const net::Tensor& tensor : network_.layout().tensors) {
      if (tensor.role == net::Role::weight) seen.gradients.push_back(norm(part_of(network_.gradients(), tensor)));
    }
    for (const auto& layer : network_.layers()) seen.activations.push_back(root_mean_square(layer.a));
    return seen;
  }

 private:
  static std::span<const float> part_of(const std::vector<float>& values, const net::Tensor& tensor) {
    return std::span(values).subspan(tensor.info.offset, tensor.info.size);
  }

  const RunSpec& run_;
  reference::ReferenceNetwork<float> network_;
  reference::Batch<float> batch_;
};

double cost_of_step(const RunSpec& run) {
  return 3.0 * static_cast<double>(net::ParameterLayout(run.network).size) * static_cast<double>(run.batch);
}

std::uint64_t steps_to_look_at(const RunSpec& run) {
  return static_cast<std::uint64_t>(std::clamp(kLookBudget / cost_of_step(run), kFewestLooked, kMostLooked));
}

/// The whole run where that takes a moment: what only puts the end off is no cure.
std::uint64_t steps_to_try(const RunSpec& run, std::uint64_t whole) {
  return std::min(whole, std::max(kAlwaysTried, static_cast<std::uint64_t>(kTryBudget / cost_of_step(run))));
}

std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

struct Variant {
  std::string change, setting;
  TrainingSpec training;
};

Variant clipped(const TrainingSpec& training) {
  TrainingSpec milder = training;
  const bool already = training.clip_norm > 0 && training.clip_norm <= 1;
  milder.clip_norm = already ? training.clip_norm / 10 : 1;
  const std::string limit = number_text(milder.clip_norm);
  return {"the gradient clipped at " + limit, "--clip " + limit, milder};
}

Variant slower(const TrainingSpec& training, int tens) {
  TrainingSpec milder = training;
  for (int i = 0; i < tens; ++i) milder.optimizer.learning_rate /= 10;
  const std::string words = tens == 1 ? "a tenth of the rate" : tens == 2 ? "a hundredth of the rate" : "1e-" + std::to_string(tens) + " of the rate";
  return {words, "--lr " + number_text(milder.optimizer.learning_rate), milder};
}

Variant usual_optimizer(const TrainingSpec& training) {
  TrainingSpec other = training;
  other.optimizer = default_optimizer("adamw");
  return {"the usual optimizer", "--optimizer adamw", other};
}

DivergenceCure try_again(RunSpec run, const Variant& variant, std::span<const float> start, std::uint64_t last) {
  run.training = variant.training;
  run.early_stop = 0;
  Copy copy(std::move(run), start);
  const bool finite = copy.run_until(last, [] {});
  return {variant.change, variant.setting, finite && copy.is_calm(), copy.trainer().progress().step, copy.last_loss()};
}

/// The rate by tens until one holds; then what else might have helped.
void try_cures(const RunSpec& run, std::span<const float> start, DivergenceReport& report) {
  const auto attempt = [&](const Variant& variant) {
    report.cures.push_back(try_again(run, variant, start, report.tried_to));
    return report.cures.back().survived;
  };
  const bool steps_by_rate = run.training.optimizer.kind != Optimizer::lbfgs;
  bool held = false;
  for (int tens = 1; steps_by_rate && !held && tens <= kMostTens; ++tens) held = attempt(slower(run.training, tens));
  if (steps_by_rate) held = attempt(clipped(run.training)) || held;
  if (!held && run.training.optimizer.kind != Optimizer::adamw) attempt(usual_optimizer(run.training));
}

}  // namespace

void examine_divergence(const RunSpec& run, const Snapshot& from, std::span<const float> start, std::uint64_t failed, DivergenceReport& report) {
  for (std::size_t l = 0; l < run.network.layers.size(); ++l) report.layers.push_back("layers." + std::to_string(l));
  Copy copy(run, from);
  if (failed > from.progress.step + kMostReplayed) copy.run_until(failed - kMostReplayed, [] {});
  const std::uint64_t look = steps_to_look_at(run), first = failed > look ? failed - look + 1 : 1;
  Observer observer(run, batch_cut(run.network, run.training, run.train.size(), run.batch).largest());
  copy.run_until(failed - 1, [&] {
    const std::uint64_t next = copy.trainer().progress().step + 1;
    const bool seen = !report.steps.empty() && report.steps.back().step == next;
    if (next >= first && !seen) report.steps.push_back(observer.look(copy));
  });
  report.tried_to = steps_to_try(run, run.epochs * copy.trainer().steps_per_epoch());
  try_cures(run, start, report);
}

std::string place_name(Divergence::Place place) {
  switch (place) {
    case Divergence::Place::input: return "input";
    case Divergence::Place::layer: return "layer";
    case Divergence::Place::loss: return "loss";
    case Divergence::Place::gradient: return "gradient";
    case Divergence::Place::update: break;
  }
  return "update";
}

}  // namespace chainrule::training
