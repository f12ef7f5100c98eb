// What the C++ peers of `make bench` share: the problem list, made-up rows, the line protocol of peer.py, the clock.
#pragma once

#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace peer {

constexpr int kBatches = 4;  // batches of rows in memory, taken in turn

/// A problem of bench/problems.json with its rows.
struct Problem {
  std::vector<int> widths;
  bool classes = false, predicts = false, adam = false;
  int batch = 0;
  std::vector<float> x, y;           ///< [kBatches * batch, inputs], [kBatches * batch, outputs] where !classes
  std::vector<std::int64_t> labels;  ///< [kBatches * batch] where classes

  int layers() const { return static_cast<int>(widths.size()) - 1; }
  double flops() const {
    double sum = 0;
    for (int l = 0; l < layers(); ++l) sum += (predicts ? 2.0 : l == 0 ? 4.0 : 6.0) * widths[l] * widths[l + 1];
    return sum * batch;
  }
  /// About how many steps fit into this time at 50 GFLOP/s.
  int calls_in(double seconds) const { return static_cast<int>(std::clamp(seconds * 50e9 / flops(), 1.0, 4096.0)); }
  /// Row-major [inputs, outputs] of layer l, as every peer starts.
  std::vector<float> weights(int l) const {
    std::mt19937 random(static_cast<unsigned>(l) + 2);
    std::normal_distribution<float> normal(0, 1 / std::sqrt(static_cast<float>(widths[l])));
    std::vector<float> w(static_cast<std::size_t>(widths[l]) * widths[l + 1]);
    for (float& value : w) value = normal(random);
    return w;
  }
};

inline Problem find(const std::string& name) {
  const nlohmann::json list = nlohmann::json::parse(std::ifstream(PROBLEMS_JSON));
  Problem found;
  std::string training = name;
  for (const auto& entry : list["prediction"]) {
    if (entry["name"] != name) continue;
    training = entry["of"];
    found.predicts = true;
    found.batch = entry["batch"];
  }
  for (const auto& entry : list["training"]) {
    if (entry["name"] != training) continue;
    found.widths = entry["widths"].get<std::vector<int>>();
    found.classes = entry["loss"] == "cross_entropy";
    found.adam = entry["optimizer"] == "adam";
    if (!found.predicts) found.batch = entry["batch"];
  }
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  const int rows = kBatches * found.batch, inputs = found.widths.front(), outputs = found.widths.back();
  for (int i = 0; i < rows * inputs; ++i) found.x.push_back(uniform(random));
  for (int r = 0; r < rows && found.classes; ++r) found.labels.push_back(static_cast<int>(random() % unsigned(outputs)));
  for (int i = 0; i < rows * outputs && !found.classes; ++i) found.y.push_back((found.x[i / outputs * inputs] + 1) / 2);
  return found;
}

/// One way to run a problem: call() runs `samples` rows and returns when they are done.
struct Variant {
  std::string name;
  std::function<void()> call;
  int samples;
};

inline double now(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

struct Timing {
  double samples, seconds, cpu_seconds;
};
inline Timing time(const Variant& variant, double seconds) {
  const double begin = now(CLOCK_MONOTONIC), processor = now(CLOCK_PROCESS_CPUTIME_ID);
  double calls = 0, passed = 0;
  do {
    variant.call();
    ++calls;
    passed = now(CLOCK_MONOTONIC) - begin;
  } while (passed < seconds);
  return {calls * variant.samples, passed, now(CLOCK_PROCESS_CPUTIME_ID) - processor};
}

/// The fastest: each warmed up, then tried three times in turn; calls that take long are tried once.
inline Variant best_of(const std::vector<Variant>& variants) {
  constexpr double kLong = 0.5;
  std::vector<double> speed;
  bool quick = variants.size() > 1;
  for (const Variant& variant : variants) {
    variant.call();
    const Timing timing = time(variant, 0);
    speed.push_back(timing.samples / timing.seconds);
    quick = quick && timing.seconds < kLong;
  }
  for (int turn = 0; turn < 3 && quick; ++turn) {
    for (std::size_t i = 0; i < variants.size(); ++i) {
      const Timing timing = time(variants[i], 0.1);
      speed[i] = std::max(speed[i], timing.samples / timing.seconds);
    }
  }
  return variants[static_cast<std::size_t>(std::max_element(speed.begin(), speed.end()) - speed.begin())];
}

/// prepare(problem, threads) returns the variants; none: this peer does not do that problem.
inline void serve(const std::string& program, const std::string& version,
                  const std::function<std::vector<Variant>(const Problem&, int)>& prepare) {
  std::cout << nlohmann::json{{"program", program}, {"version", version}} << std::endl;
  std::vector<Variant> work;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string order, name;
    words >> order;
    if (order == "prepare") {
      int threads = 1;
      words >> name >> threads;
      const std::vector<Variant> variants = prepare(find(name), threads);
      work.clear();
      if (!variants.empty()) work.push_back(best_of(variants));
      std::cout << nlohmann::json{{"ready", !work.empty()}, {"variant", work.empty() ? "" : work[0].name}} << std::endl;
    } else if (order == "measure" && !work.empty()) {
      double seconds = 0.2;
      words >> seconds;
      const Timing timing = time(work[0], seconds);
      std::cout << nlohmann::json{{"samples", timing.samples}, {"seconds", timing.seconds}, {"cpu_seconds", timing.cpu_seconds}} << std::endl;
    } else {
      work.clear();
      std::cout << "{\"ready\": false}" << std::endl;
    }
  }
}

}  // namespace peer
