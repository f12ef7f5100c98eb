// L37: blame for single weights: ranked for one row, one batch and the whole data set; measured effects give the same ranking.
#include <algorithm>
#include <cmath>

#include "lesson/probe.h"
#include "lesson/text.h"

namespace chainrule::lesson::l37 {
namespace {

constexpr std::size_t kShown = 6, kRanked = 120, kMostRows = 128;
constexpr double kNudge = 1e-5;
constexpr double kRankLimit = 0.999, kSumLimit = 1e-12, kFusedLimit = 1e-4;

/// Each row's own gradient of the loss, alone in its batch.
struct RowBlame {
  std::vector<std::vector<double>> of_row;
  std::vector<double> mean;
};

RowBlame blame_rows(Probe& probe, const std::vector<std::uint32_t>& rows) {
  RowBlame blame;
  blame.mean.assign(probe.layout().size, 0.0);
  auto network = exact_network(probe.network(), probe.subject().training, probe.parameters());
  double total = 0;
  for (const std::uint32_t row : rows) {
    const reference::Batch<double> alone = exact_batch(probe.subject().train, std::span(&row, 1));
    exact_gradients(network, alone, probe.control());
    for (std::size_t i = 0; i < blame.mean.size(); ++i) blame.mean[i] += alone.weights[0] * network.gradients()[i];
    total += alone.weights[0];
    blame.of_row.push_back(network.gradients());
  }
  for (double& value : blame.mean) value /= total;
  return blame;
}

std::vector<double> gradient_of(Probe& probe, const std::vector<std::uint32_t>& rows) {
  auto network = exact_network(probe.network(), probe.subject().training, probe.parameters());
  exact_gradients(network, exact_batch(probe.subject().train, rows), probe.control());
  return network.gradients();
}

std::vector<std::size_t> ranked_by(const std::vector<double>& blame, std::vector<std::size_t> weights) {
  std::stable_sort(weights.begin(), weights.end(), [&](std::size_t a, std::size_t b) { return std::abs(blame[a]) > std::abs(blame[b]); });
  return weights;
}

/// Spearman's correlation of two rankings of the same values; ties do not matter here.
double rank_correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto ranks = [](const std::vector<double>& values) {
    std::vector<std::size_t> order(values.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return values[i] < values[j]; });
    std::vector<double> rank(values.size());
    for (std::size_t i = 0; i < order.size(); ++i) rank[order[i]] = static_cast<double>(i);
    return rank;
  };
  const std::vector<double> x = ranks(a), y = ranks(b);
  double squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) squares += (x[i] - y[i]) * (x[i] - y[i]);
  const double n = static_cast<double>(x.size());
  return n > 1 ? 1 - 6 * squares / (n * (n * n - 1)) : 1;
}

LessonTable blame_table(Probe& probe, const std::string& title, const std::vector<double>& blame) {
  LessonTable table{title, {"weight", "value", "gradient", "to help"}, {}};
  const std::vector<std::size_t> ranked = ranked_by(blame, probe.weights());
  for (std::size_t i = 0; i < std::min(kShown, ranked.size()); ++i) {
    const double g = blame[ranked[i]];
    table.rows.push_back({probe.name(ranked[i]), number(static_cast<double>(probe.parameters()[ranked[i]])), number(g), g > 0 ? "lower" : "raise"});
  }
  return table;
}

/// Weights spread over the whole ranking: blame by gradient, and by what moving the weight does to the loss of the batch.
double measured_ranking(Probe& probe) {
  const std::vector<std::size_t> ranked = probe.ranked(probe.weights());
  std::vector<double> blamed, measured;
  for (std::size_t i = 0; i < ranked.size(); i += std::max<std::size_t>(1, ranked.size() / kRanked)) {
    blamed.push_back(std::abs(static_cast<double>(probe.fused()[ranked[i]])));
    measured.push_back(std::abs(probe.change(ranked[i], kNudge) - probe.change(ranked[i], -kNudge)));
  }
  return rank_correlation(blamed, measured);
}

/// Shared statistics tie rows together, so only networks without batch normalisation have rows that add up.
bool rows_add_up(const NetworkSpec& network) {
  return std::none_of(network.layers.begin(), network.layers.end(), [](const LayerSpec& layer) { return layer.norm == Norm::batch; });
}

LessonOutcome run(const LessonSetting& setting) {
  Probe probe(setting, {.rows = 16, .widths = {2, 12, 8, 2}});
  std::vector<std::uint32_t> everything = all_rows(std::min(kMostRows, probe.subject().train.rows));
  const std::vector<double> whole = gradient_of(probe, everything);
  const RowBlame rows = blame_rows(probe, probe.rows());
  const double sum_error = rows_add_up(probe.network()) ? relative_difference(std::span<const double>(rows.mean), std::span<const double>(probe.gradient())) : 0;
  const double correlation = measured_ranking(probe), fused = probe.fused_error();
  const std::size_t top = probe.ranked(probe.weights()).front();
  std::size_t against = 0;
  for (const std::vector<double>& row : rows.of_row) against += (row[top] > 0) != (probe.gradient()[top] > 0) && row[top] != 0;

  LessonOutcome outcome;
  outcome.formula = {"blame of w = |dL/dw|; of a batch: the mean of its rows' gradients",
                     filled("{0}: {1} on the batch, the mean over {2} rows gives {3}", {probe.name(top), number(probe.gradient()[top], 7),
                                                                                      std::to_string(probe.rows().size()), number(rows.mean[top], 7)})};
  outcome.tables = {blame_table(probe, "One row (row " + std::to_string(probe.rows()[0]) + ")", rows.of_row[0]),
                    blame_table(probe, "One batch (" + std::to_string(probe.rows().size()) + " rows)", probe.gradient()),
                    blame_table(probe, "The data set (" + std::to_string(everything.size()) + " rows)", whole)};
  outcome.held = sum_error < kSumLimit && correlation > kRankLimit && fused < kFusedLimit;
  outcome.verdict = filled("ranking weights by |gradient| and by the measured effect of moving each gives a rank correlation of {0} (at least {1} wanted); the rows' "
                           "gradients add up to the batch's within {2} (limit {3}); {4} of {5} rows pull the most blamed weight the other way",
                           {number(correlation, 6), number(kRankLimit), number(sum_error, 2), number(kSumLimit), std::to_string(against),
                            std::to_string(rows.of_row.size())});
  outcome.numbers = {{"rank_correlation", correlation}, {"sum_error", sum_error}, {"fused_error", fused}, {"rows_against", static_cast<double>(against)},
                     {"rows", static_cast<double>(rows.of_row.size())}};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    37, LessonGroup::error_and_blame,
    "Back-propagation assigns blame: it says of each single weight how much it is at fault for the error, and in which direction.",
    "A weight takes much of the blame for one row. What does that say about the whole data set?",
    "Little: other rows may pull it the other way; the data set's blame is the mean over its rows",
    {{{"It takes as much blame for the data set", "each row has a gradient of its own, and they may cancel each other"},
      {"The weight is broken and should be reset", "blame is a slope: it says which small step would help this row, not that the weight is useless"},
      {"The row must be mislabelled", "any row that is not predicted perfectly blames some weights; early in training nearly all rows do so strongly"}}},
    true, run};

}  // namespace chainrule::lesson::l37
