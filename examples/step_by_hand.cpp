// Reinforcement learning: the gradient at the outputs is the caller's own (REINFORCE, Williams 1992), the rest is the
// network's.
#include <chainrule/network.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <vector>

namespace {

constexpr std::size_t kStates = 6, kActions = 3, kEpisodes = 32;

// A contextual bandit: in state s action s % 3 pays 1, any other pays 0.
float reward(std::size_t state, std::size_t action) { return action == state % kActions ? 1.0f : 0.0f; }

std::vector<float> softmax(const float* logits) {
  std::vector<float> p(logits, logits + kActions);
  const float most = *std::max_element(p.begin(), p.end());
  for (float& value : p) value = std::exp(value - most);
  const float sum = std::accumulate(p.begin(), p.end(), 0.0f);
  for (float& value : p) value /= sum;
  return p;
}

struct Random {
  unsigned state = 12345;
  float next() { return static_cast<float>((state = state * 1664525u + 1013904223u) >> 8) * 0x1p-24f; }
};

}  // namespace

int main() {
  chainrule::NetworkSpec spec;
  spec.inputs = kStates;
  spec.layers.resize(2);
  spec.layers[0].units = 16;
  spec.layers[0].activation = chainrule::Activation::tanh;
  spec.layers[1].units = kActions;
  spec.layers[1].activation = chainrule::Activation::identity;
  chainrule::TrainingSpec training;
  training.optimizer = chainrule::default_optimizer("adam");
  training.optimizer.learning_rate = 0.02;
  chainrule::PlanOptions options;
  options.threads = 1;
  options.max_batch = kEpisodes;
  chainrule::Network network(spec, training, options);

  std::vector<float> x(kEpisodes * kStates), gradient(kEpisodes * kActions);
  std::vector<std::uint32_t> rows(kEpisodes);
  std::iota(rows.begin(), rows.end(), 0u);
  chainrule::Samples samples;
  samples.x = x.data();
  samples.rows = kEpisodes;
  samples.inputs = kStates;

  Random random;
  float mean_reward = 0;
  for (int step = 0; step < 400; ++step) {
    std::vector<std::size_t> states(kEpisodes);
    std::fill(x.begin(), x.end(), 0.0f);
    for (std::size_t i = 0; i < kEpisodes; ++i) {
      states[i] = static_cast<std::size_t>(random.next() * kStates);
      x[i * kStates + states[i]] = 1;
    }
    const auto logits = network.forward(samples, rows);  // [episodes, actions]
    float total = 0;
    for (std::size_t i = 0; i < kEpisodes; ++i) {
      const std::vector<float> p = softmax(logits.data() + i * kActions);
      const float draw = random.next();
      const std::size_t action = draw < p[0] ? 0 : draw < p[0] + p[1] ? 1 : 2;
      const float gain = reward(states[i], action);
      total += gain;
      // The gradient of -(gain - baseline) * log p[action] with respect to the logits.
      for (std::size_t a = 0; a < kActions; ++a) {
        gradient[i * kActions + a] = (gain - mean_reward) * (p[a] - (a == action ? 1.0f : 0.0f)) / kEpisodes;
      }
    }
    network.backward(gradient);
    network.update();
    mean_reward = 0.9f * mean_reward + 0.1f * total / kEpisodes;
  }
  std::printf("mean reward after %d steps: %.3f (chance: 0.333)\n", static_cast<int>(network.steps_done()),
              static_cast<double>(mean_reward));
  return mean_reward > 0.9f ? 0 : 1;
}
