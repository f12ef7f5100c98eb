// Measures of predictions against the truth.
#include "train/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "math/losses.h"
#include "math/penalties.h"
#include "net/parameter_layout.h"
#include "train/area_under_roc.h"

namespace chainrule::training {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

// The scratch of one row: targets as the loss sees them, and slopes nobody needs here.
struct RowScratch {
  std::vector<float> targets, slopes;
};

// What the loss compares output o with: the smoothed class share or indicator, or the scaled value.
float target_of(const DataPart& part, std::size_t i, std::size_t o) {
  if (part.samples.labels == nullptr) return part.y(i)[o];
  return part.label(i) == static_cast<std::int32_t>(o) ? 1.0f : 0.0f;
}

void fill_targets(const NetworkSpec& network, const DataPart& part, std::size_t i, RowScratch& scratch) {
  const std::size_t count = math::target_count(network.loss.kind, network.outputs());
  const bool smooth = network.loss.label_smoothing > 0;
  const std::size_t classes = network.loss.kind == Loss::cross_entropy ? count : 2;
  for (std::size_t o = 0; o < count; ++o) {
    const float target = target_of(part, i, o);
    scratch.targets[o] = smooth ? math::smooth_target(target, network.loss.label_smoothing, classes) : target;
  }
}

// docs/arithmetic.md item 7, in fp32.
float row_loss(const NetworkSpec& network, const float* z, RowScratch& scratch) {
  const Loss kind = network.loss.kind;
  const std::size_t outputs = network.outputs(), count = math::target_count(kind, outputs);
  const float* t = scratch.targets.data();
  if (kind == Loss::cross_entropy) return math::cross_entropy_row(z, t, outputs, scratch.slopes.data());
  float sum = 0;
  if (kind == Loss::gaussian_nll) {
    for (std::size_t o = 0; o < count; ++o) sum += math::gaussian_nll(z[o], z[count + o], t[o]).value;
  } else {
    const double given = network.loss.parameter;
    const float parameter = static_cast<float>(given == 0 ? math::default_loss_parameter(kind) : given);
    math::with_loss(kind, [&](auto constant) {
      if constexpr (math::is_elementwise(constant())) {
        for (std::size_t o = 0; o < count; ++o) sum += math::loss_term<constant()>(z[o], t[o], parameter).value;
      }
    });
  }
  return sum / static_cast<float>(count);
}

double mean_loss(const NetworkSpec& network, const DataPart& part, std::span<const float> outputs) {
  const std::size_t width = network.outputs();
  RowScratch scratch{std::vector<float>(width), std::vector<float>(width)};
  double sum = 0, weights = 0;
  for (std::size_t i = 0; i < part.size(); ++i) {
    fill_targets(network, part, i, scratch);
    sum += part.weight(i) * static_cast<double>(row_loss(network, outputs.data() + i * width, scratch));
    weights += part.weight(i);
  }
  return weights > 0 ? sum / weights : kUndefined;
}

// Class of row i, also when the loss sees indicator targets instead of labels.
std::int32_t true_class(const DataPart& part, std::size_t i) {
  if (part.samples.labels != nullptr) return part.label(i);
  if (part.samples.targets == 1) return part.y(i)[0] > 0.5f ? 1 : 0;
  return static_cast<std::int32_t>(largest({part.y(i), part.samples.targets}));
}

// Many classes: the pairs in order, equal ones counted, so that memory grows with the rows and not with the square of the classes.
void count_pairs(std::span<const std::int32_t> labels, std::span<const std::int32_t> guesses, Metrics& metrics) {
  std::vector<std::pair<std::int32_t, std::int32_t>> pairs(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) pairs[i] = {labels[i], guesses[i]};
  std::sort(pairs.begin(), pairs.end());
  for (std::size_t begin = 0, end = 0; begin < pairs.size(); begin = end) {
    while (end < pairs.size() && pairs[end] == pairs[begin]) ++end;
    const auto [truth, guess] = pairs[begin];
    metrics.confusion_counts.push_back({static_cast<std::size_t>(truth), static_cast<std::size_t>(guess), end - begin});
  }
}

void count_confusion(std::span<const std::int32_t> labels, std::span<const std::int32_t> guesses, std::size_t classes, Metrics& metrics) {
  if (classes > kMostClassesOfMatrix) return count_pairs(labels, guesses, metrics);
  metrics.confusion.assign(classes, std::vector<std::size_t>(classes, 0));
  for (std::size_t i = 0; i < labels.size(); ++i) ++metrics.confusion[static_cast<std::size_t>(labels[i])][static_cast<std::size_t>(guesses[i])];
}

void measure_classes(const NetworkSpec& network, const TargetUnit& unit, const DataPart& part,
                     std::span<const float> outputs, Metrics& metrics) {
  const std::size_t classes = unit.classes.size(), rows = part.size();
  const std::vector<float> scores = class_scores(network, outputs, rows, classes);
  std::vector<std::int32_t> labels(rows), guesses(rows);
  std::size_t right = 0;
  double log_loss = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    labels[i] = true_class(part, i);
    const std::span<const float> row(scores.data() + i * classes, classes);
    guesses[i] = static_cast<std::int32_t>(largest(row));
    right += guesses[i] == labels[i];
    log_loss -= static_cast<double>(math::log(std::max(row[static_cast<std::size_t>(labels[i])], 1e-15f)));
  }
  metrics.classes = unit.classes;
  metrics.accuracy = static_cast<double>(right) / static_cast<double>(rows);
  metrics.log_loss = has_probabilities(network) ? log_loss / static_cast<double>(rows) : kUndefined;
  const MeanArea area = mean_area_under_roc(scores, labels, classes);
  metrics.auc = area.mean;
  metrics.auc_classes = area.classes;
  count_confusion(labels, guesses, classes, metrics);
}

