// A network stopped in the middle of its training.
#include "lesson/probe.h"

#include <algorithm>
#include <cmath>

namespace chainrule::lesson {
namespace {

constexpr std::size_t kBuiltInRows = 128, kTrainingBatch = 32;
constexpr double kNoise = 0.15, kDropRate = 0.2, kProbeRate = 0.01;

LessonSubject built_in_subject(const Rows& rows, const ProbeOptions& options, std::uint64_t seed) {
  NetworkSpec network = perceptron(options.widths, Activation::tanh, Loss::cross_entropy);
  network.layers[0].dropout.rate = kDropRate;
  if (network.layers.size() > 2) network.layers[1].activation = options.second;
  return subject_of(network, training_with("adam", kProbeRate, seed), rows.samples());
}

LessonSubject subject_for(const LessonSetting& setting, const Rows& rows, const ProbeOptions& options) {
  LessonSubject subject = chosen(setting, built_in_subject(rows, options, setting.seed));
  if (!options.masks) subject.network = without_masks(subject.network);
  return subject;
}

template <class A>
double relative(std::span<const A> a, std::span<const double> b) {
  double wrong = 0, all = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    wrong += std::pow(static_cast<double>(a[i]) - b[i], 2);
    all += b[i] * b[i];
  }
  if (wrong == 0) return 0;
  return all > 0 ? std::sqrt(wrong / all) : INFINITY;
}

}  // namespace

Probe::Probe(const LessonSetting& setting, const ProbeOptions& options)
    : built_in_(two_moons(kBuiltInRows, kNoise, setting.seed)), subject_(subject_for(setting, built_in_, options)),
      run_(subject_, {kTrainingBatch, options.steps + 1, EngineKind::automatic}),
      exact_(subject_.network, subject_.training, options.rows) {
  run_.steps(options.steps);
  control_ = run_.control();
  const auto next = run_.next_batch();
  rows_.assign(next.begin(), next.begin() + static_cast<std::ptrdiff_t>(std::min(options.rows, next.size())));
  parameters_ = run_.parameters();
  fused_ = run_.gradients(rows_);
  exact_.parameters().assign(parameters_.begin(), parameters_.end());
  batch_ = exact_batch(subject_.train, rows_);
  loss_ = exact_gradients(exact_, batch_, control_);
  gradient_ = exact_.gradients();
}

double Probe::fused_error() const { return relative_difference(fused_, gradient_); }

double Probe::change(std::size_t parameter, double step) {
  double& value = exact_.parameters()[parameter];
  const double before = value;
  value = before + step;
  const double changed = exact_loss(exact_, batch_, control_) - loss_;
  value = before;
  return changed;
}

std::vector<std::size_t> Probe::weights() const {
  std::vector<std::size_t> found;
  for (const net::Tensor& tensor : layout().tensors) {
    if (tensor.role != net::Role::weight) continue;
    for (std::size_t i = 0; i < tensor.info.size; ++i) found.push_back(tensor.info.offset + i);
  }
  return found;
}

std::vector<std::size_t> Probe::ranked(std::vector<std::size_t> among) const {
  std::stable_sort(among.begin(), among.end(), [&](std::size_t a, std::size_t b) { return std::abs(fused_[a]) > std::abs(fused_[b]); });
  return among;
}

double relative_difference(std::span<const float> a, std::span<const double> b) { return relative(a, b); }
double relative_difference(std::span<const double> a, std::span<const double> b) { return relative(a, b); }

NetworkSpec without_masks(NetworkSpec network) {
  network.input_noise = 0;
  network.input_dropout.rate = 0;
  for (LayerSpec& layer : network.layers) layer.dropout.rate = 0;
  return network;
}

}  // namespace chainrule::lesson
