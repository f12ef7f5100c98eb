// Times training steps of the cpu engine on the shapes S1..S6, beside the processor's FMA peak measured in the same
// minute.
#include <immintrin.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/cpu/cpu_plan.h"
#include "net/parameter_layout.h"

namespace {

using namespace chainrule;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// With one thread a busy machine is measured by the processor time this thread got, else by the clock on the wall.
bool use_cpu_time = false;
double now() {
  timespec t;
  clock_gettime(use_cpu_time ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

struct Shape {
  const char* name;
  std::vector<std::size_t> widths;
  Loss loss;
  std::size_t batch;
  bool sgd = false;
};

const Shape kShapes[] = {
    {"S1", {64, 64, 64, 64, 1}, Loss::squared_error, 256},
    {"S2", {32, 256, 256, 256, 2}, Loss::cross_entropy, 256},
    {"S3", {784, 512, 512, 10}, Loss::cross_entropy, 128},
    {"S4", {784, 128, 10}, Loss::cross_entropy, 32},
    {"S5", {1024, 4096, 4096, 1024}, Loss::cross_entropy, 1024},
    {"S6", {8, 32, 32, 1}, Loss::squared_error, 1, true},
};

#if defined(__x86_64__)
__attribute__((target("avx512f"))) double peak_avx512(long rounds) {
  __m512 c[12] = {}, a = _mm512_set1_ps(0.5f), b = _mm512_set1_ps(1e-3f);
  for (auto& v : c) v = b;
  const double start = now();
  for (long i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
    for (int j = 0; j < 12; ++j) c[j] = _mm512_fmadd_ps(c[j], a, b);
  }
  const double seconds = now() - start;
  float sum = 0;
  for (auto& v : c) sum += _mm512_cvtss_f32(v);
  return static_cast<double>(rounds) * 12 * 16 * 2 / seconds / 1e9 + (sum == 12345 ? 1 : 0);
}
__attribute__((target("avx2,fma"))) double peak_avx2(long rounds) {
  __m256 c[12], a = _mm256_set1_ps(0.5f), b = _mm256_set1_ps(1e-3f);
  for (auto& v : c) v = b;
  const double start = now();
  for (long i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
    for (int j = 0; j < 12; ++j) c[j] = _mm256_fmadd_ps(c[j], a, b);
  }
  const double seconds = now() - start;
  float sum = 0;
  for (auto& v : c) sum += _mm256_cvtss_f32(v);
  return static_cast<double>(rounds) * 12 * 8 * 2 / seconds / 1e9 + (sum == 12345 ? 1 : 0);
}
double peak(const std::string& isa) { return isa == "avx512" ? peak_avx512(1000000) : peak_avx2(1000000); }
#else
double peak(const std::string&) { return 0; }
#endif

struct Run {
  std::unique_ptr<engine::Plan> plan;
  std::vector<float> x, y;
  std::vector<std::int32_t> labels;
  Samples samples;
  std::vector<std::uint32_t> rows;
  OptimizerSpec optimizer;
  std::uint64_t t = 0;
  double flops = 0;

  Run(const Shape& shape, int threads) {
    NetworkSpec network;
    network.inputs = shape.widths.front();
    network.loss.kind = shape.loss;
    for (std::size_t l = 1; l < shape.widths.size(); ++l) {
      LayerSpec layer;
      layer.units = shape.widths[l];
      layer.activation = l + 1 == shape.widths.size() ? Activation::identity : Activation::relu;
      network.layers.push_back(layer);
      flops += static_cast<double>(shape.widths[l] * shape.widths[l - 1] * shape.batch) * (l == 1 ? 4 : 6);
    }
    TrainingSpec training;
    training.optimizer = default_optimizer(shape.sgd ? "sgd" : "adam");
    training.optimizer.learning_rate = 1e-4;
    optimizer = training.optimizer;
    plan = engine::make_cpu_plan(network, training, {EngineKind::cpu, threads, shape.batch});
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    std::vector<float> start;
    for (const net::Tensor& tensor : net::ParameterLayout(network).tensors) {
      const float size = tensor.role == net::Role::weight ? 1 / std::sqrt(static_cast<float>(tensor.columns)) : 0;
      for (std::size_t i = 0; i < tensor.info.size; ++i) start.push_back(size * normal(random));
    }
    plan->load(engine::Part::parameters, start);
    const std::size_t count = shape.batch * 4;
    for (std::size_t i = 0; i < count * network.inputs; ++i) x.push_back(normal(random));
    for (std::size_t i = 0; i < count * network.outputs(); ++i) y.push_back(normal(random));
    for (std::size_t i = 0; i < count; ++i) labels.push_back(static_cast<std::int32_t>(random() % network.outputs()));
    const bool classes = shape.loss == Loss::cross_entropy;
    samples = {x.data(),
               classes ? nullptr : y.data(),
               classes ? labels.data() : nullptr,
               nullptr,
               nullptr,
               count,
               network.inputs,
               network.outputs()};
    for (std::size_t r = 0; r < shape.batch; ++r) rows.push_back(static_cast<std::uint32_t>((r * 3 + 1) % count));
  }

  void step() {
    ++t;
    plan->step(samples, rows, {t, 1, math::update_constants(optimizer, t, optimizer.learning_rate, 0)});
  }
};

void measure(const Shape& shape, int threads, double seconds) {
  use_cpu_time = threads == 1 && std::getenv("WALL") == nullptr;
  Run run(shape, threads);
  for (int i = 0; i < 3; ++i) run.step();
  const std::string isa = run.plan->report().instruction_set;
  std::vector<double> rates, peaks;
  const auto start = Clock::now();
  while (seconds_since(start) < seconds || rates.size() < 3) {
    peaks.push_back(peak(isa));
    const double begin = now();
    int steps = 0;
    while (steps == 0 || now() - begin < 0.02) run.step(), ++steps;
    rates.push_back(steps / (now() - begin));
  }
  std::sort(rates.begin(), rates.end());
  std::sort(peaks.begin(), peaks.end());
  const auto at = [](const std::vector<double>& v, double q) {
    return v[static_cast<std::size_t>(q * static_cast<double>(v.size() - 1))];
  };
  const double best = at(rates, 0.9) * run.flops / 1e9, middle = at(rates, 0.5) * run.flops / 1e9, top = at(peaks, 0.9);
  std::printf(
      "%s %-6s %d threads: median %7.1f, 90th percentile %7.1f GFLOP/s, %5.1f %% of %d x %.1f; %9.1f k samples/s, %.2f "
      "us a step\n",
      shape.name, isa.c_str(), threads, middle, best, 100 * best / (top * threads), threads, top,
      at(rates, 0.9) * static_cast<double>(shape.batch) / 1e3, 1e6 / at(rates, 0.9));
}

}  // namespace

/// step_bench [threads,...] [seconds] [shapes]: step_bench 1,2 2 S1S3
int main(int argc, char** argv) {
  std::vector<int> threads;
  for (const char* p = argc > 1 ? argv[1] : "1,2"; *p != '\0';) {
    char* end;
    threads.push_back(static_cast<int>(std::strtol(p, &end, 10)));
    p = *end == ',' ? end + 1 : end;
  }
  const double seconds = argc > 2 ? std::atof(argv[2]) : 2;
  const std::string wanted = argc > 3 ? argv[3] : "S1S2S3S4S5S6";
  for (const Shape& shape : kShapes) {
    for (int count : threads) {
      if (wanted.find(shape.name) != std::string::npos) measure(shape, count, seconds);
    }
  }
}
