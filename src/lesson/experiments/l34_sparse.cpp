// L34: with one-hot inputs rare words get a gradient seldom; Adam learns them all the same, SGD at its best rate hardly.
#include <algorithm>
#include <cmath>

#include "lesson/chance.h"
#include "lesson/recorder.h"
#include "lesson/text.h"

namespace chainrule::lesson::l34 {
namespace {

constexpr std::size_t kWords = 32, kRows = 512, kBatch = 64;
constexpr int kRuns = 32, kSteps = 80;
constexpr double kErrorRate = 1e-6;

struct Words {
  Surface surface;
  std::vector<double> effect;     ///< what each word adds: the weight to be found
  std::vector<std::size_t> seen;  ///< rows each word occurs in
};

/// Each row is one word, word k being (k + 1)^-1.5 as frequent as the first (a Zipf law); the target is its effect, +1 or -1, plus noise.
Words words_of(std::uint64_t seed, int r) {
  Draws draws(seed, 34000 + static_cast<std::uint32_t>(r));
  Words words;
  std::vector<double> until;
  for (std::size_t k = 0; k < kWords; ++k) {
    words.effect.push_back(draws.uniform() < 0.5 ? -1 : 1);
    until.push_back((k == 0 ? 0 : until.back()) + std::pow(static_cast<double>(k + 1), -1.5));
  }
  words.seen.assign(kWords, 0);
  words.surface.network = single_unit(kWords, Activation::identity, Loss::squared_error);
  words.surface.rows.inputs = kWords, words.surface.rows.targets = 1;
  words.surface.rows.x.assign(kRows * kWords, 0.0f);
  for (std::size_t row = 0; row < kRows; ++row) {
    const double u = draws.between(0, until.back());
    const auto k = std::min(kWords - 1, static_cast<std::size_t>(std::lower_bound(until.begin(), until.end(), u) - until.begin()));
    words.surface.rows.x[row * kWords + k] = 1;
    words.surface.rows.y.push_back(static_cast<float>(words.effect[k] + 0.1 * draws.normal()));
    ++words.seen[k];
  }
  words.surface.start.assign(kWords, 0.0f);
  return words;
}

struct Learned {
  double rate = 0, loss = INFINITY;
  std::vector<float> weights;
};

/// The best of these rates by the loss over all rows.
Learned tuned(const Words& words, const char* form, std::initializer_list<double> rates, std::uint64_t seed) {
  Learned best;
  for (const double rate : rates) {
    Descent descent(words.surface, optimizer_with(form, rate));
    Batches batches(kRows, kBatch, seed);
    for (int t = 0; t < kSteps; ++t) descent.step(batches.next());
    const double loss = descent.loss();
    if (loss < best.loss) best = {rate, loss, descent.weights()};
  }
  return best;
}

/// Mean squared distance from the wanted weights over the words from `first` to `last` that occur at all.
double error_of(const Words& words, const Learned& learned, std::size_t first, std::size_t last) {
  double sum = 0, count = 0;
  for (std::size_t k = first; k < last; ++k) {
    if (words.seen[k] == 0) continue;
    sum += std::pow(static_cast<double>(learned.weights[k]) - words.effect[k], 2), ++count;
  }
  return count > 0 ? sum / count : 0;
}

LessonOutcome run(const LessonSetting& setting) {
  constexpr std::size_t kFrequent = kWords / 8, kRare = kWords / 2;
  double rare[2] = {0, 0}, frequent[2] = {0, 0};
  std::uint64_t wins = 0;
  LessonOutcome outcome;
  LessonPlot plot{"squared error of each word's weight, first run", "word, by frequency", "error", {{"SGD", {}, {}}, {"Adam", {}, {}}},
                  false};
  double rates[2] = {0, 0};
  for (int r = 0; r < kRuns; ++r) {
    const Words words = words_of(setting.seed, r);
    const std::uint64_t seed = setting.seed * kRuns + static_cast<std::uint64_t>(r);
    const Learned learned[2] = {tuned(words, "sgd", {0.5, 1, 1.5, 2, 2.5}, seed), tuned(words, "adam", {0.02, 0.04, 0.08}, seed)};
    double error[2];
    for (int o = 0; o < 2; ++o) {
      error[o] = error_of(words, learned[o], kRare, kWords);
      rare[o] += error[o] / kRuns;
      frequent[o] += error_of(words, learned[o], 0, kFrequent) / kRuns;
      if (r > 0) continue;
      rates[o] = learned[o].rate;
      for (std::size_t k = 0; k < kWords; ++k) {
        plot.curves[o].x.push_back(static_cast<double>(k + 1));
        plot.curves[o].y.push_back(error_of(words, learned[o], k, k + 1));
      }
    }
    wins += error[1] < error[0];
  }
  const double chance = sign_test(wins, kRuns);
  LessonTable table{number(kWords) + " words, " + number(kRows) + " rows, " + number(kSteps) + " steps at each one's best rate",
                    {"optimiser", "best rate, first run", "error, frequent words", "error, rare words"}, {}};
  table.rows = {{"SGD", number(rates[0]), number(frequent[0], 3), number(rare[0], 3)}, {"Adam", number(rates[1]), number(frequent[1], 3),
                                                                                        number(rare[1], 3)}};
  outcome.held = chance < kErrorRate && rare[1] < 0.5 * rare[0];
  outcome.verdict = filled("the weights of the rarer half of the words ended nearer to the right ones under Adam in {0} of {1} paired "
                           "runs; a sign test gives {2} to chance (limit {3}); mean squared error {4} against SGD's {5}, both at the best "
                           "of their rates",
                           {number(static_cast<double>(wins)), number(kRuns), number(chance, 2), number(kErrorRate), number(rare[1], 2),
                            number(rare[0], 2)});
  outcome.formula = {"SGD: a word in n of B rows moves its weight by eta * n / B * error",
                     "Adam: m and sqrt(v) both carry n / B, and the quotient forgets it"};
  outcome.numbers = {{"runs", kRuns}, {"wins", static_cast<double>(wins)}, {"chance", chance}, {"rare_error_sgd", rare[0]},
                     {"rare_error_adam", rare[1]},
                     {"frequent_error_sgd", frequent[0]}, {"frequent_error_adam", frequent[1]}};
  outcome.tables = {table};
  outcome.plots = {plot};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    34, LessonGroup::optimizers,
    "Adam copes well with sparse gradients, where most weights get none in most steps.",
    "A word occurs in one of a thousand rows. Why does SGD learn its weight so slowly?",
    "the mean over a batch hands that weight a tiny gradient, seldom, and the one rate cannot be raised without the frequent words "
    "overshooting",
    {{{"its gradient has the wrong sign", "it is right whenever it comes; it comes seldom and small"},
      {"rare words are harder to learn in principle", "their weights are as simple as the others; Adam finds them in the same steps"},
      {"SGD skips rows with rare words", "every row counts alike, which is just why a word in few rows counts for little"}}},
    false, run};

}  // namespace chainrule::lesson::l34
