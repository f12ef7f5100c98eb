// Work that any member of the team may take: its own share first, then what others have not begun.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace chainrule::engine::cpu {

/// One queue per member. Who does an item changes nothing in the results, only which core waits: one that other programs disturb, or a slower
/// one, leaves the rest of its share to the others. A member touches another's queue only when its own is empty.
class SharedWork {
 public:
  explicit SharedWork(int members) : members_(members), queues_(new Queue[static_cast<std::size_t>(members)]) {}

  /// Before the team runs: the member's share has `size` items, none of them begun.
  void fill(int member, int size) noexcept {
    queues_[static_cast<std::size_t>(member)].size = size;
    queues_[static_cast<std::size_t>(member)].next.store(0, std::memory_order_relaxed);
  }

  /// Calls f(owner, item) until nothing is left to begin. What others still work on is theirs: a barrier must follow.
  template <class F>
  void take(int member, F f) noexcept {
    for (int i = 0; i < members_; ++i) {
      const int owner = (member + i) % members_;
      Queue& queue = queues_[static_cast<std::size_t>(owner)];
      for (int item; (item = queue.next.fetch_add(1, std::memory_order_relaxed)) < queue.size;) f(owner, item);
    }
  }

 private:
  struct alignas(64) Queue {
    std::atomic<int> next{0};
    int size = 0;
  };
  int members_;
  std::unique_ptr<Queue[]> queues_;
};

}  // namespace chainrule::engine::cpu
