// Pairs of runs with and without a remedy, and what their losses on both sides say.
#include "lesson/generalisation.h"

#include <algorithm>

#include "lesson/chance.h"
#include "lesson/run.h"
#include "lesson/text.h"

namespace chainrule::lesson {
namespace {

constexpr std::size_t kPairs = 24, kRecords = 20;
constexpr std::size_t kTrainRows = 64, kValidationRows = 256, kInputs = 4, kWidth = 32, kEpochs = 60, kBatch = 16;
constexpr double kTurned = 0.1, kRate = 0.05;
constexpr std::size_t kUsersValidationRows = 1000;
constexpr double kUsersRate = 0.003, kOverfit = 1.1;  // over-fitted: validation loss above so many training losses

/// The loss on both sides at some moments of a run; the last counts.
struct Course {
  std::vector<double> epoch, train, validation;
  double gap() const { return validation.back() - train.back(); }
};

struct Pair {
  Course without, with;
};

struct Means {
  double train = 0, validation = 0, gap = 0;
};

struct Trial {
  NetworkSpec network;
  TrainingSpec training;
  TwoParts rows;
};

Course train(const Trial& trial) {
  RunOptions options;
  options.batch = kBatch;
  const std::size_t per_epoch = (trial.rows.train.rows + kBatch - 1) / kBatch;
  options.total_steps = kEpochs * per_epoch;
  Run run(trial.network, trial.training, trial.rows.train, options);
  Course course;
  for (std::size_t e = 1; e <= kEpochs; ++e) {
    run.steps(per_epoch);
    if (e % (kEpochs / kRecords) != 0) continue;
    course.epoch.push_back(static_cast<double>(e));
    course.train.push_back(run.loss(trial.rows.train));
    course.validation.push_back(run.loss(trial.rows.validation));
  }
  return course;
}

/// Pair number i: its own rows (built in), initial weights and batches, the same on both sides.
Pair run_pair(const LessonSetting& setting, std::size_t i, const std::function<void(NetworkSpec&)>& change) {
  const std::uint64_t seed = setting.seed * 1000 + i;
  const Rows rows = noisy_halves(kTrainRows + kValidationRows, kInputs, kTurned, seed);
  Trial trial{perceptron({kInputs, kWidth, kWidth, 1}, Activation::relu, Loss::binary_cross_entropy), training_with("momentum:heavy_ball", kRate, seed),
              {rows.part(0, kTrainRows), rows.part(kTrainRows, kValidationRows)}};
  if (setting.own != nullptr) {
    trial = {without_regularisation(setting.own->network), training_with("adam", kUsersRate, seed),
             two_parts(*setting.own, kTrainRows, kUsersValidationRows)};
  }
  Pair pair;
  pair.without = train(trial);
  change(trial.network);
  pair.with = train(trial);
  return pair;
}

Means means_of(const std::vector<Pair>& pairs, Course Pair::*side) {
  Means means;
  for (const Pair& pair : pairs) {
    means.train += (pair.*side).train.back() / static_cast<double>(pairs.size());
    means.validation += (pair.*side).validation.back() / static_cast<double>(pairs.size());
    means.gap += (pair.*side).gap() / static_cast<double>(pairs.size());
  }
  return means;
}

LessonTable means_table(const std::string& remedy, const Means& without, const Means& with) {
  const auto row = [](const std::string& name, const Means& m) {
    return std::vector<std::string>{name, number(m.train), number(m.validation), number(m.gap)};
  };
  return {"means over " + std::to_string(kPairs) + " pairs of runs", {"network", "training loss", "validation loss", "gap"},
          {row("as it is", without), row("with " + remedy, with)}};
}

LessonPlot plot_of(const std::string& remedy, const Pair& pair) {
  LessonPlot plot{"the first pair of runs", "epoch", "loss", {}, false};
  const auto add = [&](const std::string& network, const Course& course) {
    plot.curves.push_back({"training, " + network, course.epoch, course.train});
    plot.curves.push_back({"validation, " + network, course.epoch, course.validation});
  };
  add("as it is", pair.without);
  add("with " + remedy, pair.with);
  return plot;
}

std::uint64_t count(const std::vector<Pair>& pairs, bool (*wins)(const Pair&)) {
  return static_cast<std::uint64_t>(std::count_if(pairs.begin(), pairs.end(), wins));
}

}  // namespace

LessonOutcome compare_gaps(const LessonSetting& setting, const std::string& remedy, const std::function<void(NetworkSpec&)>& change) {
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < kPairs; ++i) pairs.push_back(run_pair(setting, i, change));
  const std::uint64_t smaller = count(pairs, [](const Pair& p) { return p.with.gap() < p.without.gap(); });
  const std::uint64_t better = count(pairs, [](const Pair& p) { return p.with.validation.back() < p.without.validation.back(); });
  const std::uint64_t overfitted = count(pairs, [](const Pair& p) { return p.without.validation.back() > kOverfit * p.without.train.back(); });
  const bool overfits = sign_test(overfitted, kPairs) < kSignTestError, users = setting.own != nullptr;
  const double smaller_chance = sign_test(smaller, kPairs), better_chance = sign_test(better, kPairs);
  const Means without = means_of(pairs, &Pair::without), with = means_of(pairs, &Pair::with);

