// Walks a spec from input to output and gives every parameter tensor its name, shape and offset.
#include "net/parameter_layout.h"

#include <string>

namespace chainrule::net {
namespace {

class Builder {
 public:
  explicit Builder(ParameterLayout& layout) : layout_(layout) {}

  void weight(std::size_t layer, std::size_t units, std::size_t inputs) {
    add(Role::weight, layer, name(layer, "weight"), units, inputs, true).info.shape = {units, inputs};
  }
  void vector(Role role, std::size_t layer, std::string full_name, std::size_t size, bool trainable = true) {
    add(role, layer, std::move(full_name), size, 1, trainable).info.shape = {size};
  }
  static std::string name(std::size_t layer, const char* what) { return "layers." + std::to_string(layer) + "." + what; }

 private:
  Tensor& add(Role role, std::size_t layer, std::string full_name, std::size_t rows, std::size_t columns, bool trainable) {
    Tensor tensor;
    tensor.info.name = std::move(full_name);
    tensor.info.offset = layout_.size;
    tensor.info.size = rows * columns;
    tensor.info.trainable = trainable;
    tensor.role = role;
    tensor.layer = layer;
    tensor.rows = rows;
    tensor.columns = columns;
    tensor.decays = role == Role::weight;
    layout_.size += tensor.info.size;
    if (trainable) layout_.trainable_size += tensor.info.size;
    return layout_.tensors.emplace_back(std::move(tensor));
  }

  ParameterLayout& layout_;
};

void add_layer(Builder& build, const NetworkSpec& spec, std::size_t l) {
  const LayerSpec& layer = spec.layers[l];
  build.weight(l, layer.units, spec.fan_in(l));
  if (layer.bias) build.vector(Role::bias, l, Builder::name(l, "bias"), layer.units);
  if (layer.activation == Activation::prelu) {
    build.vector(Role::prelu_slope, l, Builder::name(l, "prelu"), layer.units);
  }
  if (layer.norm == Norm::none) return;
  build.vector(Role::norm_scale, l, Builder::name(l, "norm.scale"), layer.units);
  build.vector(Role::norm_shift, l, Builder::name(l, "norm.shift"), layer.units);
  if (layer.norm == Norm::layer) return;
  build.vector(Role::running_mean, l, Builder::name(l, "norm.mean"), layer.units, false);
  build.vector(Role::running_variance, l, Builder::name(l, "norm.variance"), layer.units, false);
}

}  // namespace

ParameterLayout::ParameterLayout(const NetworkSpec& spec) {
  Builder build(*this);
  if (spec.input_scale) build.vector(Role::input_scale, 0, "input.scale", spec.inputs);
  for (std::size_t l = 0; l < spec.layers.size(); ++l) add_layer(build, spec, l);
}

const Tensor* ParameterLayout::find(Role role, std::size_t layer) const noexcept {
  for (const Tensor& tensor : tensors) {
    if (tensor.role == role && tensor.layer == layer) return &tensor;
  }
  return nullptr;
}

}  // namespace chainrule::net
