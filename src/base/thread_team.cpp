// The thread team: one start counter, one barrier, both waited for by spinning first, yielding now and then, and sleeping after.
#include "base/thread_team.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <mutex>

namespace chainrule {
namespace {

// Between two phases of a step others arrive within microseconds; a sleep costs tens of them to wake from.
constexpr int kSpins = 4000;
constexpr int kSpinsPerYield = 256;  // the one waited for may have been put on this very core: then it runs now, and both get cores of their own soon

void pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

struct ThreadTeam::State {
  // Each counter on its own cache line: the arriving must not disturb the waiting.
  alignas(64) std::atomic<std::uint32_t> start{0};    ///< number of the current run
  alignas(64) std::atomic<std::uint32_t> arrived{0};  ///< members at the current barrier
  alignas(64) std::atomic<std::uint32_t> passed{0};   ///< barriers passed so far
  void (*body)(void*, int) = nullptr;
  void* context = nullptr;
  bool quit = false;
  int spins = kSpins;

  void wait_while(const std::atomic<std::uint32_t>& counter, std::uint32_t old) const noexcept {
    for (int i = 1; i <= spins; ++i) {
      if (counter.load(std::memory_order_acquire) != old) return;
      pause();
      if (i % kSpinsPerYield == 0) std::this_thread::yield();
    }
    counter.wait(old, std::memory_order_acquire);
  }
};

ThreadTeam::ThreadTeam(int size) : size_(std::max(size, 1)), state_(std::make_unique<State>()) {
  // More members than cores: whoever spins keeps the one it waits for from running.
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  if (cores > 0 && size_ > cores) state_->spins = 0;
  threads_.reserve(static_cast<std::size_t>(size_ - 1));
  for (int member = 1; member < size_; ++member) {
    threads_.emplace_back([this, member] {
      for (std::uint32_t seen = 0;; ++seen) {
        state_->wait_while(state_->start, seen);
        if (state_->quit) return;
        state_->body(state_->context, member);
        barrier();
      }
    });
  }
}

ThreadTeam::~ThreadTeam() {
  state_->quit = true;
  state_->start.fetch_add(1, std::memory_order_release);
  state_->start.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadTeam::run(void (*body)(void* context, int member), void* context) noexcept {
  if (size_ > 1) {
    state_->body = body;
    state_->context = context;
    state_->start.fetch_add(1, std::memory_order_release);
    state_->start.notify_all();
  }
  body(context, 0);
  barrier();
}

void ThreadTeam::barrier() noexcept {
  if (size_ == 1) return;
  const std::uint32_t old = state_->passed.load(std::memory_order_relaxed);
  if (state_->arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == static_cast<std::uint32_t>(size_)) {
    state_->arrived.store(0, std::memory_order_relaxed);
    state_->passed.store(old + 1, std::memory_order_release);
    state_->passed.notify_all();
  } else {
    state_->wait_while(state_->passed, old);
  }
}

namespace {

double measure_empty_runs(int size) {
  using Clock = std::chrono::steady_clock;
  ThreadTeam team(size);
  std::array<double, 65> seconds;
  for (double& one : seconds) {
    const Clock::time_point begin = Clock::now();
    team.run([](void*, int) {}, nullptr);
    one = std::chrono::duration<double>(Clock::now() - begin).count();
  }
  std::nth_element(seconds.begin(), seconds.begin() + seconds.size() / 2, seconds.end());
  return seconds[seconds.size() / 2];
}

}  // namespace

double seconds_of_empty_run(int size) {
  if (size <= 1) return 0;
  static std::mutex mutex;
  static std::map<int, double> measured;
  const std::lock_guard lock(mutex);
  const auto [place, is_new] = measured.try_emplace(size, 0);
  if (is_new) place->second = measure_empty_runs(size);
  return place->second;
}

}  // namespace chainrule
