// Fills the parameter vector tensor by tensor, each by its role.
#include "net/initial_parameters.h"

#include <algorithm>
#include <span>

#include "math/activations.h"
#include "math/initializers.h"
#include "net/parameter_layout.h"

namespace chainrule::net {
namespace {

void fill_weight(std::span<float> values, const Tensor& tensor, const LayerSpec& layer, std::uint64_t seed) {
  const Initializer kind = math::resolve_initializer(layer.initializer, layer.activation);
  math::fill_weights(values, {tensor.rows, tensor.columns}, kind, layer.initializer_parameter, seed,
                     static_cast<std::uint32_t>(tensor.layer));
}

float constant_start(Role role, const LayerSpec& layer) {
  switch (role) {
    case Role::input_scale:
    case Role::norm_scale:
    case Role::running_variance: return 1;
    case Role::prelu_slope:
      return static_cast<float>(layer.activation_parameter != 0 ? layer.activation_parameter
                                                                : math::default_activation_parameter(layer.activation));
    default: return 0;
  }
}

}  // namespace

std::vector<float> initial_parameters(const NetworkSpec& spec, std::uint64_t seed) {
  const ParameterLayout layout(spec);
  std::vector<float> parameters(layout.size);
  for (const Tensor& tensor : layout.tensors) {
    const std::span<float> values = std::span(parameters).subspan(tensor.info.offset, tensor.info.size);
    const LayerSpec& layer = spec.layers[tensor.layer];
    if (tensor.role == Role::weight) {
      fill_weight(values, tensor, layer, seed);
    } else {
      std::fill(values.begin(), values.end(), constant_start(tensor.role, layer));
    }
  }
  return parameters;
}

}  // namespace chainrule::net
