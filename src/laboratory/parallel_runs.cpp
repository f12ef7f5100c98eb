// Runs tasks on a team of threads.
#include "laboratory/parallel_runs.h"

#include <algorithm>
#include <exception>
#include <thread>
#include <vector>

#include "base/thread_team.h"
#include "base/usable_cores.h"
#include "chainrule/error.h"

namespace chainrule::laboratory {
namespace {

/// The shared state of one run(): members take the next number until none is left.
struct Queue {
  const std::function<void(std::size_t)>& task;
  const std::atomic<bool>* stop;
  std::function<void()> finished_one;
  std::vector<std::exception_ptr> failures;
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};

  bool stopped() const { return failed.load() || (stop != nullptr && stop->load()); }

  void work() {
    for (std::size_t i = next.fetch_add(1); i < failures.size() && !stopped(); i = next.fetch_add(1)) {
      try {
        task(i);
        finished_one();
      } catch (...) {
        failures[i] = std::current_exception();
        failed = true;
      }
    }
  }
};

}  // namespace

Runner::Runner(int threads, const LaboratoryWatch& watch)
    : threads_(threads > 0 ? threads : usable_cores()), watch_(watch) {}

void Runner::run(std::size_t count, const std::function<void(std::size_t)>& task) {
  Queue queue{task, watch_.stop, [this] { count_one(); }, std::vector<std::exception_ptr>(count)};
  ThreadTeam team(static_cast<int>(std::clamp<std::size_t>(count, 1, static_cast<std::size_t>(threads_))));
  team.run([](void* context, int) { static_cast<Queue*>(context)->work(); }, &queue);
  for (const std::exception_ptr& failure : queue.failures) {
    if (failure) std::rethrow_exception(failure);
  }
  if (watch_.stop != nullptr && watch_.stop->load())
    throw Error("E0590", "", "stopped before all runs were done", "fewer --seeds take less time");
}

void Runner::count_one() {
  const std::lock_guard<std::mutex> lock(telling_);
  ++done_;
  if (watch_.on_progress) watch_.on_progress(stage_, done_, std::max(done_, expected_));
}

}  // namespace chainrule::laboratory
