// The laboratory on tables: splits, starts and batches for every seed, and the surfaces by name.
#include "chainrule/laboratory.h"

#include <algorithm>

#include "api/network_choice.h"
#include "api/prepared_data.h"
#include "api/setting_readers.h"
#include "api/starting_parameters.h"
#include "chainrule/error.h"
#include "data/input.h"
#include "data/reader.h"
#include "data/table.h"
#include "laboratory/data_race.h"
#include "laboratory/dropout_comparison.h"
#include "laboratory/race.h"
#include "laboratory/surfaces.h"

namespace chainrule {
namespace {

using laboratory::TrainingSubject;
constexpr std::size_t kMostNumbers = std::size_t{1} << 28;  // floats of all splits together: 1 GiB
constexpr std::uint64_t kUsualRaceEpochs = 15;

/// Splits of one table, one for every seed where that is possible, and what is trained on them.
class SeededData {
 public:
  /// `stop` ends the reading too, which may wait for a pipe.
  SeededData(const std::string& path, TrainSettings settings, const api::Varied& varied, const std::atomic<bool>* stop)
      : settings_(std::move(settings)) {
    if (stop != nullptr) settings_.read.stop = stop;
    api::refuse_later_settings(settings_);
    api::refuse_idle_settings(settings_, varied);
    settings_.test.clear();
    table_ = std::make_shared<data::Table>(data::read_table(path, api::reading_options(settings_)));
  }

  /// `seeds` splits from `first` on. The first split's decisions are kept.
  std::vector<TrainingSubject> subjects(std::uint64_t first, std::size_t seeds) {
    std::vector<TrainingSubject> result;
    for (std::size_t i = 0; i < seeds; ++i) result.push_back(subject(first + i));
    return result;
  }

  /// Decides, before the first subject, whether every seed draws its own split.
  void plan_splits(std::size_t seeds) {
    TrainSettings probe = settings_;
    const api::PreparedData& data = prepared(probe);
    if (data.validation.empty()) {
      throw Error("E0326", table_->source, "there are no rows for validation, which the comparison is made on", "leave --validation out, or give a share above 0");
    }
    const bool drawn = api::as_share(settings_.validation) && settings_.split != SplitKind::time;
    own_splits_ = drawn && data.numbers.x.size() * seeds <= kMostNumbers;
    overlap_ = own_splits_ ? static_cast<double>(data.validation.size()) / static_cast<double>(data.train.size()) : 0;
  }

  double overlap() const { return overlap_; }
  std::vector<std::string> decisions() const {
    std::vector<std::string> lines = decisions_;
    lines.push_back(own_splits_ ? "every seed draws its own split, start and batches"
                                : "one split for all seeds, which draw start and batches: the verdict holds for this split");
    return lines;
  }
  const TrainSettings& settings() const { return settings_; }

 private:
  const api::PreparedData& prepared(const TrainSettings& settings) {
    data_.push_back(std::make_unique<api::PreparedData>(api::prepare_data({"", table_, std::nullopt}, settings)));
    return *data_.back();
  }

  TrainingSubject subject(std::uint64_t seed) {
    TrainSettings settings = settings_;
    settings.training.seed = seed;
    settings.given["seed"] = std::to_string(seed);
    const bool first = decisions_.empty();
    const api::PreparedData& data = own_splits_ ? prepared(settings) : *data_.front();
    std::vector<std::string> lines = data.decisions;
    const api::NetworkChoice choice = api::choose_network(settings, data, lines);
    if (first) decisions_ = lines;
    TrainingSubject subject;
    subject.network = choice.network;
    subject.training = choice.training;
    subject.unit = data.unit;
    subject.train = data.train;
    subject.validation = data.validation;
    subject.start = api::starting_parameters(choice, data.train);
    subject.batch = choice.batch;
    subject.epochs = settings_.epochs;
    subject.early_stop = choice.early_stop;
    subject.engine = settings_.engine;
    return subject;
  }

