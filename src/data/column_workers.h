// Threads that share the columns of a batch of plain records: each column is read by one of them, so the table is that of one thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <vector>

#include "base/thread_team.h"
#include "data/missing_markers.h"

namespace chainrule::data {

class ColumnWorkers {
 public:
  ColumnWorkers(int threads, const MissingCounts& none) : team_(threads), counts_(static_cast<std::size_t>(team_.size()), none) {}

  int threads() const noexcept { return team_.size(); }
  /// Calls read(column, counts) once for every column below `columns`; the calling thread begins with `meanwhile`. Throws what they threw.
  void run(std::size_t columns, const std::function<void()>& meanwhile, const std::function<void(std::size_t, MissingCounts&)>& read);
  /// Of all columns so far.
  void add_counts_to(MissingCounts& sum) const;

 private:
  void work(int member);

  ThreadTeam team_;
  std::vector<MissingCounts> counts_;  ///< by thread
  std::vector<std::exception_ptr> faults_;
  const std::function<void()>* meanwhile_ = nullptr;
  const std::function<void(std::size_t, MissingCounts&)>* read_ = nullptr;
  std::size_t columns_ = 0, at_once_ = 1;
  std::atomic<std::size_t> next_ = 0;
};

}  // namespace chainrule::data
