// A team of threads that stays awake between the phases of a step: no fork, no join, no lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "base/start_threads.h"

namespace chainrule {

/// The caller is member 0; members 1..size-1 are threads that spin briefly and then sleep until the next run().
class ThreadTeam {
 public:
  /// Has fewer members where the system gives fewer threads.
  explicit ThreadTeam(int size, const ThreadStarter& start = start_thread);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int size() const noexcept { return size_; }
  /// Members of the current run, or of the last one: all, or the caller alone.
  int running() const noexcept { return alone_ ? 1 : size_; }
  /// Calls body(context, member) once on every member and returns when all are done. Allocates nothing.
  void run(void (*body)(void* context, int member), void* context) noexcept;
  /// Calls body(context, 0) on the caller's thread; the others sleep. Barriers inside wait for nobody.
  void run_alone(void (*body)(void* context, int member), void* context) noexcept;
  /// Inside run(): waits until every member has arrived. All memory written before is visible after.
  void barrier() noexcept;

 private:
  struct State;
  /// What a member's thread does until the team goes.
  void serve(int member) noexcept;

  int size_;
  bool alone_ = false;
  std::unique_ptr<State> state_;
  std::vector<std::jthread> threads_;
};

/// Seconds of an empty run() of a team of that size on this machine as it is now: the median of some, measured once per process (a
/// millisecond; some tens where others use the cores). 0 for a team of one. Any thread may call it; not for use inside a step.
double seconds_of_empty_run(int size);

}  // namespace chainrule