// An output as the loss compares it with its target.
double compared(Loss kind, float z) { return static_cast<double>(kind == Loss::poisson ? math::exp(z) : z); }

// f(output, truth) for each target of each row in order, both in units of the scale and without the center.
template <class F>
void for_each_target(const NetworkSpec& network, const DataPart& part, std::span<const float> outputs, F f) {
  const std::size_t width = network.outputs(), targets = math::target_count(network.loss.kind, width);
  for (std::size_t i = 0; i < part.size(); ++i) {
    for (std::size_t o = 0; o < targets; ++o) {
      f(compared(network.loss.kind, outputs[i * width + o]), static_cast<double>(part.y(i)[o]));
    }
  }
}

void measure_numbers(const NetworkSpec& network, const TargetUnit& unit, const DataPart& part,
                     std::span<const float> outputs, Metrics& metrics) {
  double count = 0, squares = 0, sizes = 0, mean = 0, spread = 0;
  double least = std::numeric_limits<double>::infinity(), most = -least;
  for_each_target(network, part, outputs, [&](double output, double truth) {
    const double error = output - truth;
    count += 1;
    squares += error * error;
    sizes += std::fabs(error);
    mean += truth;
    least = std::min(least, truth);
    most = std::max(most, truth);
  });
  mean /= count;
  for_each_target(network, part, outputs, [&](double, double truth) { spread += (truth - mean) * (truth - mean); });
  metrics.rmse = std::sqrt(squares / count) * unit.scale;
  metrics.mae = sizes / count * unit.scale;
  metrics.r2 = least < most ? 1 - squares / spread : kUndefined;  // equal truths explain nothing, and their mean misses them by a bit
}

// The pair of one output: of the margin, or of the logit's sigmoid.
void write_pair(bool margins, float z, float* row) {
  row[1] = margins ? z : math::sigmoid(z);
  row[0] = margins ? -z : math::sigmoid(-z);
}

// Sigmoids divided by their sum. Where all are small they are e^z / (1 + e^z), and the largest e^z is divided out: no sum is 0.
[[gnu::always_inline]] inline void write_sigmoids(const float* z, std::size_t width, float* row) {
  float maximum = z[0], sum = 0;
  for (std::size_t o = 1; o < width; ++o) maximum = math::max(maximum, z[o]);
  for (std::size_t o = 0; o < width; ++o) {
    row[o] = maximum < 0 ? math::exp(z[o] - maximum) / (1 + math::exp(z[o])) : math::sigmoid(z[o]);
    sum += row[o];
  }
  for (std::size_t o = 0; o < width; ++o) row[o] /= sum;
}

