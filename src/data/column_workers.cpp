// Columns are handed out a few at a time, so that a slow one holds nobody up.
#include "data/column_workers.h"

#include <algorithm>

namespace chainrule::data {

void ColumnWorkers::run(std::size_t columns, const std::function<void()>& meanwhile,
                        const std::function<void(std::size_t, MissingCounts&)>& read) {
  meanwhile_ = &meanwhile;
  read_ = &read;
  columns_ = columns;
  at_once_ = std::max<std::size_t>(1, columns / (16 * counts_.size()));
  next_ = 0;
  faults_.assign(counts_.size(), nullptr);
  team_.run([](void* self, int member) { static_cast<ColumnWorkers*>(self)->work(member); }, this);
  for (const std::exception_ptr& fault : faults_) {
    if (fault) std::rethrow_exception(fault);
  }
}

void ColumnWorkers::work(int member) {
  const auto index = static_cast<std::size_t>(member);
  try {
    if (member == 0) (*meanwhile_)();
    for (std::size_t begin; (begin = next_.fetch_add(at_once_)) < columns_;) {
      for (std::size_t c = begin; c < std::min(begin + at_once_, columns_); ++c) (*read_)(c, counts_[index]);
    }
  } catch (...) {
    faults_[index] = std::current_exception();
  }
}

void ColumnWorkers::add_counts_to(MissingCounts& sum) const {
  for (const MissingCounts& counts : counts_) sum.add(counts);
}

}  // namespace chainrule::data
