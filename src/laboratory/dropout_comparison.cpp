// Trains every variant on every seed, and judges.
#include "laboratory/dropout_comparison.h"

#include <algorithm>
#include <limits>
#include <cmath>

#include "chainrule/error.h"
#include "laboratory/calibration.h"
#include "laboratory/mask_check.h"
#include "laboratory/parallel_runs.h"
#include "laboratory/race_verdict.h"
#include "laboratory/statistics.h"

namespace chainrule::laboratory {
namespace {

/// What one training gave.
struct VariantRun {
  double train_loss = 0, validation_loss = 0, score = 0, calibration = 0, log_loss = 0, epochs = 0, epoch_seconds = 0;
  bool diverged = false;
};

void check_settings(const DropoutSettings& settings) {
  if (settings.seeds < 2 || settings.seeds > 1000)
    throw Error("E0102", "seeds", "the comparison needs 2 to 1,000 seeds", "10 is the default");
  if (settings.rates.empty()) throw Error("E0102", "rates", "no rate is given", "for example --rates 0.1,0.3,0.5");
  for (const double rate : settings.rates) {
    if (!(rate > 0 && rate < 1)) {
      throw Error("E0204", "rates", short_text(rate) + " is not a rate to compare",
                  "rates lie above 0 and below 1; no dropout is always compared");
    }
  }
}

TrainingSubject with_dropout(TrainingSubject subject, const DropoutSpec& dropout) {
  for (std::size_t l = 0; l + 1 < subject.network.layers.size(); ++l) subject.network.layers[l].dropout = dropout;
  check_spec(subject.network, subject.training);
  return subject;
}

/// NaN for margins, which claim no probability.
double class_calibration(const TrainingSubject& subject, TrainedSubject& trained) {
  if (!training::has_probabilities(subject.network)) return std::numeric_limits<double>::quiet_NaN();
  const training::DataPart& part = subject.validation;
  const std::size_t classes = subject.unit.classes.size();
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part.samples.labels != nullptr) labels.push_back(part.label(i));
    else if (part.samples.targets == 1) labels.push_back(part.y(i)[0] > 0.5f);
    else labels.push_back(static_cast<std::int32_t>(training::largest({part.y(i), part.samples.targets})));
  }
  const std::vector<float> p = training::class_scores(subject.network, trained.outputs(part), part.size(), classes);
  return calibration_error(p, labels, classes);
}

VariantRun run_variant(const TrainingSubject& subject, std::size_t samples) {
  TrainedSubject trained(subject);
  const Metrics train = trained.measure(subject.train), validation = trained.measure(subject.validation);
  VariantRun run;
  run.diverged = trained.diverged();
  run.train_loss = train.loss;
  run.validation_loss = validation.loss;
  run.score = subject.unit.classification ? validation.accuracy : validation.rmse;
  run.log_loss = validation.log_loss;
  run.calibration = subject.unit.classification ? class_calibration(subject, trained)
                                                : interval_coverage(trained, subject, subject.validation, train.rmse, samples);
  run.epochs = static_cast<double>(trained.kept_epoch());
  run.epoch_seconds = trained.seconds() / std::max<double>(1, static_cast<double>(trained.progress().epoch));
  return run;
}

class Comparison {
 public:
  Comparison(const DropoutExperiment& experiment, const DropoutSettings& settings, const LaboratoryWatch& watch)
      : experiment_(experiment), settings_(settings), runner_(settings.threads, watch), seeds_(experiment.subjects.size()) {
    variants_.push_back({});
    for (const DropoutKind kind : settings.kinds) {
      for (const double rate : settings.rates) variants_.push_back({kind, rate});
    }
    result_.classification = experiment.subjects[0].unit.classification;
  }

  DropoutComparison run() {
    train_all();
    for (std::size_t v = 0; v < variants_.size(); ++v) add_row(v);
    judge();
    check_all_masks();
    recommend();
    add_notes();
    return std::move(result_);
  }

 private:
  void train_all() {
    runs_.resize(variants_.size() * seeds_);
    runner_.expect(runs_.size());
    runner_.set_stage("training");
    runner_.run(runs_.size(), [&](std::size_t i) {
      runs_[i] = run_variant(with_dropout(experiment_.subjects[i % seeds_], variants_[i / seeds_]), settings_.samples);
    });
  }

  /// A number of every run of a variant.
  template <class F>
  std::vector<double> values(std::size_t variant, F number) const {
    std::vector<double> result;
    for (std::size_t s = 0; s < seeds_; ++s) result.push_back(number(runs_[variant * seeds_ + s]));
    return result;
  }
  template <class F>
  Estimate estimated(std::size_t variant, F number) const {
    return estimate(values(variant, number), experiment_.overlap);
  }

  std::vector<double> losses(std::size_t variant) const {
    return values(variant, [](const VariantRun& r) { return r.validation_loss; });
  }

  void add_row(std::size_t v) {
    DropoutRow row;
    row.dropout = variants_[v];
    row.train_loss = estimated(v, [](const VariantRun& r) { return r.train_loss; });
    row.validation_loss = estimated(v, [](const VariantRun& r) { return r.validation_loss; });
    row.gap = estimated(v, [](const VariantRun& r) { return r.validation_loss - r.train_loss; });
    row.score = estimated(v, [](const VariantRun& r) { return r.score; });
    row.calibration = estimated(v, [](const VariantRun& r) { return r.calibration; });
    row.log_loss = estimated(v, [](const VariantRun& r) { return r.log_loss; });
    row.epochs = estimated(v, [](const VariantRun& r) { return r.epochs; });
    row.epoch_seconds = median(values(v, [](const VariantRun& r) { return r.epoch_seconds; }));
    for (std::size_t s = 0; s < seeds_; ++s) row.diverged += runs_[v * seeds_ + s].diverged;
    result_.rows.push_back(row);
  }