[[gnu::always_inline]] inline void write_softmax(const float* z, std::size_t width, float* row) {
  float maximum = z[0], sum = 0;
  for (std::size_t o = 1; o < width; ++o) maximum = math::max(maximum, z[o]);
  for (std::size_t o = 0; o < width; ++o) sum += (row[o] = math::softmax_power(z[o], maximum));
  for (std::size_t o = 0; o < width; ++o) row[o] /= sum;
}

// What write_scores needs to know: the loss says how outputs are read.
struct ScoreRows {
  Loss kind;
  const float* outputs;
  std::size_t rows, width, classes;
};

[[gnu::always_inline]] inline void write_scores(const ScoreRows& from, float* scores) {
  for (std::size_t i = 0; i < from.rows; ++i) {
    const float* z = from.outputs + i * from.width;
    float* row = scores + i * from.classes;
    if (from.width == 1) write_pair(from.kind == Loss::hinge, z[0], row);
    else if (from.kind == Loss::hinge) std::copy_n(z, from.width, row);
    else if (from.kind == Loss::binary_cross_entropy) write_sigmoids(z, from.width, row);
    else write_softmax(z, from.width, row);
  }
}

#ifdef __x86_64__
// The same bits: there a*b + c with one rounding is an instruction, elsewhere a call of the C library.
[[gnu::target("avx2,fma")]] void write_scores_fused(const ScoreRows& from, float* scores) { write_scores(from, scores); }
#endif

}  // namespace

std::size_t largest(std::span<const float> values) noexcept {
  std::size_t best = 0;
  for (std::size_t o = 1; o < values.size(); ++o) {
    if (values[o] > values[best]) best = o;
  }
  return best;
}

Metrics measure(const NetworkSpec& network, const TargetUnit& unit, const DataPart& part,
                std::span<const float> outputs, std::span<const float> parameters) {
  Metrics metrics;
  metrics.rows = part.size();
  metrics.classification = unit.classification;
  if (part.empty()) return metrics;
  metrics.loss = mean_loss(network, part, outputs);
  if (!parameters.empty()) metrics.penalty = penalty(network, parameters);
  if (unit.classification) {
    measure_classes(network, unit, part, outputs, metrics);
  } else {
    measure_numbers(network, unit, part, outputs, metrics);
  }
  return metrics;
}

bool has_probabilities(const NetworkSpec& network) noexcept { return network.loss.kind != Loss::hinge; }

std::vector<float> class_scores(const NetworkSpec& network, std::span<const float> outputs, std::size_t rows,
                                std::size_t classes) {
  const ScoreRows from{network.loss.kind, outputs.data(), rows, network.outputs(), classes};
  std::vector<float> scores(rows * classes);
#ifdef __x86_64__
  static const bool fused = __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2");
  if (fused) return write_scores_fused(from, scores.data()), scores;
#endif
  write_scores(from, scores.data());
  return scores;
}

std::vector<double> target_predictions(const NetworkSpec& network, const TargetUnit& unit,
                                       std::span<const float> outputs, std::size_t rows) {
  const std::size_t width = network.outputs(), targets = math::target_count(network.loss.kind, width);
  std::vector<double> values(rows * targets);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t o = 0; o < targets; ++o) {
      values[i * targets + o] = unit.value_of(compared(network.loss.kind, outputs[i * width + o]));
    }
  }
  return values;
}

double resolution(const TargetUnit& unit) noexcept { return unit.center == 0 ? 0 : unit.scale * 0x1p-24; }

double penalty(const NetworkSpec& network, std::span<const float> parameters) {
  if (network.loss.l1 == 0 && network.loss.l2 == 0) return 0;
  const net::ParameterLayout layout(network);
  double sum = 0;
  for (const net::Tensor& tensor : layout.tensors) {
    if (!tensor.decays) continue;
    for (float w : parameters.subspan(tensor.info.offset, tensor.info.size)) {
      sum += math::penalty_value(static_cast<double>(w), network.loss.l1, network.loss.l2);
    }
  }
  return sum;
}

}  // namespace chainrule::training
