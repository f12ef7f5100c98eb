// Backward: the chain rule from the outputs to every parameter and to the inputs (docs/arithmetic.md, items 8 to 12).
#include "engine/reference/products.h"
#include "engine/reference/reference_network.h"

namespace chainrule::reference {

template <class T>
void ReferenceNetwork<T>::backward(bool to_inputs) {
  for (T& g : gradients_) g = 0;
  for (std::size_t l = layers_.size(); l-- > 0;) backward_layer(l, to_inputs);
  if (to_inputs || spec_.input_scale) backward_inputs(to_inputs);
}

/// From da of one layer to the gradients of its parameters and to da of the layer before.
template <class T>
void ReferenceNetwork<T>::backward_layer(std::size_t l, bool to_inputs) {
  backward_activation(l);
  backward_norm(l);
  backward_weights(l);
  if (l > 0) {
    backward_to_input(l, layers_[l - 1].da);
  } else if (to_inputs || spec_.input_scale) {
    backward_to_input(l, input_.da);
  }
}

/// dn = da * factor, the slope times the very mask that forward used.
template <class T>
void ReferenceNetwork<T>::backward_activation(std::size_t l) {
  LayerTrace<T>& t = layers_[l];
  t.dn.reshape(rows_, t.da.columns);
  for (std::size_t i = 0; i < t.da.values.size(); ++i) t.dn.values[i] = t.da.values[i] * t.factor.values[i];

  const std::span<T> slope_gradient = tensors_of(l, gradients_).prelu_slope;
  for (std::size_t u = 0; u < slope_gradient.size(); ++u) {
    slope_gradient[u] = sum_over_rows<T>(row_order(), [&](T sum, std::size_t r) {
      return math::fma(t.da(r, u) * t.mask(r, u), math::min(t.n(r, u), T(0)), sum);
    });
  }
}

/// dz from dn, and the gradients of the norm's scale and shift. Without a norm dz = dn.
template <class T>
void ReferenceNetwork<T>::backward_norm(std::size_t l) {
  LayerTrace<T>& t = layers_[l];
  t.dz = t.dn;
  if (spec_.layers[l].norm == Norm::none) return;
  const LayerTensors<T> g = tensors_of(l, gradients_);
  for (std::size_t u = 0; u < t.dn.columns; ++u) {
    g.norm_scale[u] = sum_over_rows<T>(
        row_order(), [&](T sum, std::size_t r) { return math::fma(t.dn(r, u), t.xhat(r, u), sum); });
    g.norm_shift[u] = sum_over_rows<T>(row_order(), [&](T sum, std::size_t r) { return sum + t.dn(r, u); });
  }
  if (spec_.layers[l].norm == Norm::layer) backward_norm_rows(l);
  if (spec_.layers[l].norm == Norm::batch) backward_norm_units(l);
}

/// Layer norm: moving one z of a row also moves the row's mean and variance, hence the two subtracted terms.
template <class T>
void ReferenceNetwork<T>::backward_norm_rows(std::size_t l) {
  LayerTrace<T>& t = layers_[l];
  const std::span<T> scale = tensors_of(l, parameters_).norm_scale;
  const std::size_t units = t.dz.columns;
  for (std::size_t r = 0; r < rows_; ++r) {
    double sum = 0, sum_xhat = 0;
    for (std::size_t u = 0; u < units; ++u) {
      const double g = double(t.dn(r, u)) * scale[u];
      sum += g;
      sum_xhat = math::fma(g, double(t.xhat(r, u)), sum_xhat);
    }
    const double c1 = sum / static_cast<double>(units), c2 = sum_xhat / static_cast<double>(units);
    for (std::size_t u = 0; u < units; ++u) {
      const double g = double(t.dn(r, u)) * scale[u];
      t.dz(r, u) = static_cast<T>(t.rstd[r] * (g - c1 - t.xhat(r, u) * c2));
    }
  }
}

/// Batch norm: the same along the rows, each row moving the statistics by its weight w. Running statistics do not move.
template <class T>
void ReferenceNetwork<T>::backward_norm_units(std::size_t l) {
  LayerTrace<T>& t = layers_[l];
  const std::span<T> scale = tensors_of(l, parameters_).norm_scale;
  const bool moving = t.batch_statistics && mass_.weight > 0;
  for (std::size_t u = 0; u < t.dz.columns; ++u) {
    double c1 = 0, c2 = 0;
    for (std::size_t r = 0; r < rows_ && moving; ++r) {
      const double g = double(t.dn(r, u)) * scale[u];
      c1 += g;
      c2 = math::fma(g, double(t.xhat(r, u)), c2);
    }
    if (moving) c1 = c1 / mass_.weight, c2 = c2 / mass_.weight;
    for (std::size_t r = 0; r < rows_; ++r) {
      const double w = weights_[r], g = double(t.dn(r, u)) * scale[u];
      const double change = moving ? g - w * c1 - w * (t.xhat(r, u) * c2) : g;
      t.dz(r, u) = static_cast<T>(t.rstd[u] * change);
    }
  }
}

/// dL/dW[o,k] = sum over rows of dz[r,o] * a_in[r,k]; dL/db[o] = sum over rows of dz[r,o].
template <class T>
void ReferenceNetwork<T>::backward_weights(std::size_t l) {
  const LayerTrace<T>& t = layers_[l];
  const Matrix<T>& a_in = input_of(l);
  const LayerTensors<T> g = tensors_of(l, gradients_);
  for (std::size_t o = 0; o < g.weight.rows; ++o) {
    for (std::size_t k = 0; k < g.weight.columns; ++k) {
      g.weight(o, k) = sum_of_runs<T>(row_order(), 0, training_.shards, [&](std::size_t begin, std::size_t end) {
        return sum_of_products<T>(
            training_.precision, 0, begin, end, [&](std::size_t r) { return t.dz(r, o); },
            [&](std::size_t r) { return a_in(r, k); });
      });
      if (t.weight_mask.rows > 0) g.weight(o, k) = g.weight(o, k) * t.weight_mask(o, k);
    }
  }
  for (std::size_t o = 0; o < g.bias.size(); ++o) {
    g.bias[o] = sum_over_rows<T>(row_order(), [&](T sum, std::size_t r) { return sum + t.dz(r, o); });
  }
}

/// dL/da_in[r,k] = sum over o of W[o,k] * dz[r,o]; a residual adds da itself.
template <class T>
void ReferenceNetwork<T>::backward_to_input(std::size_t l, Matrix<T>& da_in) {
  const LayerTrace<T>& t = layers_[l];
  const MatrixView<T> stored = tensors_of(l, parameters_).weight;
  const MatrixView<const T> W{t.weight.rows > 0 ? t.weight.values.data() : stored.data, stored.rows, stored.columns};
  da_in.reshape(rows_, W.columns);
  for (std::size_t r = 0; r < rows_; ++r) {
    for (std::size_t k = 0; k < W.columns; ++k) {
      const T sum = sum_of_products<T>(
          training_.precision, 0, 0, W.rows, [&](std::size_t o) { return W(o, k); },
          [&](std::size_t o) { return t.dz(r, o); });
      da_in(r, k) = spec_.layers[l].residual ? sum + t.da(r, k) : sum;
    }
  }
}

/// From the gradient at what the first layer saw to the input scale, and to x itself.
template <class T>
void ReferenceNetwork<T>::backward_inputs(bool to_inputs) {
  const InputTrace<T>& t = input_;
  const std::span<T> scale_gradient = input_scale(gradients_);
  for (std::size_t k = 0; k < scale_gradient.size(); ++k) {
    scale_gradient[k] = sum_over_rows<T>(row_order(), [&](T sum, std::size_t r) {
      return math::fma(t.da(r, k) * t.mask(r, k), t.before_scale(r, k), sum);
    });
  }
  if (!to_inputs) return;
  const std::span<T> scale = input_scale(parameters_);
  input_.dx.reshape(rows_, spec_.inputs);
  for (std::size_t r = 0; r < rows_; ++r) {
    for (std::size_t k = 0; k < spec_.inputs; ++k) {
      const T dropped = t.da(r, k) * t.mask(r, k);
      input_.dx(r, k) = scale.empty() ? dropped : dropped * scale[k];
    }
  }
}

template void ReferenceNetwork<float>::backward(bool);
template void ReferenceNetwork<double>::backward(bool);

}  // namespace chainrule::reference
