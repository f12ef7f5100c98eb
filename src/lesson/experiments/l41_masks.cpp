// L41: dropout turns a share of the units off at random while training.
#include <algorithm>

#include "lesson/chance.h"
#include "lesson/generalisation.h"
#include "lesson/run.h"
#include "lesson/text.h"

namespace chainrule::lesson::l41 {
namespace {

constexpr double kRate = 0.4;
constexpr std::size_t kSteps = 8, kRows = 32, kShownRows = 4, kShownUnits = 24;

/// Dropout as the user set it, or kRate, on every hidden layer; a network without one gets one.
NetworkSpec with_dropout(NetworkSpec network) {
  if (network.layers.size() == 1) {
    network.layers.insert(network.layers.begin(), LayerSpec{});
    network.layers[0].units = 16;
  }
  for (std::size_t l = 0; l + 1 < network.layers.size(); ++l) {
    const double rate = network.layers[l].dropout.rate;
    network.layers[l].dropout = {DropoutKind::inverted, rate > 0 ? rate : kRate};
  }
  return network;
}

/// What was seen at one or more steps.
struct Seen {
  std::uint64_t dropped = 0, draws = 0;
  double expected = 0;              ///< dropped units expected from the rates
  std::size_t outputs_differ = 0;   ///< from those of the network whose masks are shown
  std::vector<std::vector<float>> first_masks;  ///< of the first hidden layer, one per step
};

void look(const reference::ReferenceNetwork<float>& watched, Seen& seen) {
  const auto& layers = watched.layers();
  for (std::size_t l = 0; l + 1 < layers.size(); ++l) {
    const std::vector<float>& mask = layers[l].mask.values;
    seen.dropped += static_cast<std::uint64_t>(std::count(mask.begin(), mask.end(), 0.0f));
    seen.draws += mask.size();
    seen.expected += watched.spec().layers[l].dropout.rate * static_cast<double>(mask.size());
  }
  seen.first_masks.push_back(layers[0].mask.values);
}

/// Trains the engine's network and lets the reference network, which equals it bit for bit, tell its masks.
Seen watch(Run& run, const LessonSubject& subject) {
  const std::vector<std::uint32_t> rows = all_rows(subject.train.rows);
  reference::ReferenceNetwork<float> watched(subject.network, subject.training, rows.size());
  reference::Batch<float> batch;
  reference::gather(subject.train, rows, batch);
  Seen seen;
  for (std::size_t step = 0; step < kSteps; ++step) {
    watched.parameters() = run.parameters();
    const std::vector<float>& expected = watched.forward(batch, engine::Mode::train, run.control()).values;
    const std::span<const float> outputs = run.plan().forward(subject.train, rows, engine::Mode::train, run.control());
    for (std::size_t i = 0; i < outputs.size(); ++i) seen.outputs_differ += outputs[i] != expected[i];
    look(watched, seen);
    run.step(rows);
  }
  return seen;
}

LessonTable mask_table(const Seen& seen, std::size_t units) {
  LessonTable table{"units of the first hidden layer, # in, . out", {"step", "row", "units"}, {}};
  for (std::size_t step = 0; step < 2; ++step) {
    for (std::size_t row = 0; row < std::min(kShownRows, seen.first_masks[step].size() / units); ++row) {
      std::string picture;
      for (std::size_t u = 0; u < std::min(units, kShownUnits); ++u) picture += seen.first_masks[step][row * units + u] == 0 ? '.' : '#';
      table.rows.push_back({std::to_string(step + 1), std::to_string(row), picture});
    }
  }
  return table;
}

LessonOutcome outcome_of(const Seen& seen, bool steady, std::size_t first_units) {
  const Interval bounds = share_bounds(seen.dropped, seen.draws, kBoundError);
  const double share = static_cast<double>(seen.dropped) / static_cast<double>(seen.draws), rate = seen.expected / static_cast<double>(seen.draws);
  std::size_t repeated = 0;
  for (std::size_t i = 1; i < seen.first_masks.size(); ++i) repeated += seen.first_masks[i] == seen.first_masks[i - 1];
  LessonOutcome outcome;
  outcome.held = bounds.holds(rate) && seen.outputs_differ == 0 && repeated == 0 && steady;
  outcome.verdict = filled("{0} of {1} units were out, a share of {2} whose bounds, {3} to {4}, must hold the rate of {5}; {7} masks came twice in a row, "
                           "and at prediction none is out: two predictions are {6}",
                           {std::to_string(seen.dropped), std::to_string(seen.draws), number(share), number(bounds.low), number(bounds.high),
                            number(rate), steady ? "the same" : "NOT the same", std::to_string(repeated)});
  outcome.formula = {"a <- a * m, where m = 0 with probability rate, else 1/p",
                     filled("rate = {0}: {1} of {2} are 0", {number(rate), std::to_string(seen.dropped), std::to_string(seen.draws)})};
  outcome.numbers = {{"rate", rate}, {"dropped_share", share}, {"at_least", bounds.low}, {"at_most", bounds.high}, {"draws", double(seen.draws)},
                     {"masks_repeated", double(repeated)}, {"outputs_differ", double(seen.outputs_differ)}, {"bound_error_rate", kBoundError}};
  outcome.tables = {mask_table(seen, first_units)};
  return outcome;
}

LessonOutcome run(const LessonSetting& setting) {
  const Rows moons = two_moons(kRows, 0.15, setting.seed);
  LessonSubject subject = chosen(setting, subject_of(perceptron({2, 24, 16, 2}, Activation::relu, Loss::cross_entropy),
                                                     training_with("adam", 0.01, setting.seed), moons.samples()));
  subject.network = with_dropout(subject.network);
  subject.train = two_parts(subject, kRows, 1).train;
  subject.training.dropout_schedule = {};
  Run run(subject, {subject.train.rows, kSteps});
  const Seen seen = watch(run, subject);
  return outcome_of(seen, run.predict(subject.train) == run.predict(subject.train), subject.network.layers[0].units);
}

}  // namespace

extern const LessonStatement kStatement{
    41, LessonGroup::dropout,
    "In every training step dropout switches a share of the units off, chosen at random and chosen again for each row and step.",
    "Which units does dropout switch off?",
    "Random ones: each unit of the layer, for each row of each step anew, is out with the same probability. At prediction none is.",
    {{{"Those whose activation is smallest.", "That would be pruning. Dropout does not look at what a unit does, otherwise units could learn to avoid it."},
      {"The same random ones for the whole run.", "That would be a smaller network. What helps is that every step trains another one."},
      {"One whole layer at a time.", "Nothing would get past that layer. It is single units that are drawn, layer by layer, and each layer keeps most of them."}}},
    true, run};

}  // namespace chainrule::lesson::l41
