// The loss and its gradient at the outputs (docs/arithmetic.md, item 7).
#include "engine/reference/reference_network.h"
#include "math/losses.h"

namespace chainrule::reference {
namespace {

template <class T>
T parameter_of(const LossSpec& loss) {
  return static_cast<T>(loss.parameter != 0 ? loss.parameter : math::default_loss_parameter(loss.kind));
}

/// Mean over the outputs of loss(z, t); slopes[o] becomes its derivative, not yet divided by the number of targets.
template <Loss L, class T>
T elementwise_row(const T* z, std::span<const T> targets, T parameter, std::vector<T>& slopes) {
  T sum = 0;
  for (std::size_t o = 0; o < targets.size(); ++o) {
    const auto [value, slope] = math::loss_term<L>(z[o], targets[o], parameter);
    sum = sum + value;
    slopes[o] = slope;
  }
  return sum / static_cast<T>(targets.size());
}

/// Outputs are first all means, then all log variances.
template <class T>
T gaussian_row(const T* z, std::span<const T> targets, std::vector<T>& slopes) {
  T sum = 0;
  const std::size_t count = targets.size();
  for (std::size_t o = 0; o < count; ++o) {
    const auto term = math::gaussian_nll(z[o], z[count + o], targets[o]);
    sum = sum + term.value;
    slopes[o] = term.mean_slope;
    slopes[count + o] = term.log_variance_slope;
  }
  return sum / static_cast<T>(count);
}

}  // namespace

template <class T>
double ReferenceNetwork<T>::loss(const Batch<T>& batch) {
  const Loss kind = spec_.loss.kind;
  const double W = mass_.weight, rows = static_cast<double>(rows_);
  const double C = kind == Loss::cross_entropy ? 1.0 : static_cast<double>(math::target_count(kind, spec_.outputs()));
  fill_targets(batch);
  row_losses_.resize(rows_);
  output_gradient().reshape(rows_, spec_.outputs());
  for (std::size_t r = 0; r < rows_; ++r) {
    row_losses_[r] = row_loss(r);
    const T share = static_cast<T>(weights_[r] / (rows * C));
    for (std::size_t o = 0; o < spec_.outputs(); ++o) output_gradient()(r, o) = W > 0 ? slopes_[o] * share : T(0);
  }
  const double sum = sum_over_rows<double>(
      row_order(), [&](double total, std::size_t r) { return total + double(weights_[r]) * row_losses_[r]; });
  return W > 0 ? sum / rows : 0;
}

/// The loss of one row; slopes_ becomes its derivative by each output.
template <class T>
T ReferenceNetwork<T>::row_loss(std::size_t r) {
  const T* z = &layers_.back().a(r, 0);
  const std::span<const T> targets(&targets_(r, 0), targets_.columns);
  const T parameter = parameter_of<T>(spec_.loss);
  return math::with_loss(spec_.loss.kind, [&](auto kind) {
    constexpr Loss L = decltype(kind)::value;
    if constexpr (L == Loss::cross_entropy) {
      return math::cross_entropy_row(z, targets.data(), targets.size(), slopes_.data());
    } else if constexpr (L == Loss::gaussian_nll) {
      return gaussian_row(z, targets, slopes_);
    } else {
      return elementwise_row<L>(z, targets, parameter, slopes_);
    }
  });
}

/// targets(): y as it is, or a label as 1 among zeros; then smoothed.
template <class T>
void ReferenceNetwork<T>::fill_targets(const Batch<T>& batch) {
  const LossSpec& loss = spec_.loss;
  targets_.reshape(rows_, math::target_count(loss.kind, spec_.outputs()));
  const std::size_t classes = loss.kind == Loss::cross_entropy ? targets_.columns : 2;
  for (std::size_t r = 0; r < rows_; ++r) {
    for (std::size_t o = 0; o < targets_.columns; ++o) {
      T t = 0;
      if (!batch.labels.empty()) {
        const std::int32_t label = batch.labels[r];
        t = targets_.columns == 1 ? static_cast<T>(label) : T(label == static_cast<std::int32_t>(o));
      } else if (o < batch.y.columns) {
        t = batch.y(r, o);
      }
      targets_(r, o) = loss.label_smoothing > 0 ? math::smooth_target(t, loss.label_smoothing, classes) : t;
    }
  }
}

template double ReferenceNetwork<float>::loss(const Batch<float>&);
template double ReferenceNetwork<double>::loss(const Batch<double>&);

}  // namespace chainrule::reference
