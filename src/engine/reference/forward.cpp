// Forward: from the rows of a batch to the network's outputs (docs/arithmetic.md, items 1 to 6).
#include "engine/reference/draws.h"
#include "engine/reference/products.h"
#include "engine/reference/reference_network.h"
#include "math/activations.h"
#include "math/norms.h"

namespace chainrule::reference {
namespace {

/// Where the draws of this pass stand, for one layer and one row id (or unit).
DrawPlace place_of(std::uint64_t seed, Purpose purpose, std::size_t layer, std::uint64_t step, std::size_t row) {
  return {seed, purpose, static_cast<std::uint32_t>(layer), static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(row)};
}

/// The spec's activation parameter, or the activation's default where it says 0.
double parameter_of(const LayerSpec& layer) {
  return layer.activation_parameter != 0 ? layer.activation_parameter : math::default_activation_parameter(layer.activation);
}

}  // namespace

template <class T>
const Matrix<T>& ReferenceNetwork<T>::forward(const Batch<T>& batch, Mode mode, const StepControl& control) {
  mode_ = mode;
  control_ = control;
  rows_ = batch.rows();
  weights_ = batch.weights;
  ids_ = batch.ids;
  mass_ = {};
  for (const T w : weights_) mass_.add(double(w));

  input_.before_scale = batch.x;
  if (training() && spec_.input_noise > 0) add_input_noise();
  scale_inputs();
  drop_inputs();
  for (std::size_t l = 0; l < layers_.size(); ++l) forward_layer(l);
  return layers_.back().a;
}

/// The dropout rate in force, as scheduled: at prediction that of the last step.
template <class T>
double ReferenceNetwork<T>::rate_of(const DropoutSpec& dropout) const {
  return dropout.rate * control_.dropout_factor;
}

// ---- item 1: inputs ----

template <class T>
void ReferenceNetwork<T>::add_input_noise() {
  const T deviation = static_cast<T>(spec_.input_noise);
  Matrix<T>& x = input_.before_scale;
  for (std::size_t r = 0; r < rows_; ++r) {
    const DrawPlace place = place_of(training_.seed, Purpose::input_noise, 0, control_.step, ids_[r]);
    for (std::size_t k = 0; k < spec_.inputs; ++k) {
      x(r, k) = math::fma(deviation, normal<T>(draw(place, static_cast<std::uint32_t>(k))), x(r, k));
    }
  }
}

template <class T>
void ReferenceNetwork<T>::scale_inputs() {
  input_.a = input_.before_scale;
  const std::span<T> scale = input_scale(parameters_);
  if (scale.empty()) return;
  for (std::size_t r = 0; r < rows_; ++r) {
    for (std::size_t k = 0; k < spec_.inputs; ++k) input_.a(r, k) = input_.before_scale(r, k) * scale[k];
  }
}

template <class T>
void ReferenceNetwork<T>::drop_inputs() {
  const double rate = rate_of(spec_.input_dropout);
  const math::DropoutConstants constants = math::dropout_constants(spec_.input_dropout.kind, rate);
  input_.mask.reshape(rows_, spec_.inputs);
  input_.mask.fill(masks_on() ? T(1) : static_cast<T>(constants.predict_scale));
  if (rate == 0) return;
  for (std::size_t r = 0; r < rows_; ++r) {
    const DrawPlace place = place_of(training_.seed, Purpose::input_dropout, 0, control_.step, ids_[r]);
    for (std::size_t k = 0; k < spec_.inputs; ++k) {
      T& m = input_.mask(r, k);
      if (masks_on()) m = dropout_factor<T>(spec_.input_dropout.kind, constants, draw(place, static_cast<std::uint32_t>(k)));
      input_.a(r, k) = input_.a(r, k) * m;
    }
  }
}

// ---- items 2 to 6: one layer ----

template <class T>
void ReferenceNetwork<T>::forward_layer(std::size_t l) {
  dense(l);
  normalize(l);
  activate(l);
  drop_units(l);
  add_residual(l);
}

/// z = W a + b.
template <class T>
void ReferenceNetwork<T>::dense(std::size_t l) {
  const Matrix<T>& a = input_of(l);
  const MatrixView<const T> W = weight_in_use(l);
  const std::span<T> b = tensors_of(l, parameters_).bias;
  Matrix<T>& z = layers_[l].z;
  z.reshape(rows_, W.rows);
  for (std::size_t r = 0; r < rows_; ++r) {
    for (std::size_t o = 0; o < W.rows; ++o) {
      z(r, o) = sum_of_products<T>(
          training_.precision, b.empty() ? T(0) : b[o], 0, W.columns, [&](std::size_t k) { return W(o, k); },
          [&](std::size_t k) { return a(r, k); });
    }
  }
}

/// The weights themselves; under DropConnect W * m while masks are on, W * p at prediction.
template <class T>
MatrixView<const T> ReferenceNetwork<T>::weight_in_use(std::size_t l) {
  const MatrixView<T> W = tensors_of(l, parameters_).weight;
  const DropoutSpec& dropout = spec_.layers[l].dropout;
  const double rate = rate_of(dropout);
  LayerTrace<T>& t = layers_[l];
  t.weight.reshape(0, 0);
  t.weight_mask.reshape(0, 0);
  if (dropout.kind != DropoutKind::dropconnect || rate == 0) return {W.data, W.rows, W.columns};

  draw_weight_mask(l, rate);
  t.weight.reshape(W.rows, W.columns);
  for (std::size_t o = 0; o < W.rows; ++o) {
    for (std::size_t k = 0; k < W.columns; ++k) t.weight(o, k) = W(o, k) * t.weight_mask(o, k);
  }
  return {t.weight.values.data(), W.rows, W.columns};
}

template <class T>
void ReferenceNetwork<T>::draw_weight_mask(std::size_t l, double rate) {
  const math::DropoutConstants constants = math::dropout_constants(DropoutKind::dropconnect, rate);
  Matrix<T>& mask = layers_[l].weight_mask;
  mask.reshape(spec_.layers[l].units, spec_.fan_in(l));
  mask.fill(static_cast<T>(constants.predict_scale));
  if (!masks_on()) return;
  const Purpose purpose = training() ? Purpose::dropconnect : Purpose::monte_carlo;
  for (std::size_t o = 0; o < mask.rows; ++o) {
    const DrawPlace place = place_of(training_.seed, purpose, l, control_.step, o);
    for (std::size_t k = 0; k < mask.columns; ++k) {
      mask(o, k) = dropout_factor<T>(DropoutKind::dropconnect, constants, draw(place, static_cast<std::uint32_t>(k)));
    }
  }
}

/// n = scale * xhat + shift, where xhat is z with mean 0 and variance 1; n = z without a norm.
template <class T>
void ReferenceNetwork<T>::normalize(std::size_t l) {
  LayerTrace<T>& t = layers_[l];
  t.n = t.z;
  t.xhat.reshape(0, 0);
  if (spec_.layers[l].norm == Norm::none) return;
  t.xhat.reshape(rows_, t.z.columns);
  if (spec_.layers[l].norm == Norm::layer) normalize_rows(l);
  if (spec_.layers[l].norm == Norm::batch) normalize_units(l);
  const LayerTensors<T> p = tensors_of(l, parameters_);
  for (std::size_t r = 0; r < rows_; ++r) {
    for (std::size_t u = 0; u < t.n.columns; ++u) t.n(r, u) = math::fma(p.norm_scale[u], t.xhat(r, u), p.norm_shift[u]);
  }
}

/// Layer norm: mean and variance over the units of each row.
template <class T>
void ReferenceNetwork<T>::normalize_rows(std::size_t l) {
  LayerTrace<T>& t = layers_[l];
  const std::size_t units = t.z.columns;
  t.rstd.resize(rows_);
  for (std::size_t r = 0; r < rows_; ++r) {
    double sum = 0, squares = 0;
    for (std::size_t u = 0; u < units; ++u) sum += t.z(r, u);
    const double mean = sum / static_cast<double>(units);
    for (std::size_t u = 0; u < units; ++u) squares = math::fma(t.z(r, u) - mean, t.z(r, u) - mean, squares);
    const double variance = squares / static_cast<double>(units);
    t.rstd[r] = 1 / math::sqrt(variance + math::kNormEpsilon);
    for (std::size_t u = 0; u < units; ++u) {
      t.xhat(r, u) = (t.z(r, u) - static_cast<T>(mean)) * static_cast<T>(t.rstd[r]);
    }
  }
}

/// Batch norm: mean and variance of each unit over the weighted rows while training, running statistics otherwise.
template <class T>
void ReferenceNetwork<T>::normalize_units(std::size_t l) {
  LayerTrace<T>& t = layers_[l];
  LayerTensors<T> p = tensors_of(l, parameters_);
  const double W = mass_.weight;
  t.batch_statistics = training();
  t.rstd.resize(t.z.columns);
  for (std::size_t u = 0; u < t.z.columns; ++u) {
    double mean = p.running_mean[u], variance = p.running_variance[u];
    if (t.batch_statistics) {
      double sum = 0, squares = 0;
      for (std::size_t r = 0; r < rows_; ++r) sum += double(weights_[r]) * t.z(r, u);
      mean = W > 0 ? sum / W : 0;
      for (std::size_t r = 0; r < rows_; ++r) {
        squares = math::fma(weights_[r] * (t.z(r, u) - mean), t.z(r, u) - mean, squares);
      }
      variance = W > 0 ? squares / W : 0;
    }
    t.rstd[u] = 1 / math::sqrt(variance + math::kNormEpsilon);
    for (std::size_t r = 0; r < rows_; ++r) {
      t.xhat(r, u) = (t.z(r, u) - static_cast<T>(mean)) * static_cast<T>(t.rstd[u]);
    }
    if (t.batch_statistics && mass_.has_variance()) move_running_statistics(p, u, mean, variance);
  }
}

template <class T>
void ReferenceNetwork<T>::move_running_statistics(LayerTensors<T>& p, std::size_t u, double mean, double variance) {
  const double unbiased = variance * mass_.weight / mass_.unbiased();
  const double old_mean = p.running_mean[u], old_variance = p.running_variance[u];
  p.running_mean[u] = static_cast<T>(old_mean + control_.running_share * (mean - old_mean));
  p.running_variance[u] = static_cast<T>(old_variance + control_.running_share * (unbiased - old_variance));
}

/// a = activation(n), and its slope there.
template <class T>
void ReferenceNetwork<T>::activate(std::size_t l) {
  LayerTrace<T>& t = layers_[l];
  const std::span<T> slopes = tensors_of(l, parameters_).prelu_slope;
  const T parameter = static_cast<T>(parameter_of(spec_.layers[l]));
  t.a.reshape(rows_, t.n.columns);
  t.slope.reshape(rows_, t.n.columns);
  math::with_activation(spec_.layers[l].activation, [&](auto kind) {
    for (std::size_t r = 0; r < rows_; ++r) {
      for (std::size_t u = 0; u < t.n.columns; ++u) {
        const auto [value, slope] = math::activate<decltype(kind)::value>(t.n(r, u), slopes.empty() ? parameter : slopes[u]);
        t.a(r, u) = value;
        t.slope(r, u) = slope;
      }
    }
  });
}

/// a = a * m with one random m per row and unit; the factor that backward multiplies by is slope * m.
template <class T>
void ReferenceNetwork<T>::drop_units(std::size_t l) {
  LayerTrace<T>& t = layers_[l];
  const DropoutSpec& dropout = spec_.layers[l].dropout;
  const double rate = rate_of(dropout);
  const math::DropoutConstants constants = math::dropout_constants(dropout.kind, rate);
  const bool on_units = dropout.kind != DropoutKind::dropconnect && rate > 0;
  t.mask.reshape(rows_, t.a.columns);
  t.mask.fill(on_units && !masks_on() ? static_cast<T>(constants.predict_scale) : T(1));
  if (on_units && masks_on()) draw_unit_mask(l, constants);

  t.factor.reshape(rows_, t.a.columns);
  for (std::size_t r = 0; r < rows_; ++r) {
    for (std::size_t u = 0; u < t.a.columns; ++u) {
      const T m = t.mask(r, u);
      t.factor(r, u) = t.slope(r, u) * m;
      if (on_units && masks_on() && dropout.kind == DropoutKind::alpha) {
        const T value = m == 0 ? static_cast<T>(constants.alpha_value) : t.a(r, u);
        t.a(r, u) = math::fma(static_cast<T>(constants.alpha_scale), value, static_cast<T>(constants.alpha_shift));
      } else {
        t.a(r, u) = t.a(r, u) * m;
      }
    }
  }
}

template <class T>
void ReferenceNetwork<T>::draw_unit_mask(std::size_t l, const math::DropoutConstants& constants) {
  const Purpose purpose = training() ? Purpose::dropout : Purpose::monte_carlo;
  Matrix<T>& mask = layers_[l].mask;
  for (std::size_t r = 0; r < rows_; ++r) {
    const DrawPlace place = place_of(training_.seed, purpose, l, control_.step, ids_[r]);
    for (std::size_t u = 0; u < mask.columns; ++u) {
      mask(r, u) = dropout_factor<T>(spec_.layers[l].dropout.kind, constants, draw(place, static_cast<std::uint32_t>(u)));
    }
  }
}

/// a = a + a_in.
template <class T>
void ReferenceNetwork<T>::add_residual(std::size_t l) {
  if (!spec_.layers[l].residual) return;
  const Matrix<T>& a_in = input_of(l);
  Matrix<T>& a = layers_[l].a;
  for (std::size_t i = 0; i < a.values.size(); ++i) a.values[i] = a.values[i] + a_in.values[i];
}

template const Matrix<float>& ReferenceNetwork<float>::forward(const Batch<float>&, Mode, const StepControl&);
template const Matrix<double>& ReferenceNetwork<double>::forward(const Batch<double>&, Mode, const StepControl&);

}  // namespace chainrule::reference
