// L1: the loss grows with the distance between prediction and truth; a batch's loss is the mean of its rows' shares.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "lesson/probe.h"
#include "lesson/text.h"

namespace chainrule::lesson::l01 {
namespace {

constexpr double kSure = 12, kClasses = 3;
constexpr int kPoints = 41;
constexpr double kMeanLimit = 1e-6, kExactLimit = 1e-6;

/// A network that only passes its inputs on: the engine's loss of any prediction one likes.
class LossAlone {
 public:
  LossAlone(std::size_t outputs, Loss loss) : network_(perceptron({outputs, outputs}, Activation::identity, loss)) {}

  double of(std::vector<float> prediction, std::vector<float> truth) { return with(prediction, truth.data(), nullptr); }
  double of(std::vector<float> prediction, std::int32_t label) { return with(prediction, nullptr, &label); }

 private:
  double with(const std::vector<float>& prediction, const float* truth, const std::int32_t* label) {
    const std::size_t width = prediction.size();
    const Samples row{prediction.data(), truth, label, nullptr, nullptr, 1, width, truth ? width : 0};
    Run run(network_, training_with("sgd", 0.1, 0), row, {1, 1, EngineKind::automatic});
    std::vector<float> pass_on(run.layout().size, 0.0f);
    for (std::size_t i = 0; i < width; ++i) pass_on[i * width + i] = 1;
    run.set_parameters(pass_on);
    return run.loss(row);
  }

  NetworkSpec network_;
};

/// From sure of the right class (0) over undecided (0.5) to sure of a wrong one (1).
struct Slide { std::vector<double> at, cross_entropy, squared; };

Slide slide() {
  LossAlone classes(static_cast<std::size_t>(kClasses), Loss::cross_entropy), value(1, Loss::squared_error);
  Slide result;
  for (int i = 0; i < kPoints; ++i) {
    const double wrongness = i / (kPoints - 1.0);
    const float right = static_cast<float>(kSure * std::max(0.0, 1 - 2 * wrongness)), wrong = static_cast<float>(kSure * std::max(0.0, 2 * wrongness - 1));
    result.at.push_back(wrongness);
    result.cross_entropy.push_back(classes.of({right, wrong, 0.0f}, std::int32_t{0}));
    result.squared.push_back(value.of({static_cast<float>(wrongness * kSure)}, std::vector<float>{0.0f}));
  }
  return result;
}

/// The six rows with the largest loss and the three with the smallest.
LessonTable row_table(Probe& probe, const std::vector<double>& losses) {
  std::vector<std::size_t> order(losses.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return losses[a] > losses[b]; });
  double sum = 0;
  for (const double loss : losses) sum += loss;
  LessonTable table{"Each row's share of the batch's loss, worst first", {"row", "loss", "share of the batch"}, {}};
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i >= 6 && i + 3 < order.size()) continue;
    table.rows.push_back({number(probe.rows()[order[i]], 9), number(losses[order[i]]), percent(losses[order[i]] / sum)});
  }
  return table;
}

/// Right rows lose less than ln K, wrong ones at least ln 2: true of cross-entropy whatever the network.
std::size_t misplaced_rows(Probe& probe, const std::vector<double>& losses) {
  if (probe.network().loss.kind != Loss::cross_entropy || probe.network().loss.label_smoothing > 0) return 0;
  const auto& outputs = probe.exact().layers().back().a;
  std::size_t misplaced = 0;
  for (std::size_t r = 0; r < losses.size(); ++r) {
    const double* row = &outputs.values[r * outputs.columns];
    const bool right = std::max_element(row, row + outputs.columns) - row == probe.batch().labels[r];
    misplaced += right ? losses[r] > std::log(static_cast<double>(outputs.columns)) : losses[r] < std::numbers::ln2;
  }
  return misplaced;
}

LessonOutcome run(const LessonSetting& setting) {
  const Slide s = slide();
  const bool rising = std::is_sorted(s.cross_entropy.begin(), s.cross_entropy.end()) && std::is_sorted(s.squared.begin(), s.squared.end());
  const double perfect = s.cross_entropy.front(), undecided = s.cross_entropy[kPoints / 2], wrong = s.cross_entropy.back();
  const double perfect_is = std::log1p((kClasses - 1) * std::exp(-kSure)), wrong_is = kSure + std::log1p((kClasses - 1) * std::exp(-kSure));
  const bool known = std::abs(perfect - perfect_is) < kExactLimit && std::abs(undecided - std::log(kClasses)) < kExactLimit &&
                     std::abs(wrong / wrong_is - 1) < kExactLimit && s.squared.front() == 0;

  Probe probe(setting, {.rows = 32, .masks = false});
  std::vector<double> losses(probe.exact().row_losses().begin(), probe.exact().row_losses().end());
  double mean = 0, weight = 0;
  for (std::size_t r = 0; r < losses.size(); ++r) mean += losses[r] * probe.batch().weights[r], weight += probe.batch().weights[r];
  mean /= weight;
  const double engine = probe.run().step(probe.rows()).loss, error = std::abs(engine - mean) / std::max(1.0, std::abs(mean));
  const std::size_t misplaced = misplaced_rows(probe, losses);

  LessonOutcome outcome;
  outcome.formula = {"L = mean over the rows of loss(prediction, truth)",
                     filled("L = {0}, the mean of {1} rows; the engine's step reports {2}", {number(mean, 6), number(weight), number(engine, 6)})};
  outcome.plots = {{"Cross-entropy while a prediction slides from sure and right to sure and wrong", "wrongness", "loss",
                    {{"loss", s.at, s.cross_entropy}}, false}};
  outcome.tables = {{"Loss of one prediction", {"prediction", "cross-entropy of 3 classes", "squared error"},
                     {{"perfect", number(perfect), number(s.squared.front())}, {"undecided", number(undecided), number(s.squared[kPoints / 2])},
                      {"wrong", number(wrong), number(s.squared.back())}}},
                    row_table(probe, losses)};
  outcome.held = rising && known && error < kMeanLimit && misplaced == 0;
  outcome.verdict = filled("the loss rises all the way from {0} for a perfect prediction over {1} for an undecided one to {2} for a wrong one; the "
                           "batch's loss differs from the mean of its rows by {3} (limit {4}); {5} rows are wrong yet cheap or right yet dear",
                           {number(perfect), number(undecided), number(wrong), number(error, 2), number(kMeanLimit), number(static_cast<double>(misplaced))});
  outcome.numbers = {{"loss_perfect", perfect}, {"loss_undecided", undecided}, {"loss_wrong", wrong}, {"loss_of_batch", engine},
                     {"mean_of_rows", mean}, {"mean_error", error}, {"misplaced_rows", static_cast<double>(misplaced)}};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    1, LessonGroup::error_and_blame,
    "The loss is one number that says how far the predictions lie from the true labels.",
    "Two networks are tried on the same rows; one has the loss 0.2, the other 1.4. What follows?",
    "On these rows the first one's predictions lie nearer to the truth, on average over the rows",
    {{{"The first network gets 80 % of the rows right", "the loss is no share of rows: it also weighs how sure each answer was, and has no upper end"},
      {"The second network has more weights", "the loss looks at predictions and truth only; how the predictions came about does not enter"},
      {"The first network is better on every row", "a batch's loss is a mean: single rows can be worse and the mean still smaller"}}},
    true, run};

}  // namespace chainrule::lesson::l01
