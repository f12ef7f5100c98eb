// Trains XOR with the installed library; exit 0 when it learned it.
#include <chainrule/network.h>

#include <cstdio>
#include <vector>

int main() {
  chainrule::NetworkSpec spec;
  spec.inputs = 2;
  spec.layers = {{.units = 8, .activation = chainrule::Activation::tanh}, {.units = 1, .activation = chainrule::Activation::identity}};
  chainrule::TrainingSpec training;
  training.optimizer = chainrule::default_optimizer("adam");
  training.optimizer.learning_rate = 0.05;
  chainrule::Network network(spec, training);

  const float x[] = {0, 0, 0, 1, 1, 0, 1, 1}, y[] = {0, 1, 1, 0};
  chainrule::Samples samples{.x = x, .y = y, .rows = 4, .inputs = 2, .targets = 1};
  const std::vector<std::uint32_t> rows = {0, 1, 2, 3};
  double loss = 1;
  for (int step = 0; step < 500; ++step) loss = network.step(samples, rows).loss;
  std::printf("loss after 500 steps: %.6f\n", loss);
  return loss < 0.01 ? 0 : 1;
}
