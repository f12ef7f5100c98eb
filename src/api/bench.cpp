// The engine's speed on the problem list S1 to S6 (training steps on data in memory).
#include <algorithm>
#include <chrono>
#include <numeric>

#include "base/counter_rng.h"
#include "chainrule/machine.h"
#include "chainrule/network.h"

namespace chainrule {
namespace {

struct Problem {
  const char* name;
  std::size_t inputs;
  std::vector<std::size_t> units;
  Loss loss;
  std::size_t batch;
  const char* optimizer;
};

std::vector<Problem> problems() {
  return {{"S1", 64, {64, 64, 64, 1}, Loss::squared_error, 256, "adam"},
          {"S2", 32, {256, 256, 256, 2}, Loss::cross_entropy, 256, "adam"},
          {"S3", 784, {512, 512, 10}, Loss::cross_entropy, 128, "adam"},
          {"S4", 784, {128, 10}, Loss::cross_entropy, 32, "adam"},
          {"S5", 1024, {4096, 4096, 1024}, Loss::cross_entropy, 1024, "adam"},
          {"S6", 8, {32, 32, 1}, Loss::squared_error, 1, "sgd"}};
}

NetworkSpec network_of(const Problem& problem) {
  NetworkSpec network;
  network.inputs = problem.inputs;
  for (std::size_t units : problem.units) {
    LayerSpec layer;
    layer.units = units;
    network.layers.push_back(layer);
  }
  network.layers.back().activation = Activation::identity;
  network.loss.kind = problem.loss;
  return network;
}

// The input gradient of the first layer is not needed: 4 flops per weight and row there, 6 elsewhere.
double flops_per_row(const Problem& problem) {
  double flops = 4.0 * static_cast<double>(problem.inputs * problem.units[0]);
  for (std::size_t l = 1; l < problem.units.size(); ++l)
    flops += 6.0 * static_cast<double>(problem.units[l - 1] * problem.units[l]);
  return flops;
}

std::string layers_text(const Problem& problem) {
  std::string text = std::to_string(problem.inputs);
  for (std::size_t units : problem.units) text += "-" + std::to_string(units);
  return text;
}

/// Made-up rows: uniform inputs, targets from the first input.
struct Rows {
  std::vector<float> x, y;
  std::vector<std::int32_t> labels;
  std::vector<std::vector<std::uint32_t>> batches;
  Samples samples;

  explicit Rows(const Problem& problem) {
    const std::size_t rows = problem.batch * 4;
    x.resize(rows * problem.inputs);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::uint32_t word = draw({1, Purpose::subsample, 0, 0, static_cast<std::uint32_t>(i / problem.inputs)},
                                      static_cast<std::uint32_t>(i % problem.inputs));
      x[i] = static_cast<float>(word >> 8) * 0x1p-23f - 1;
    }
    for (std::size_t r = 0; r < rows; ++r) {
      y.push_back(x[r * problem.inputs]);
      labels.push_back(static_cast<std::int32_t>(r % problem.units.back()));
    }
    for (std::size_t first = 0; first < rows; first += problem.batch) {
      batches.emplace_back(problem.batch);
      std::iota(batches.back().begin(), batches.back().end(), static_cast<std::uint32_t>(first));
    }
    const bool classes = problem.loss == Loss::cross_entropy;
    samples = {x.data(),
               classes ? nullptr : y.data(),
               classes ? labels.data() : nullptr,
               nullptr,
               nullptr,
               rows,
               problem.inputs,
               1};
  }
};

// Samples per second of steps repeated for about `seconds`.
double time_steps(Network& network, const Rows& rows, std::size_t batch, double seconds) {
  const auto begin = std::chrono::steady_clock::now();
  std::size_t steps = 0;
  double passed = 0;
  for (std::size_t run = 1; passed < seconds; run = std::min<std::size_t>(2 * run, 4096)) {
    for (std::size_t i = 0; i < run; ++i) network.step(rows.samples, rows.batches[steps++ % rows.batches.size()]);
    passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  return static_cast<double>(steps * batch) / passed;
}

BenchRow measure(const Problem& problem, int threads, double seconds) {
  constexpr int kRepeats = 5;
  TrainingSpec training;
  training.optimizer = default_optimizer(problem.optimizer);
  training.optimizer.learning_rate = 1e-4;
  PlanOptions options;
  options.threads = threads;
  options.max_batch = problem.batch;
  Network network(network_of(problem), training, options);
  const Rows rows(problem);
  time_steps(network, rows, problem.batch, seconds / 10);
  std::vector<double> speeds;
  for (int i = 0; i < kRepeats; ++i) speeds.push_back(time_steps(network, rows, problem.batch, seconds / kRepeats));
  std::sort(speeds.begin(), speeds.end());
  const double median = speeds[kRepeats / 2];
  return {problem.name,
          layers_text(problem),
          problem.batch,
          threads,
          median,
          (speeds.back() - speeds.front()) / median,
          median * flops_per_row(problem) * 1e-9};
}

}  // namespace

std::vector<BenchRow> bench(double seconds, const std::vector<int>& threads) {
  std::vector<BenchRow> rows;
  for (const Problem& problem : problems()) {
    for (int count : threads) rows.push_back(measure(problem, count, seconds));
  }
  return rows;
}

}  // namespace chainrule