  TrainSettings settings_;
  std::shared_ptr<const data::Table> table_;
  std::vector<std::unique_ptr<api::PreparedData>> data_;
  std::vector<std::string> decisions_;
  bool own_splits_ = true;
  double overlap_ = 0;
};

/// The optimiser by name with what the user set for all of them (momentum, beta1, ...).
OptimizerSpec optimizer_of(const TrainSettings& settings, const std::string& name) {
  TrainSettings own = settings;
  own.given.erase("lr");
  set_train_setting(own, "optimizer", name, "--optimizers");
  return own.training.optimizer;
}

void drop_lines(std::vector<std::string>& lines, std::string_view start) {
  std::erase_if(lines, [&](const std::string& line) { return line.rfind(start, 0) == 0; });
}

}  // namespace

const std::vector<SurfaceInfo>& race_surfaces() {
  static const std::vector<SurfaceInfo> table = [] {
    std::vector<SurfaceInfo> infos;
    for (const laboratory::Surface& surface : laboratory::surfaces()) infos.push_back(surface.info);
    return infos;
  }();
  return table;
}

double surface_height(const std::string& surface, double x, double y) { return laboratory::find_surface(surface).at(x, y).height; }

Race race_on_surface(const std::string& surface, const RaceSettings& settings, const LaboratoryWatch& watch) {
  return laboratory::hold_race(laboratory::surface_contest(surface, settings), settings, watch);
}

Race race_on_data(const std::string& data, const TrainSettings& training, const RaceSettings& settings, const LaboratoryWatch& watch) {
  TrainSettings own = training;
  if (own.given.count("epochs") == 0) own.epochs = kUsualRaceEpochs;
  laboratory::DataExperiment experiment;
  for (const std::string& name : settings.optimizers) experiment.optimizers.push_back(optimizer_of(own, name));
  experiment.names = settings.optimizers;
  api::Varied varied;
  for (const OptimizerSpec& optimizer : experiment.optimizers) varied.optimizers.push_back(optimizer.kind);
  SeededData seeded(data, own, varied, watch.stop);
  const std::size_t tuning_seeds = settings.tuning_seeds == 0 ? laboratory::kUsualTuningSeeds : settings.tuning_seeds;
  seeded.plan_splits(settings.seeds + tuning_seeds);
  experiment.racing = seeded.subjects(settings.seed, settings.seeds);
  experiment.tuning = seeded.subjects(settings.seed + laboratory::kTuningSeeds, tuning_seeds);
  experiment.overlap = seeded.overlap();
  for (const OptimizerSpec& optimizer : experiment.optimizers) {
    TrainingSpec spec = experiment.racing.at(0).training;
    spec.optimizer = optimizer;
    check_spec(experiment.racing[0].network, spec);
  }
  Race race = laboratory::hold_race(laboratory::data_contest(data, experiment), settings, watch);
  race.decisions = seeded.decisions();
  drop_lines(race.decisions, "early stop:");
  return race;
}

DropoutComparison compare_dropout(const std::string& data, const TrainSettings& training, const DropoutSettings& settings,
                                  const LaboratoryWatch& watch) {
  SeededData seeded(data, training, {{}, true}, watch.stop);
  seeded.plan_splits(settings.seeds);
  laboratory::DropoutExperiment experiment{seeded.subjects(training.training.seed, settings.seeds), 0};
  experiment.overlap = seeded.overlap();
  DropoutSettings own = settings;
  const std::vector<DropoutKind> possible = laboratory::possible_kinds(experiment.subjects.at(0).network);
  if (own.kinds.empty()) own.kinds = possible;
  DropoutComparison result = laboratory::compare_dropout(experiment, own, watch);
  result.data = data;
  result.decisions = seeded.decisions();
  if (settings.kinds.empty() && possible.size() < all<DropoutKind>().size()) {
    result.notes.push_back("alpha is left out: it keeps mean and variance only behind selu (--activation selu)");
  }
  return result;
}

}  // namespace chainrule