  LessonOutcome outcome;
  // Where the user's network does not over-fit there is nothing to fight; whether it then predicts better is a matter of its data.
  outcome.held = overfits ? smaller_chance < kSignTestError && (users || better_chance < kSignTestError) : users;
  outcome.verdict = filled("with {0} the gap is smaller in {1} of {2} pairs (chance alone: {3}) and the validation loss in {4} ({5}); sign test, "
                           "both chances must be below {6}",
                           {remedy, std::to_string(smaller), std::to_string(kPairs), number(smaller_chance, 2), std::to_string(better),
                            number(better_chance, 2), number(kSignTestError)});
  if (!overfits) outcome.verdict = filled("this network over-fits in {0} of {1} runs only: nothing to fight here; ",
                                          {std::to_string(overfitted), std::to_string(kPairs)}) + outcome.verdict;
  outcome.formula = {"gap = validation loss - training loss",
                     filled("as it is: {0} - {1} = {2}", {number(without.validation), number(without.train), number(without.gap)}),
                     filled("with {3}: {0} - {1} = {2}", {number(with.validation), number(with.train), number(with.gap), remedy})};
  outcome.numbers = {{"pairs", double(kPairs)}, {"overfitted", double(overfitted)}, {"smaller_gaps", double(smaller)}, {"smaller_gaps_by_chance", smaller_chance},
                     {"better_validation_losses", double(better)}, {"better_by_chance", better_chance}, {"gap_without", without.gap},
                     {"gap_with", with.gap}, {"validation_loss_without", without.validation}, {"validation_loss_with", with.validation},
                     {"test_error_rate", kSignTestError}};
  outcome.tables = {means_table(remedy, without, with)};
  outcome.plots = {plot_of(remedy, pairs.front())};
  return outcome;
}

Rows noisy_halves(std::size_t count, std::size_t inputs, double turned, std::uint64_t seed) {
  Draws plane(seed, 201), draws(seed, 202);
  std::vector<double> normal(inputs);
  for (double& part : normal) part = plane.between(-1, 1);
  Rows rows;
  rows.inputs = inputs;
  rows.targets = 1;
  for (std::size_t r = 0; r < count; ++r) {
    double side = 0;
    for (std::size_t k = 0; k < inputs; ++k) {
      rows.x.push_back(static_cast<float>(draws.between(-1, 1)));
      side += normal[k] * static_cast<double>(rows.x.back());
    }
    rows.y.push_back((side > 0) != (draws.uniform() < turned) ? 1.0f : 0.0f);
  }
  return rows;
}

NetworkSpec without_regularisation(NetworkSpec network) {
  network.loss.l1 = network.loss.l2 = network.loss.max_norm = 0;
  network.input_noise = network.input_dropout.rate = 0;
  for (LayerSpec& layer : network.layers) layer.dropout.rate = 0;
  return network;
}

namespace {

Samples part_of(const Samples& samples, std::size_t first, std::size_t count) {
  Samples part = samples;
  part.x += first * samples.inputs;
  if (part.y != nullptr) part.y += first * samples.targets;
  if (part.labels != nullptr) part.labels += first;
  if (part.weights != nullptr) part.weights += first;
  if (part.ids != nullptr) part.ids += first;
  part.rows = count;
  return part;
}

}  // namespace

TwoParts two_parts(const LessonSubject& subject, std::size_t most_train, std::size_t most_validation) {
  const std::size_t rows = subject.train.rows;
  if (subject.validation.rows > 0) {
    return {part_of(subject.train, 0, std::min(rows, most_train)),
            part_of(subject.validation, 0, std::min(subject.validation.rows, most_validation))};
  }
  const std::size_t cut = rows - rows / 5;
  return {part_of(subject.train, 0, std::min(cut, most_train)), part_of(subject.train, cut, std::min(rows - cut, most_validation))};
}

}  // namespace chainrule::lesson
