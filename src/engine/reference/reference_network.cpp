// What the network owns and how its vectors are divided into tensors.
#include "engine/reference/reference_network.h"

#include <algorithm>

namespace chainrule::reference {

template <class T>
ReferenceNetwork<T>::ReferenceNetwork(const NetworkSpec& spec, const TrainingSpec& training, std::size_t most_rows)
    : spec_(spec), training_(training), layout_(spec) {
  parameters_.resize(layout_.size);
  gradients_.resize(layout_.size);
  for (std::size_t i = 0; i < math::state_count(training.optimizer); ++i) {
    state_[i].assign(layout_.size, static_cast<T>(math::state_start(training.optimizer, i)));
  }
  if (training.ema > 0) average_.resize(layout_.size);

  tensors_.resize(spec.layers.size());
  for (const net::Tensor& tensor : layout_.tensors) {
    tensors_[tensor.layer][static_cast<std::size_t>(tensor.role)] = &tensor;
  }
  weights_.reserve(most_rows);
  ids_.reserve(most_rows);
  row_losses_.reserve(most_rows);
  targets_.reserve(most_rows, spec.outputs());
  slopes_.resize(spec.outputs());
  for (Matrix<T>* matrix : {&input_.before_scale, &input_.mask, &input_.a, &input_.da, &input_.dx}) {
    matrix->reserve(most_rows, spec.inputs);
  }
  layers_.resize(spec.layers.size());
  for (std::size_t l = 0; l < layers_.size(); ++l) reserve_layer(l, most_rows);
}

template <class T>
void ReferenceNetwork<T>::reserve_layer(std::size_t l, std::size_t most_rows) {
  LayerTrace<T>& t = layers_[l];
  const std::size_t units = spec_.layers[l].units;
  for (Matrix<T>* matrix : {&t.z, &t.xhat, &t.n, &t.slope, &t.mask, &t.factor, &t.a, &t.da, &t.dn, &t.dz}) {
    matrix->reserve(most_rows, units);
  }
  if (spec_.layers[l].dropout.kind == DropoutKind::dropconnect) {
    t.weight.reserve(units, spec_.fan_in(l));
    t.weight_mask.reserve(units, spec_.fan_in(l));
  }
  t.rstd.reserve(std::max(most_rows, units));
}

template <class T>
LayerTensors<T> ReferenceNetwork<T>::tensors_of(std::size_t l, std::vector<T>& values) const {
  const auto tensor = [&](net::Role role) { return tensors_[l][static_cast<std::size_t>(role)]; };
  const auto vector = [&](net::Role role) {
    const net::Tensor* t = tensor(role);
    return t == nullptr ? std::span<T>() : std::span<T>(values).subspan(t->info.offset, t->info.size);
  };
  const net::Tensor& weight = *tensor(net::Role::weight);
  return {{values.data() + weight.info.offset, weight.rows, weight.columns},
          vector(net::Role::bias),
          vector(net::Role::prelu_slope),
          vector(net::Role::norm_scale),
          vector(net::Role::norm_shift),
          vector(net::Role::running_mean),
          vector(net::Role::running_variance)};
}

template <class T>
std::span<T> ReferenceNetwork<T>::input_scale(std::vector<T>& values) const {
  return spec_.input_scale ? std::span<T>(values).first(spec_.inputs) : std::span<T>();
}

template ReferenceNetwork<float>::ReferenceNetwork(const NetworkSpec&, const TrainingSpec&, std::size_t);
template ReferenceNetwork<double>::ReferenceNetwork(const NetworkSpec&, const TrainingSpec&, std::size_t);
template LayerTensors<float> ReferenceNetwork<float>::tensors_of(std::size_t, std::vector<float>&) const;
template LayerTensors<double> ReferenceNetwork<double>::tensors_of(std::size_t, std::vector<double>&) const;
template std::span<float> ReferenceNetwork<float>::input_scale(std::vector<float>&) const;
template std::span<double> ReferenceNetwork<double>::input_scale(std::vector<double>&) const;

}  // namespace chainrule::reference
