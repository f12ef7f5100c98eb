// Many independent runs on all cores: which thread takes which run never matters for the results.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>

#include "chainrule/laboratory.h"

namespace chainrule::laboratory {

/// Runs tasks and tells the listener how many of all are done.
class Runner {
 public:
  /// threads 0: one for every core. `watch` must outlive the runner.
  Runner(int threads, const LaboratoryWatch& watch);

  /// How many runs the whole job will take, for the listener.
  void expect(std::size_t runs) { expected_ += runs; }
  void set_stage(std::string stage) { stage_ = std::move(stage); }

  /// Calls task(0) ... task(count - 1), each once, and returns when all are done. A task writes only what belongs to its number. The
  /// exception of the lowest number is thrown on. Throws Error E0590 when the listener asked to stop.
  void run(std::size_t count, const std::function<void(std::size_t)>& task);
  int threads() const noexcept { return threads_; }

 private:
  void count_one();

  int threads_;
  const LaboratoryWatch& watch_;
  std::mutex telling_;
  std::string stage_;
  std::size_t expected_ = 0, done_ = 0;
};

}  // namespace chainrule::laboratory
