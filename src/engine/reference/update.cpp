// The update: penalties, clipping, the optimiser, max-norm and the running mean of weights (docs/arithmetic.md, items 13 to 17).
#include "engine/reference/reference_network.h"
#include "math/penalties.h"

namespace chainrule::reference {
namespace {

/// Length of one unit's incoming weights or of all gradients: a double chain of squares along a row.
template <class T>
double sum_of_squares(const T* row, std::size_t columns) {
  double sum = 0;
  for (std::size_t k = 0; k < columns; ++k) sum = math::fma(double(row[k]), double(row[k]), sum);
  return sum;
}

}  // namespace

template <class T>
double ReferenceNetwork<T>::update(const StepControl& control) {
  add_penalties();
  const double norm = clip();
  take_step(control);
  if (spec_.loss.max_norm > 0) limit_norms();
  if (training_.ema > 0) average_parameters(control.step);
  return norm;
}

/// g = g + l2 * w + l1 * sign(w), on weights only.
template <class T>
void ReferenceNetwork<T>::add_penalties() {
  const T l1 = static_cast<T>(spec_.loss.l1), l2 = static_cast<T>(spec_.loss.l2);
  for (const net::Tensor& tensor : layout_.tensors) {
    if (!tensor.decays) continue;
    for (std::size_t i = tensor.info.offset; i < tensor.info.offset + tensor.info.size; ++i) {
      if (l2 > 0) gradients_[i] = math::add_l2(gradients_[i], parameters_[i], l2);
      if (l1 > 0) gradients_[i] = math::add_l1(gradients_[i], parameters_[i], l1);
    }
  }
}

/// Limits every element, then the length of the whole gradient. Returns the length before, 0 when not asked for.
template <class T>
double ReferenceNetwork<T>::clip() {
  if (training_.clip_value > 0) {
    for (T& g : gradients_) g = math::clip_by_value(g, static_cast<T>(training_.clip_value));
  }
  if (training_.clip_norm == 0) return 0;
  double squares = 0;
  for (const net::Tensor& tensor : layout_.tensors) {
    if (!tensor.info.trainable) continue;
    double of_tensor = 0;
    for (std::size_t row = 0; row < tensor.rows; ++row) {
      of_tensor += sum_of_squares(&gradients_[tensor.info.offset + row * tensor.columns], tensor.columns);
    }
    squares += of_tensor;
  }
  const double norm = math::sqrt(squares);
  if (norm > training_.clip_norm) {
    for (T& g : gradients_) g = g * static_cast<T>(training_.clip_norm / norm);
  }
  return norm;
}

/// One optimiser step of every trainable parameter.
template <class T>
void ReferenceNetwork<T>::take_step(const StepControl& control) {
  math::with_update(math::update_shape(training_.optimizer), [&](auto shape) {
    for (const net::Tensor& tensor : layout_.tensors) {
      if (!tensor.info.trainable) continue;
      const auto constants = math::update_lanes<T>(control.update, tensor.decays || training_.optimizer.decay_all);
      for (std::size_t i = tensor.info.offset; i < tensor.info.offset + tensor.info.size; ++i) {
        std::array<T, 4> s{};
        for (std::size_t j = 0; j < s.size(); ++j) s[j] = state_[j].empty() ? T(0) : state_[j][i];
        math::update_element<decltype(shape)::value>(gradients_[i], parameters_[i], s[0], s[1], s[2], s[3], constants);
        for (std::size_t j = 0; j < s.size() && !state_[j].empty(); ++j) state_[j][i] = s[j];
      }
    }
  });
}

/// Shortens the incoming weights of every unit that are longer than max_norm.
template <class T>
void ReferenceNetwork<T>::limit_norms() {
  const double limit = spec_.loss.max_norm;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const MatrixView<T> W = tensors_of(l, parameters_).weight;
    for (std::size_t o = 0; o < W.rows; ++o) {
      const double length = math::sqrt(sum_of_squares(&W(o, 0), W.columns));
      if (!(length > limit)) continue;
      for (std::size_t k = 0; k < W.columns; ++k) W(o, k) = W(o, k) * static_cast<T>(limit / length);
    }
  }
}

/// e = e + gain * (w - e).
template <class T>
void ReferenceNetwork<T>::average_parameters(std::uint64_t step) {
  const T gain = static_cast<T>(math::average_gain(training_.ema, step));
  for (std::size_t i = 0; i < average_.size(); ++i) average_[i] = math::average_element(average_[i], parameters_[i], gain);
}

template double ReferenceNetwork<float>::update(const StepControl&);
template double ReferenceNetwork<double>::update(const StepControl&);

}  // namespace chainrule::reference
