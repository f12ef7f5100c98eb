// L11: SGD's gradient comes from a few rows; the batches of an epoch average to the whole gradient, and smaller ones are noisier.
#include <cmath>

#include "lesson/recorder.h"
#include "lesson/subject.h"
#include "lesson/text.h"
#include "net/initial_parameters.h"

namespace chainrule::lesson::l11 {
namespace {

constexpr std::size_t kRows = 256;  ///< most rows used
constexpr std::size_t kSampled = 64;  ///< batches measured, at least, for each size
constexpr std::size_t kEpochs = 6;
constexpr double kRate = 0.1, kMeanLimit = 1e-4;

/// A power of two of rows, all of weight 1, and nothing that makes a row's gradient depend on its batch.
Surface equal_rows(const LessonSetting& setting, LessonSubject& own) {
  Surface surface;
  surface.rows = hilly_surface(kRows, 0.1, setting.seed);
  surface.network = perceptron({2, 12, 1}, Activation::tanh, Loss::squared_error);
  if (setting.own != nullptr) {
    own = *setting.own;
    own.train.weights = nullptr;
    while (own.train.rows > kRows || (own.train.rows & (own.train.rows - 1)) != 0) --own.train.rows;
    surface.own = &own;
    surface.network = own.network;
    surface.network.loss.l1 = surface.network.loss.l2 = surface.network.loss.max_norm = surface.network.input_noise = 0;
    surface.network.input_dropout.rate = 0;
    for (LayerSpec& layer : surface.network.layers) layer.norm = Norm::none, layer.dropout.rate = 0;
  }
  surface.start = net::initial_parameters(surface.network, setting.seed);
  return surface;
}

struct Noise {
  double deviation = 0;   ///< root of the mean squared distance of a batch's gradient from the whole one, relative to its length
  double mean_error = 0;  ///< distance of the mean over all batches from the whole gradient, relative
};

double norm_of(std::span<const double> v) {
  double sum = 0;
  for (const double x : v) sum += x * x;
  return std::sqrt(sum);
}

Noise noise_of(Descent& descent, std::size_t size, std::uint64_t seed) {
  const std::vector<float> whole = descent.gradient();
  const std::vector<double> wanted(whole.begin(), whole.end());
  const std::size_t per_epoch = descent.all_rows().size() / size, epochs = (kSampled + per_epoch - 1) / per_epoch;
  Batches batches(descent.all_rows().size(), size, seed);
  std::vector<double> mean(whole.size(), 0.0);
  double squares = 0;
  for (std::size_t i = 0; i < epochs * per_epoch; ++i) {
    std::vector<float> g = descent.gradient(batches.next());
    for (std::size_t k = 0; k < g.size(); ++k) {
      const double off = static_cast<double>(g[k]) - wanted[k];
      squares += off * off;
      mean[k] += off / static_cast<double>(epochs * per_epoch);
    }
  }
  const double length = norm_of(wanted);
  return {std::sqrt(squares / static_cast<double>(epochs * per_epoch)) / length, norm_of(mean) / length};
}

double loss_after(const Surface& surface, std::size_t size, std::uint64_t seed) {
  Descent descent(surface, optimizer_with("sgd", kRate), seed);
  const std::size_t rows = descent.all_rows().size();
  Batches batches(rows, size, seed);
  for (std::size_t i = 0; i < kEpochs * rows / size; ++i) descent.step(batches.next());
  return descent.loss();
}

LessonOutcome run(const LessonSetting& setting) {
  LessonSubject own;
  const Surface surface = equal_rows(setting, own);
  Descent descent(surface, optimizer_with("sgd", kRate), setting.seed);
  const std::size_t rows = descent.all_rows().size();
  LessonOutcome outcome;
  LessonTable table{filled("the same {0} rows and start, {1} epochs, eta = {2}",
                           {number(static_cast<double>(rows)), number(kEpochs), number(kRate)}),
                    {"batch", "updates", "noise of g", "error of the mean", "loss after"}, {}};
  LessonPlot plot{"noise of the batch gradient, relative to the whole one", "rows in a batch", "noise", {{"measured", {}, {}}}, true};
  double worst_mean = 0, before = INFINITY, first = 0;
  bool quieter = true;
  for (std::size_t size = 1; size <= rows; size *= 4) {
    const Noise noise = noise_of(descent, size, setting.seed);
    table.rows.push_back({number(static_cast<double>(size)), number(static_cast<double>(kEpochs * rows / size)), number(noise.deviation, 3),
                          number(noise.mean_error, 2), number(loss_after(surface, size, setting.seed))});
    worst_mean = std::max(worst_mean, noise.mean_error);
    quieter = quieter && noise.deviation < before;
    before = noise.deviation;
    if (size == 1) first = noise.deviation;
    if (size < rows) plot.curves[0].x.push_back(static_cast<double>(size)), plot.curves[0].y.push_back(noise.deviation);
    outcome.numbers.push_back({"noise_batch_" + number(static_cast<double>(size)), noise.deviation});
  }
  outcome.numbers.push_back({"error_of_mean", worst_mean});
  outcome.held = quieter && worst_mean < kMeanLimit;
  outcome.verdict = filled("the gradients of an epoch's batches average to that of all rows up to {0} (limit {1}), for every batch size; "
                           "their noise falls with every larger batch, from {2} to {3} of the whole gradient's length",
                           {number(worst_mean, 2), number(kMeanLimit), number(first, 3), number(before, 2)});
  outcome.formula = {"g(batch) = mean over its rows of dL_r/dW", "mean over an epoch's batches of g(batch) = g(all rows)"};
  outcome.tables = {table};
  outcome.plots = {plot};
  return outcome;
}

}  // namespace

extern const LessonStatement kStatement = {
    11, LessonGroup::optimizers,
    "SGD does not wait for all rows: each step takes its gradient from a small random batch of them.",
    "Batches of 16 rows replace one pass over all 1024. What becomes of the gradient of a step?",
    "it costs 64 times less and is right on average, but every single one is off by some noise",
    {{{"it stays the same", "that would need rows that all say the same; a batch knows only its own rows"},
      {"it is always too small", "the gradient is a mean, not a sum: fewer rows change its noise, not its size on average"},
      {"it is wrong on average too", "every row is in one batch of the epoch, so the batches' gradients average to the whole one"}}},
    true, run};

}  // namespace chainrule::lesson::l11
