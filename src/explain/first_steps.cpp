// The first steps of the run itself, by the trainer.
#include "explain/first_steps.h"

#include <algorithm>
#include <atomic>
#include <numeric>

#include "net/parameter_layout.h"
#include "train/trainer.h"

namespace chainrule::explain {
namespace {

constexpr double kStepBudget = 6e10, kMostSteps = 60, kFewestSteps = 8;  // multiply-adds: about 10 s of one core

std::uint64_t step_count(const Subject& subject, std::size_t batch) {
  const double each = 3.0 * static_cast<double>(net::ParameterLayout(subject.network).size) * static_cast<double>(batch);
  return static_cast<std::uint64_t>(std::clamp(kStepBudget / each, kFewestSteps, kMostSteps));
}

training::RunSpec run_of(const Subject& subject) {
  training::RunSpec run;
  run.network = subject.network;
  run.training = subject.training;
  run.train.samples = subject.samples;
  run.train.rows.assign(subject.rows.begin(), subject.rows.end());
  if (run.train.rows.empty()) {
    run.train.rows.resize(subject.samples.rows);
    std::iota(run.train.rows.begin(), run.train.rows.end(), 0u);
  }
  run.epochs = std::max<std::uint64_t>(1, subject.epochs);
  run.batch = std::min(subject.batch, run.train.rows.size());
  return run;
}

}  // namespace

FirstSteps take_first_steps(const Subject& subject) {
  const training::RunSpec run = run_of(subject);
  PlanOptions options;
  options.max_batch = training::batch_cut(run.network, run.training, run.train.size(), run.batch).largest();
  const std::unique_ptr<engine::Plan> plan = engine::make_plan(run.network, run.training, options);
  training::Trainer trainer(*plan, run);
  trainer.start(start_of(subject));

  FirstSteps first;
  const std::uint64_t steps = step_count(subject, options.max_batch);
  std::atomic<bool> stop = false;
  training::Listener listener;
  listener.stop = &stop;
  listener.on_event = [&](const TrainEvent& event) {
    if (event.kind != TrainEvent::Kind::step) return;
    first.losses.push_back(event.loss);
    first.rate = event.learning_rate;
    stop = event.step >= steps;
  };
  first.finite = trainer.run(listener) != training::Outcome::diverged;
  first.end = trainer.snapshot();
  return first;
}

double loss_at_end(const FirstSteps& first) {
  const std::size_t count = std::max<std::size_t>(1, first.losses.size() / 4);
  if (first.losses.empty()) return 0;
  return std::accumulate(first.losses.end() - static_cast<std::ptrdiff_t>(count), first.losses.end(), 0.0) / static_cast<double>(count);
}

}  // namespace chainrule::explain
