// L14: random batches shake the weight out of the poor minimum in which descent over all rows stays.
#include <algorithm>
#include <cmath>

#include "lesson/chance.h"
#include "lesson/recorder.h"
#include "lesson/text.h"

namespace chainrule::lesson::l14 {
namespace {

constexpr int kRuns = 64, kSteps = 400;
constexpr double kRate = 0.2;
constexpr double kErrorRate = 1e-9;  ///< of the bounds of a share, and the limit of the sign test

/// The step at which each run passed the ridge for the last time, or kSteps when it ended in the poor well.
struct Runs {
  std::size_t batch = 0;
  double noise = 0;  ///< deviation of a batch's gradient at the bottom of the poor well
  std::vector<int> out_at;
  std::vector<double> path;  ///< of the first run

  int out() const { return static_cast<int>(std::count_if(out_at.begin(), out_at.end(), [](int t) { return t < kSteps; })); }
};

double start_of(std::uint64_t seed, int r) { return Draws(seed, 14000 + static_cast<std::uint32_t>(r)).between(-0.3, 0.3); }

Runs descend(std::size_t batch, std::uint64_t seed) {
  const Surface surface = two_wells(0);
  Descent descent(surface, optimizer_with("sgd", kRate));
  Runs runs{batch, 0, {}, {}};
  for (int r = 0; r < kRuns; ++r) {
    const float start[] = {static_cast<float>(start_of(seed, r))};
    descent.restart(start);
    Batches batches(3, batch, seed * kRuns + static_cast<std::uint64_t>(r));
    int out_at = kSteps;
    for (int t = 0; t < kSteps; ++t) {
      const double w = descent.weights()[0];
      if (r == 0) runs.path.push_back(w);
      if (w < kRidge) out_at = kSteps;
      if (w >= kRidge && out_at == kSteps) out_at = t;
      descent.step(batches.next());
    }
    runs.out_at.push_back(descent.weights()[0] < kRidge ? kSteps : out_at);
  }
  return runs;
}

/// Deviation of the gradients of single rows, or of pairs, at the bottom of the poor well.
double noise_at_bottom(std::size_t batch) {
  const Surface surface = two_wells(0);
  Descent descent(surface, optimizer_with("sgd", kRate));
  for (int t = 0; t < kSteps; ++t) descent.step();
  const std::vector<std::vector<std::uint32_t>> choices[] = {{{0}, {1}, {2}}, {{0, 1}, {0, 2}, {1, 2}}, {{0, 1, 2}}};
  double squares = 0;
  for (const auto& rows : choices[batch - 1]) squares += std::pow(static_cast<double>(descent.gradient(rows)[0]), 2);
  return std::sqrt(squares / static_cast<double>(choices[batch - 1].size()));
}

LessonPlot shares_over_time(std::span<const Runs> all) {
  LessonPlot plot{"share of runs that have got out", "step", "share", {}, false};
  for (const Runs& runs : all) {
    LessonPlot::Curve curve{"batches of " + number(static_cast<double>(runs.batch)), {}, {}};
    for (int t = 0; t <= kSteps; t += 10) {
      const auto out = std::count_if(runs.out_at.begin(), runs.out_at.end(), [t](int at) { return at < kSteps && at <= t; });
      curve.x.push_back(t);
      curve.y.push_back(static_cast<double>(out) / kRuns);
    }
    plot.curves.push_back(curve);
  }
  return plot;
}

LessonPlot paths_of(std::span<const Runs> all) {
  LessonPlot plot{"the first run of each", "step", "w", {}, false};
  for (const Runs& runs : all) {
    LessonPlot::Curve curve{"batches of " + number(static_cast<double>(runs.batch)), {}, runs.path};
    for (std::size_t t = 0; t < runs.path.size(); ++t) curve.x.push_back(static_cast<double>(t));
    plot.curves.push_back(curve);
  }
  return plot;
}

LessonOutcome run(const LessonSetting& setting) {
  std::vector<Runs> all;
  LessonTable table{number(kRuns) + " starts in the poor well, " + number(kSteps) + " steps, eta = " + number(kRate),
                    {"rows in a batch", "noise of g at the bottom", "got out", "share at least", "share at most"}, {}};
  for (const std::size_t batch : {1u, 2u, 3u}) {
    all.push_back(descend(batch, setting.seed));
    all.back().noise = noise_at_bottom(batch);
    const Interval share = share_bounds(static_cast<std::uint64_t>(all.back().out()), kRuns, kErrorRate);
    table.rows.push_back({number(static_cast<double>(batch)) + (batch == 3 ? " (all)" : ""), number(all.back().noise, 3),
                          number(all.back().out()) + " of " + number(kRuns), percent(share.low), percent(share.high)});
  }
  // Pairs with the same start: a win is a run that got out with batches of one row and did not with all rows.
  std::uint64_t wins = 0, losses = 0;
  for (int r = 0; r < kRuns; ++r) {
    const bool random = all[0].out_at[r] < kSteps, whole = all[2].out_at[r] < kSteps;
    wins += random && !whole, losses += whole && !random;
  }
  const double chance = sign_test(wins, wins + losses);
  LessonOutcome outcome;
  outcome.held = all[2].out() == 0 && chance < kErrorRate && all[0].noise > 0.1 && all[2].noise < 1e-3;
  outcome.verdict = filled("with batches of one row {0} of {1} runs left the poor minimum, with all rows {2}, from the same starts; a "
                           "sign test over the pairs gives {3} to chance (limit {4}); at the bottom the gradient's noise is {5} against "
                           "{6}",
                           {number(all[0].out()), number(kRuns), number(all[2].out()), number(chance, 2), number(kErrorRate),
                            number(all[0].noise, 3),
                            number(all[2].noise, 2)});
  outcome.formula = {"w <- w - eta g(batch) = w - eta (g(all) + noise)",
                     filled("at the bottom: g(all) = {0}, noise = {1}, so a step of {2} is left",
                            {number(all[2].noise, 2), number(all[0].noise, 3),
                                                                                                number(kRate * all[0].noise, 3)})};
  outcome.numbers = {{"runs", kRuns}, {"out_with_one_row", static_cast<double>(all[0].out())},
                     {"out_with_two_rows", static_cast<double>(all[1].out())},
                     {"out_with_all_rows", static_cast<double>(all[2].out())}, {"chance", chance}, {"noise_one_row", all[0].noise}};
  outcome.tables = {table};
  outcome.plots = {shares_over_time(all), paths_of(all)};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    14, LessonGroup::optimizers,
    "Random batches make the gradient noisy, and that noise can carry the weights out of a poor minimum.",
    "At the bottom of a narrow poor minimum the gradient over all rows is zero. What does a random batch of one row do there?",
    "it still moves the weight: single rows disagree even where their mean is zero, and some of these steps lead over the ridge",
    {{{"nothing, its gradient is zero too", "the mean over the rows is zero, not each row's share of it"},
      {"it moves to the better minimum at once", "it knows of none; it takes many small random steps, and some runs take long"},
      {"it makes the poor minimum disappear", "the surface over all rows is unchanged; only the way through it has become random"}}},
    false, run};

}  // namespace chainrule::lesson::l14
