// Whether the threads of a measurement have cores of their own at this moment: on a virtual machine another guest may use the other half of a core,
// two of our virtual cores may be the two halves of one, or far from each other.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "base/thread_team.h"

namespace chainrule::bench {

inline double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

inline void spin(double seconds) {
  for (const double begin = now(); now() - begin < seconds;) {
  }
}

/// Adds on all threads at once. Half a core adds at about half the speed, whoever uses the other half; two halves of one core do so too.
class CoreProbe {
 public:
  explicit CoreProbe(int threads) : team_(threads), seconds_(static_cast<std::size_t>(threads)) {}

  /// True where every thread adds as fast as the fastest ever seen and their barrier is as short as it is between two cores near each other. About 50 us,
  /// and as long again until the members sleep: they would disturb what is measured next.
  bool cores_are_ours() {
    team_.run([](void* probe, int member) { static_cast<CoreProbe*>(probe)->work(member); }, this);
    if (team_.size() > 1) let_sleep();
    const auto [fastest, slowest] = std::minmax_element(seconds_.begin(), seconds_.end());
    least_ = std::min(least_, *fastest);
    const bool whole = *slowest < 1.03 * least_;
    if (whole) least_barrier_ = std::min(least_barrier_, barrier_);
    return whole && barrier_ <= 2 * least_barrier_;
  }
  /// A member of a team spins for a while before it sleeps.
  static void let_sleep() { spin(400e-6); }

 private:
  void work(int member) {
    constexpr int kBarriers = 20;
    team_.barrier();  // all are awake
    const double start = now();
    for (int i = 0; i < kBarriers; ++i) team_.barrier();
    const double begin = now();
    if (member == 0) barrier_ = begin - start;
    std::uint64_t sums[8] = {};
    for (int i = 0; i < 60000; ++i) {
#pragma GCC unroll 8
      for (std::uint64_t& sum : sums) {
        sum += 3;
        asm volatile("" : "+r"(sum));
      }
    }
    seconds_[static_cast<std::size_t>(member)] = now() - begin;
  }

  ThreadTeam team_;
  std::vector<double> seconds_;
  double least_ = 1e9, least_barrier_ = 1e9, barrier_ = 0;
};

}  // namespace chainrule::bench
