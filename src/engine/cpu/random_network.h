// Tests: random networks, training settings and data that between them use everything a spec can say.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "engine/plan.h"
#include "math/losses.h"

namespace chainrule::engine::testing {

struct RandomNetwork {
  NetworkSpec network;
  TrainingSpec training;
  std::size_t max_batch = 1;
  double dropout_factor = 1;

  std::size_t targets() const { return math::target_count(network.loss.kind, network.outputs()); }
};

struct RandomData {
  std::vector<float> x, y, weights;
  std::vector<std::int32_t> labels;
  std::vector<std::uint32_t> ids;
  Samples samples;
};

class Dice {
 public:
  explicit Dice(std::uint32_t seed) : engine_(seed) {}
  bool chance(double p) { return real(0, 1) < p; }
  double real(double low, double high) { return low + (high - low) * (static_cast<double>(engine_()) / 4294967296.0); }
  std::size_t below(std::size_t n) { return engine_() % n; }
  template <class T>
  T one_of(const std::vector<T>& values) {
    return values[below(values.size())];
  }

 private:
  std::mt19937 engine_;
};

/// `number` decides everything; activations, losses and optimisers are taken in turn so that none is missed.
RandomNetwork random_network(std::uint32_t number);
RandomData random_data(const RandomNetwork& network, std::size_t rows, std::uint32_t number);
/// Small random weights, scales near 1, positive variances; size of the layout.
std::vector<float> random_parameters(const NetworkSpec& network, std::uint32_t number);

}  // namespace chainrule::engine::testing
