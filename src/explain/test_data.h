// A small network with learnable rows for this room's tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/counter_rng.h"
#include "chainrule/network.h"
#include "math/losses.h"
#include "net/initial_parameters.h"

namespace chainrule::explain {

/// 5 inputs -> gelu 12 -> tanh 12 -> outputs that suit the loss.
inline NetworkSpec test_spec(Loss loss) {
  NetworkSpec spec;
  spec.inputs = 5;
  spec.layers.resize(3);
  spec.layers[0].units = spec.layers[1].units = 12;
  spec.layers[0].activation = Activation::gelu;
  spec.layers[1].activation = Activation::tanh;
  spec.layers[2].units = loss == Loss::cross_entropy ? 3 : loss == Loss::gaussian_nll ? 2 : 1;
  spec.layers[2].activation = Activation::identity;
  spec.loss.kind = loss;
  return spec;
}

/// Normal inputs; class or target depends on the first two.
struct TestData {
  std::vector<float> x, y, parameters;
  std::vector<std::int32_t> labels;
  Samples samples;

  TestData(const NetworkSpec& spec, std::size_t rows) : parameters(net::initial_parameters(spec, 4)) {
    for (std::size_t i = 0; i < rows * spec.inputs; ++i) {
      x.push_back(math::normal_from_draw(static_cast<float>(draw({3, Purpose::subsample, 0, 0, 0}, static_cast<std::uint32_t>(i)) >> 8)));
    }
    const std::size_t targets = math::target_count(spec.loss.kind, spec.outputs());
    for (std::size_t r = 0; r < rows; ++r) {
      const float sum = x[r * spec.inputs] + x[r * spec.inputs + 1];
      labels.push_back(sum > 0.5f ? 2 : sum < -0.5f ? 0 : 1);
      const float count = std::max(0.0f, sum), bit = float(sum > 0);
      for (std::size_t t = 0; t < targets; ++t) y.push_back(is_bit(spec.loss.kind) ? bit : spec.loss.kind == Loss::poisson ? count : sum);
    }
    const bool classes = spec.loss.kind == Loss::cross_entropy;
    samples = {x.data(), classes ? nullptr : y.data(), classes ? labels.data() : nullptr, nullptr, nullptr, rows, spec.inputs, targets};
  }
  TestData(const TestData&) = delete;

  static bool is_bit(Loss kind) { return kind == Loss::binary_cross_entropy || kind == Loss::hinge; }
};

}  // namespace chainrule::explain