  void judge() {
    const std::vector<double> none = losses(0);
    std::vector<std::vector<double>> scores;
    std::vector<double> p;
    for (std::size_t v = 0; v < variants_.size(); ++v) {
      scores.push_back(losses(v));
      std::vector<double> differences;
      for (std::size_t s = 0; s < seeds_; ++s) differences.push_back(scores[v][s] - none[s]);
      result_.rows[v].difference = estimate(differences, experiment_.overlap);
      if (v > 0) p.push_back(result_.rows[v].p = paired_t_test(differences, experiment_.overlap));
    }
    const std::vector<double> adjusted = holm(p), shares = best_shares(scores, experiment_.subjects[0].training.seed);
    for (std::size_t v = 0; v < variants_.size(); ++v) {
      result_.rows[v].best_share = shares[v];
      if (v > 0) result_.rows[v].adjusted_p = adjusted[v - 1];
    }
  }

  void check_all_masks() {
    const TrainingSubject& first = experiment_.subjects[0];
    const std::size_t hidden = first.network.layers.size() - 1, variants = variants_.size() - 1;
    result_.masks.resize(variants * hidden);
    runner_.set_stage("counting masks");
    runner_.run(result_.masks.size(), [&](std::size_t i) {
      const std::size_t layer = i % hidden;
      // All bounds hold together with 99.9 %.
      const double tail = 0.001 / static_cast<double>(result_.masks.size());
      result_.masks[i] = check_masks(
          {variants_[1 + i / hidden], layer, first.network.fan_in(layer), first.network.layers[layer].units, first.training.seed, tail});
    });
  }

  const DropoutRow& lowest_loss() const {
    return *std::min_element(result_.rows.begin(), result_.rows.end(),
                             [](const DropoutRow& a, const DropoutRow& b) { return a.validation_loss.mean < b.validation_loss.mean; });
  }

  static std::string variant_text(const DropoutSpec& dropout) {
    return dropout.rate == 0 ? "no dropout" : std::string(name(dropout.kind)) + " " + short_text(dropout.rate);
  }

  static std::string difference_text(const DropoutRow& row) {
    return short_text(row.difference.mean) + " [" + short_text(row.difference.low) + ", " + short_text(row.difference.high) + "]";
  }

  std::string certainty(const DropoutRow& row) const {
    return "the validation loss changes by " + difference_text(row) + ", adjusted p " + p_text(row.adjusted_p) +
           "; drawing the seeds again gives it the lowest loss of all in " + short_text(100 * row.best_share) + " % of 2,000 cases";
  }

  void recommend() {
    const DropoutRow& none = result_.rows[0];
    const DropoutRow* best = nullptr;
    for (const DropoutRow& row : result_.rows) {
      const bool better = row.dropout.rate > 0 && row.adjusted_p < kErrorRate && row.difference.mean < 0;
      if (better && (best == nullptr || row.difference.mean < best->difference.mean)) best = &row;
    }
    if (best != nullptr) {
      result_.sure = true;
      result_.recommended = best->dropout;
      result_.recommendation = "Use " + variant_text(best->dropout) + ": against no dropout " + certainty(*best) + ".";
      return;
    }
    const DropoutRow& lowest = lowest_loss();
    result_.recommendation = "Leave dropout out: no kind and rate is surely better than none (" + std::to_string(seeds_) + " seeds). ";
    result_.recommendation += &lowest == &none ? "No dropout has the lowest mean loss itself."
                                               : "The nearest is " + variant_text(lowest.dropout) + ": " + certainty(lowest) + ".";
  }

  void add_notes() {
    result_.test = experiment_.overlap == 0
                       ? "paired t-test over seeds, Holm's correction over all rows"
                       : "paired t-test corrected for overlapping splits (Nadeau & Bengio 2003), Holm's correction over all rows";
    for (const DropoutRow& row : result_.rows) {
      if (row.diverged > 0)
        result_.notes.push_back(variant_text(row.dropout) + ": diverged on " + std::to_string(row.diverged) + " of " +
                                std::to_string(seeds_) + " seeds; its last finite state counts");
    }
    result_.notes.push_back("times are of one thread while " + std::to_string(runner_.threads()) +
                            (runner_.threads() == 1 ? " run" : " runs") + " shared the machine");
  }

  const DropoutExperiment& experiment_;
  const DropoutSettings& settings_;
  Runner runner_;
  std::size_t seeds_;
  std::vector<DropoutSpec> variants_;
  std::vector<VariantRun> runs_;  // [variant][seed]
  DropoutComparison result_;
};

}  // namespace

std::vector<DropoutKind> possible_kinds(const NetworkSpec& network) {
  bool selu = true;
  for (std::size_t l = 0; l + 1 < network.layers.size(); ++l) selu = selu && network.layers[l].activation == Activation::selu;
  std::vector<DropoutKind> kinds;
  for (const DropoutKind kind : all<DropoutKind>()) {
    if (kind != DropoutKind::alpha || selu) kinds.push_back(kind);
  }
  return kinds;
}

DropoutComparison compare_dropout(const DropoutExperiment& experiment, const DropoutSettings& settings, const LaboratoryWatch& watch) {
  check_settings(settings);
  return Comparison(experiment, settings, watch).run();
}

}  // namespace chainrule::laboratory
