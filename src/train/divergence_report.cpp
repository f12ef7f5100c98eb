// The steps before a divergence, looked at and taken again with milder settings.
#include "train/divergence_report.h"

#include <algorithm>
#include <cmath>

#include "engine/reference/reference_network.h"

namespace chainrule::training {
namespace {

constexpr double kLookBudget = 3e9;  // multiply-adds on the reference engine: a few seconds
constexpr double kMostLooked = 50, kFewestLooked = 3;
constexpr std::uint64_t kMostTried = 2000, kFewestTried = 100;
constexpr double kCalm = 10;  // the loss may grow this much over the steps tried again

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
  Copy(RunSpec run, const Snapshot& from) {
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
        last_loss_ = event.loss;
        if (!has_loss_) first_loss_ = event.loss, has_loss_ = true;
        stop = event.step >= steps;
      }
      if (trainer_->progress().batch < trainer_->steps_per_epoch()) watch();
    };
    watch();
    return trainer_->run(listener) != Outcome::diverged;
  }
  double first_loss() const { return first_loss_; }
  double last_loss() const { return last_loss_; }

 private:
  std::unique_ptr<engine::Plan> plan_;
  std::unique_ptr<Trainer> trainer_;
  double first_loss_ = 0, last_loss_ = 0;
  bool has_loss_ = false;
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

std::uint64_t steps_to_look_at(const RunSpec& run) {
  const double each = 3.0 * static_cast<double>(net::ParameterLayout(run.network).size) * static_cast<double>(run.batch);
  return static_cast<std::uint64_t>(std::clamp(kLookBudget / each, kFewestLooked, kMostLooked));
}

std::string rate_setting(double rate) {
  char text[32];
  std::snprintf(text, sizeof text, "--lr %.4g", rate);
  return text;
}

struct Variant {
  std::string change, setting;
  TrainingSpec training;
};

std::vector<Variant> variants_of(const TrainingSpec& training) {
  std::vector<Variant> variants;
  if (training.optimizer.kind == Optimizer::lbfgs) return variants;
  for (const auto& [words, factor] : {std::pair{"half the rate", 0.5}, std::pair{"a tenth of the rate", 0.1}}) {
    TrainingSpec milder = training;
    milder.optimizer.learning_rate *= factor;
    variants.push_back({words, rate_setting(milder.optimizer.learning_rate), milder});
  }
  TrainingSpec clipped = training;
  const bool already = training.clip_norm > 0 && training.clip_norm <= 1;
  clipped.clip_norm = already ? training.clip_norm / 10 : 1;
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", clipped.clip_norm);
  variants.push_back({std::string("the gradient clipped at ") + text, std::string("--clip ") + text, clipped});
  return variants;
}

DivergenceCure try_again(RunSpec run, const Variant& variant, const Snapshot& from, std::uint64_t last) {
  run.training = variant.training;
  run.early_stop = 0;
  Copy copy(std::move(run), from);
  const bool finite = copy.run_until(last, [] {});
  DivergenceCure cure{variant.change, variant.setting, false, copy.trainer().progress().step - from.progress.step, copy.last_loss()};
  cure.survived = finite && copy.last_loss() <= kCalm * std::max(1.0, std::abs(copy.first_loss()));
  return cure;
}

}  // namespace

void examine_divergence(const RunSpec& run, const Snapshot& from, std::uint64_t failed, DivergenceReport& report) {
  for (std::size_t l = 0; l < run.network.layers.size(); ++l) report.layers.push_back("layers." + std::to_string(l));
  Copy copy(run, from);
  if (failed > from.progress.step + kMostTried) copy.run_until(failed - kMostTried, [] {});
  const Snapshot base = copy.trainer().snapshot();
  // As far again as the run came: what only puts the end off is no cure.
  const std::uint64_t whole = run.epochs * copy.trainer().steps_per_epoch(), done = base.progress.step;
  report.tried_from = done + 1;
  report.tried_to = std::min(whole, std::max(done + kFewestTried, failed + (failed - done)));
  const std::uint64_t look = steps_to_look_at(run), first = failed > look ? failed - look + 1 : 1;
  Observer observer(run, batch_cut(run.network, run.training, run.train.size(), run.batch).largest());
  copy.run_until(failed - 1, [&] {
    const std::uint64_t next = copy.trainer().progress().step + 1;
    const bool seen = !report.steps.empty() && report.steps.back().step == next;
    if (next >= first && !seen) report.steps.push_back(observer.look(copy));
  });
  for (const Variant& variant : variants_of(run.training)) report.cures.push_back(try_again(run, variant, base, report.tried_to));
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
