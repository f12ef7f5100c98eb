// Online learning: rows arrive one by one, the network predicts each, learns from it and follows a drift.
#include <chainrule/network.h>

#include <cmath>
#include <cstdio>

int main() {
  chainrule::NetworkSpec spec;
  spec.inputs = 2;
  spec.layers.resize(2);
  spec.layers[0].units = 32;
  spec.layers[0].activation = chainrule::Activation::tanh;
  spec.layers[1].units = 1;
  spec.layers[1].activation = chainrule::Activation::identity;
  spec.loss.kind = chainrule::Loss::squared_error;
  chainrule::TrainingSpec training;
  training.optimizer = chainrule::default_optimizer("sgd");
  training.optimizer.learning_rate = 0.05;
  chainrule::PlanOptions options;
  options.threads = 1;
  options.max_batch = 1;
  chainrule::Network network(spec, training, options);

  float x[2], y[1];
  chainrule::Samples sample;
  sample.x = x;
  sample.y = y;
  sample.rows = 1;
  sample.inputs = 2;
  sample.targets = 1;
  const std::uint32_t rows[] = {0};

  unsigned state = 5;
  const auto random = [&] { return static_cast<float>((state = state * 1664525u + 1013904223u) >> 8) * 0x1p-23f - 1; };
  double early = 0, settled = 0, shifted = 0, recovered = 0;
  for (int i = 0; i < 40000; ++i) {
    x[0] = random();
    x[1] = random();
    y[0] = std::sin(2 * x[0]) * x[1] + (i < 20000 ? 0.0f : 0.5f);  // the world changes half-way
    float guess = 0;
    network.predict(x, 1, &guess);
    const double error = std::fabs(static_cast<double>(guess - y[0]));
    if (i < 500) early += error / 500;
    if (i >= 19500 && i < 20000) settled += error / 500;
    if (i >= 20000 && i < 20010) shifted += error / 10;
    if (i >= 39500) recovered += error / 500;
    network.step(sample, rows);
  }
  std::printf("mean error: first 500 rows %.3f, before the drift %.3f, right after %.3f, at the end %.3f\n", early,
              settled, shifted, recovered);
  return settled < 0.5 * early && recovered < 0.5 * shifted && recovered < 0.1 ? 0 : 1;
}
