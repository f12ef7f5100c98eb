// Our side of `make bench`: the library behind its public interface, driven line by line like the peers in bench/peers.
// Reads "prepare NAME THREADS", "measure SECONDS" and "drop"; answers each with one JSON line.
#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>
#include <iostream>
#include <memory>
#include <sstream>

#include "chainrule/machine.h"
#include "net/problems.h"

namespace {

using namespace chainrule;

double now(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// One problem, ready to run.
struct Work {
  Work(const net::Problem& problem, std::size_t batch, bool predict, int threads)
      : predicts(predict),
        rows(net::network_of(problem), batch, batch == 1 ? 64 : 4),
        network(net::network_of(problem), net::training_of(problem), {EngineKind::automatic, threads, batch}),
        outputs(batch * problem.widths.back()) {}

  void run() {
    const std::vector<std::uint32_t>& batch = rows.batches[next++ % rows.batches.size()];
    if (predicts) {
      network.predict(rows.samples.x + batch[0] * rows.samples.inputs, batch.size(), outputs.data());
    } else {
      network.step(rows.samples, batch);
    }
  }

  bool predicts;
  net::ProblemRows rows;
  Network network;
  std::vector<float> outputs;
  std::size_t next = 0;
};

std::unique_ptr<Work> prepare(const std::string& name, int threads) {
  const net::Problem* training = net::find_problem(name);
  if (training != nullptr) return std::make_unique<Work>(*training, training->batch, false, threads);
  for (const net::PredictionProblem& problem : net::prediction_problems()) {
    if (problem.name != name) continue;
    return std::make_unique<Work>(*net::find_problem(problem.of), problem.batch, true, threads);
  }
  return nullptr;
}

void measure(Work& work, double seconds) {
  const double begin = now(CLOCK_MONOTONIC), processor = now(CLOCK_PROCESS_CPUTIME_ID);
  std::size_t done = 0;
  double passed = 0;
  for (std::size_t chunk = 1; passed < seconds;) {
    for (std::size_t i = 0; i < chunk; ++i) work.run();
    done += chunk;
    const double before = passed;
    passed = now(CLOCK_MONOTONIC) - begin;
    if (passed - before < 1e-4) chunk *= 2;  // reading the clock must not be seen
  }
  std::printf("{\"samples\": %zu, \"seconds\": %.9f, \"cpu_seconds\": %.9f}\n", done * work.rows.batches[0].size(), passed,
              now(CLOCK_PROCESS_CPUTIME_ID) - processor);
}

void answer(std::istringstream words, std::unique_ptr<Work>& work) {
  std::string order, name;
  words >> order;
  if (order == "prepare") {
    int threads = 1;
    words >> name >> threads;
    work = prepare(name, threads == 1 ? 1 : 0);  // the harness lends us that many cores; how many to use is our choice, as for peers
    for (int i = 0; work != nullptr && i < 3; ++i) work->run();
    const PlanReport plan = work ? work->network.plan() : PlanReport{};
    std::printf("{\"ready\": %s, \"variant\": \"%s, %d threads\"}\n", work ? "true" : "false", plan.instruction_set.c_str(),
                plan.threads);
  } else if (order == "measure" && work != nullptr) {
    double seconds = 0.2;
    words >> seconds;
    measure(*work, seconds);
  } else {
    work.reset();
    std::puts("{\"ready\": false}");
  }
  std::fflush(stdout);
}

}  // namespace

int main() try {
  std::printf("{\"program\": \"chainrule\", \"version\": \"%s\"}\n", version_info().version.c_str());
  std::fflush(stdout);
  std::unique_ptr<Work> work;
  for (std::string line; std::getline(std::cin, line);) answer(std::istringstream(line), work);
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench driver: %s\n", error.what());
  return 1;
}
