// Trains a subject.
#include "laboratory/training_subject.h"

#include <algorithm>

namespace chainrule::laboratory {
namespace {

std::unique_ptr<engine::Plan> plan_for(const TrainingSubject& subject) {
  PlanOptions options;
  options.threads = 1;  // the experiments run side by side instead
  options.engine = subject.engine;
  options.max_batch = std::max<std::size_t>(1, training::batch_cut(subject.network, subject.training, subject.train.size(), subject.batch).largest());
  return engine::make_plan(subject.network, subject.training, options);
}

training::RunSpec run_of(const TrainingSubject& subject) {
  training::RunSpec run;
  run.network = subject.network;
  run.training = subject.training;
  run.unit = subject.unit;
  run.train = subject.train;
  run.validation = subject.validation;
  run.epochs = subject.epochs;
  run.batch = subject.batch;
  run.early_stop = subject.early_stop;
  return run;
}

}  // namespace

TrainedSubject::TrainedSubject(const TrainingSubject& subject)
    : subject_(subject), plan_(plan_for(subject)), trainer_(*plan_, run_of(subject)) {
  trainer_.start(subject.start);
  start_loss_ = measure(subject_.validation).loss;
  outcome_ = trainer_.run({});
  seconds_ = trainer_.seconds();
  if (diverged()) trainer_.restore_best();
}

std::uint64_t TrainedSubject::kept_epoch() const {
  const training::Progress& progress = trainer_.progress();
  return trainer_.restores_best() && progress.stopping.has_best ? progress.stopping.best_epoch : progress.epoch;
}

std::vector<float> TrainedSubject::outputs(const training::DataPart& part) {
  return training::predict_part(*plan_, subject_.network, part, subject_.training.ema > 0);
}

Metrics TrainedSubject::measure(const training::DataPart& part) {
  return training::measure(subject_.network, subject_.unit, part, outputs(part), {});
}

}  // namespace chainrule::laboratory
