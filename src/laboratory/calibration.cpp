// Calibration of classes and coverage of intervals.
#include "laboratory/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace chainrule::laboratory {
namespace {

constexpr std::size_t kBins = 15;
constexpr double kNormal90 = 1.6448536269514722;  // half width of the middle 90 % of a standard normal

struct Bin {
  double right = 0, confidence = 0;
};

/// Sums and sums of squares of the predictions over the samples, scaled as the network sees the target.
struct Spread {
  std::vector<double> sums, squares;
  explicit Spread(std::size_t rows) : sums(rows, 0.0), squares(rows, 0.0) {}
  double variance(std::size_t i, double samples) const {
    const double middle = sums[i] / samples;
    return std::max(0.0, squares[i] / samples - middle * middle);
  }
};

void add_sample(TrainedSubject& trained, const TrainingSubject& subject, const training::DataPart& part, std::uint64_t sample,
                Spread& spread) {
  engine::StepControl control;
  control.step = sample;
  control.dropout_factor = trained.dropout_factor();
  const std::span<const std::uint32_t> rows(part.rows);
  const std::size_t batch = std::max<std::size_t>(1, std::min(subject.batch, subject.train.size()));
  for (std::size_t done = 0; done < rows.size(); done += batch) {
    const auto some = rows.subspan(done, std::min(batch, rows.size() - done));
    const auto outputs = trained.plan().forward(part.samples, some, engine::Mode::monte_carlo, control);
    const std::vector<double> values = training::target_predictions(subject.network, subject.unit, outputs, some.size());
    for (std::size_t i = 0; i < some.size(); ++i) {
      const double value = (values[i] - subject.unit.center) / subject.unit.scale;  // squares of large offsets would cancel
      spread.sums[done + i] += value;
      spread.squares[done + i] += value * value;
    }
  }
}

bool draws_masks(const NetworkSpec& network) {
  return network.input_dropout.rate > 0 ||
         std::any_of(network.layers.begin(), network.layers.end(), [](const LayerSpec& layer) { return layer.dropout.rate > 0; });
}

}  // namespace

double calibration_error(std::span<const float> probabilities, std::span<const std::int32_t> labels, std::size_t classes) {
  std::array<Bin, kBins> bins;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::span<const float> row = probabilities.subspan(i * classes, classes);
    const std::size_t guess = training::largest(row);
    const double confidence = static_cast<double>(row[guess]);
    Bin& bin = bins[std::min(kBins - 1, static_cast<std::size_t>(confidence * kBins))];
    bin.right += guess == static_cast<std::size_t>(labels[i]);
    bin.confidence += confidence;
  }
  double sum = 0;
  for (const Bin& bin : bins) sum += std::abs(bin.right - bin.confidence);
  return labels.empty() ? 0 : sum / static_cast<double>(labels.size());
}

double interval_coverage(TrainedSubject& trained, const TrainingSubject& subject, const training::DataPart& part, double train_rmse,
                         std::size_t samples) {
  Spread spread(part.size());
  const bool random = draws_masks(subject.network) && samples > 0;
  for (std::uint64_t sample = 0; random && sample < samples; ++sample) add_sample(trained, subject, part, sample, spread);
  const std::vector<double> predicted = training::target_predictions(subject.network, subject.unit, trained.outputs(part), part.size());
  const double rmse = train_rmse / subject.unit.scale;
  std::size_t inside = 0;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const double variance = random ? spread.variance(i, static_cast<double>(samples)) : 0;
    const double error = static_cast<double>(part.y(i)[0]) - (predicted[i] - subject.unit.center) / subject.unit.scale;
    inside += std::abs(error) <= kNormal90 * std::sqrt(variance + rmse * rmse);
  }
  return part.empty() ? 0 : static_cast<double>(inside) / static_cast<double>(part.size());
}

}  // namespace chainrule::laboratory
