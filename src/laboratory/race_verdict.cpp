// Comparisons of all pairs of lanes, and the verdict in words.
#include "laboratory/race_verdict.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "laboratory/statistics.h"

namespace chainrule::laboratory {
namespace {

RaceComparison compare(const RaceLane& a, const RaceLane& b, double overlap) {
  RaceComparison pair;
  pair.a = a.optimizer;
  pair.b = b.optimizer;
  std::vector<double> differences;
  for (std::size_t i = 0; i < a.scores.size(); ++i) {
    differences.push_back(a.scores[i] - b.scores[i]);
    pair.a_wins += differences.back() < 0;
    pair.b_wins += differences.back() > 0;
  }
  pair.difference = estimate(differences, std::max(0.0, overlap));
  pair.p = overlap < 0 ? signed_rank_test(differences) : paired_t_test(differences, overlap);
  return pair;
}

void compare_all(Race& race, double overlap) {
  std::vector<double> p;
  for (std::size_t i = 0; i < race.lanes.size(); ++i) {
    for (std::size_t k = i + 1; k < race.lanes.size(); ++k) race.comparisons.push_back(compare(race.lanes[i], race.lanes[k], overlap));
  }
  for (const RaceComparison& pair : race.comparisons) p.push_back(pair.p);
  const std::vector<double> adjusted = holm(p);
  for (std::size_t i = 0; i < adjusted.size(); ++i) race.comparisons[i].adjusted_p = adjusted[i];
  std::stable_sort(race.comparisons.begin(), race.comparisons.end(), [](const auto& a, const auto& b) { return a.p < b.p; });
}

/// The comparison of the best lane with another; lanes are sorted, so the best is always `a`.
const RaceComparison& against_best(const Race& race, const RaceLane& lane) {
  return *std::find_if(race.comparisons.begin(), race.comparisons.end(),
                       [&](const RaceComparison& pair) { return pair.a == race.lanes[0].optimizer && pair.b == lane.optimizer; });
}

std::string percent(double share) { return short_text(100 * share) + " %"; }

std::string verdict_text(const Race& race) {
  const RaceLane& best = race.lanes[0];
  const std::string resampled = "Drawing the seeds again puts it first in " + percent(best.best_share) + " of 2,000 cases.";
  if (!race.winner.empty()) {
    double worst = 0;
    for (std::size_t i = 1; i < race.lanes.size(); ++i) worst = std::max(worst, against_best(race, race.lanes[i]).adjusted_p);
    return race.winner + " wins: better than each of the others, adjusted p " + (worst < 0.001 ? "" : "at most ") + p_text(worst) + ". " +
           resampled;
  }
  std::vector<std::string> equals;
  for (std::size_t i = 1; i < race.lanes.size(); ++i) {
    const RaceComparison& pair = against_best(race, race.lanes[i]);
    if (pair.adjusted_p >= kErrorRate) equals.push_back(pair.b + " (adjusted p " + p_text(pair.adjusted_p) + ")");
  }
  return "No clear winner: " + best.optimizer + " has the best mean, but cannot be told from " + joined(equals) + ". " + resampled;
}

void add_notes(Race& race, const Contest& contest, const RaceSettings& settings) {
  race.notes.push_back("budget of each optimiser: " + std::to_string(settings.trials) + " learning rates from " +
                       short_text(settings.lowest_rate) + " to " + short_text(settings.highest_rate) + ", each on " +
                       std::to_string(settings.tuning_seeds) + (settings.tuning_seeds == 1 ? " seed" : " seeds") + " of its own; then " +
                       std::to_string(settings.seeds) + " seeds of the race");
  for (const RaceLane& lane : race.lanes) {
    if (lane.at_edge)
      race.notes.push_back(lane.optimizer + ": the best rate tried is the " +
                           (lane.rate < 1.01 * settings.lowest_rate ? "lowest" : "highest") + " allowed; a better one may lie beyond");
    if (lane.diverged > 0)
      race.notes.push_back(lane.optimizer + ": diverged on " + std::to_string(lane.diverged) + " of " + std::to_string(settings.seeds) +
                           " seeds");
  }
  if (contest.overlap >= 0) return;
  // The rank test of n seeds gives at least 2/2^n, and Holm's first step multiplies it by the number of pairs.
  const double pairs = static_cast<double>(race.comparisons.size());
  const double needed = std::ceil(std::log2(2 * pairs / kErrorRate + 1e-9));
  if (static_cast<double>(settings.seeds) < needed) {
    race.notes.push_back(std::to_string(settings.seeds) + " seeds cannot tell " + std::to_string(race.lanes.size()) +
                         " optimisers apart by ranks: use --seeds " + short_text(needed) + " or more");
  }
}

}  // namespace

void judge_race(Race& race, const Contest& contest, const RaceSettings& settings) {
  std::vector<std::vector<double>> scores;
  for (const RaceLane& lane : race.lanes) scores.push_back(lane.scores);
  const std::vector<double> shares = best_shares(scores, settings.seed);
  for (std::size_t i = 0; i < race.lanes.size(); ++i) race.lanes[i].best_share = shares[i];
  std::stable_sort(race.lanes.begin(), race.lanes.end(), [](const RaceLane& a, const RaceLane& b) { return a.score.mean < b.score.mean; });
  race.test = contest.overlap < 0 ? "Wilcoxon's signed-rank test (exact), paired by seed, Holm's correction over all pairs"
              : contest.overlap == 0
                  ? "paired t-test over seeds, Holm's correction over all pairs"
                  : "paired t-test corrected for overlapping splits (Nadeau & Bengio 2003), Holm's correction over all pairs";
  compare_all(race, contest.overlap);
  race.leaders = {race.lanes[0].optimizer};
  for (std::size_t i = 1; i < race.lanes.size(); ++i) {
    if (against_best(race, race.lanes[i]).adjusted_p >= kErrorRate) race.leaders.push_back(race.lanes[i].optimizer);
  }
  if (race.leaders.size() == 1) race.winner = race.leaders[0];
  race.verdict = verdict_text(race);
  add_notes(race, contest, settings);
}

std::string p_text(double p) { return p < 0.001 ? "< 0.001" : short_text(p); }

std::string short_text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3g", value);
  return buffer;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) text += (i == 0 ? "" : i + 1 == words.size() ? " and " : ", ") + words[i];
  return text;
}

}  // namespace chainrule::laboratory
