// Small runs for the tests of the trainer: made-up rows, a network, a plan.
#pragma once

#include <numeric>

#include "base/counter_rng.h"
#include "net/initial_parameters.h"
#include "train/trainer.h"

namespace chainrule::training {

/// Rows with a pattern that a small network can learn: classes or values from three uniform inputs.
struct TestRows {
  std::vector<float> x, y, weights;
  std::vector<std::int32_t> labels;

  explicit TestRows(std::size_t rows) {
    for (std::uint32_t r = 0; r < rows; ++r) {
      float v[3];
      for (std::uint32_t k = 0; k < 3; ++k)
        v[k] = static_cast<float>(draw({11, Purpose::subsample, 0, 0, r}, k) >> 8) * 0x1p-23f - 1;
      x.insert(x.end(), v, v + 3);
      y.push_back(v[0] * v[1] + 0.5f * v[2]);
      labels.push_back(v[0] * v[1] + 0.5f * v[2] > 0 ? 1 : 0);
      weights.push_back(static_cast<float>(r % 3));
    }
  }
  DataPart part(bool classes, std::uint32_t first, std::uint32_t last, bool weighted = false) const {
    DataPart part;
    part.samples.x = x.data();
    if (classes)
      part.samples.labels = labels.data();
    else
      part.samples.y = y.data();
    if (weighted) part.samples.weights = weights.data();
    part.samples.rows = labels.size();
    part.samples.inputs = 3;
    part.samples.targets = 1;
    for (std::uint32_t r = first; r < last; ++r) part.rows.push_back(r);
    return part;
  }
};

inline NetworkSpec test_network(bool classes, double dropout = 0) {
  NetworkSpec network;
  network.inputs = 3;
  network.layers.resize(3);
  for (LayerSpec& layer : network.layers) {
    layer.units = 9;
    layer.dropout.rate = dropout;
  }
  network.layers.back().units = classes ? 2 : 1;
  network.layers.back().activation = Activation::identity;
  network.layers.back().dropout.rate = 0;
  network.loss.kind = classes ? Loss::cross_entropy : Loss::squared_error;
  return network;
}

inline RunSpec test_run(const TestRows& rows, bool classes, const char* optimizer, double dropout = 0) {
  RunSpec run;
  run.network = test_network(classes, dropout);
  run.training.optimizer = default_optimizer(optimizer);
  run.training.seed = 5;
  run.unit.classification = classes;
  if (classes) run.unit.classes = {"no", "yes"};
  run.train = rows.part(classes, 0, 110);
  run.validation = rows.part(classes, 110, 150);
  run.epochs = 8;
  run.batch = 16;
  return run;
}

struct TestTrainer {
  std::unique_ptr<engine::Plan> plan;
  std::unique_ptr<Trainer> trainer;

  TestTrainer(const RunSpec& run, EngineKind engine = EngineKind::automatic, int threads = 1) {
    PlanOptions options;
    options.engine = engine;
    options.threads = threads;
    options.max_batch = std::max(run.batch, run.train.size());
    plan = engine::make_plan(run.network, run.training, options);
    trainer = std::make_unique<Trainer>(*plan, run);
  }
  void start_fresh(const RunSpec& run) { trainer->start(net::initial_parameters(run.network, run.training.seed)); }
  std::vector<float> parameters(const RunSpec& run) const {
    std::vector<float> values(net::ParameterLayout(run.network).size);
    plan->store(engine::Part::parameters, values);
    return values;
  }
};

/// Trains from the start to the end.
inline std::vector<float> trained(const RunSpec& run, EngineKind engine = EngineKind::automatic, int threads = 1) {
  TestTrainer test(run, engine, threads);
  test.start_fresh(run);
  test.trainer->run({});
  return test.parameters(run);
}

}  // namespace chainrule::training
