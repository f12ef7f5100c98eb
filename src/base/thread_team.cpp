// The thread team: one start counter, one barrier, both waited for by spinning first, yielding now and then, and sleeping after.
#include "base/thread_team.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <mutex>

#include "base/usable_cores.h"

#if defined(__linux__)
#include <sched.h>
#endif

namespace chainrule {
namespace {

// Between two phases of a step others arrive within microseconds; a sleep costs tens of them to wake from.
constexpr int kSpins = 4000;
constexpr int kSpinsPerYield = 256;  // the one waited for may have been put on this very core: then it runs now

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kBetweenMoves{1};

void pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

int core_now() noexcept {
#if defined(__linux__)
  return sched_getcpu();
#else
  return -1;
#endif
}

/// Moves the calling thread to a core without a member, if it may run on one; afterwards it may run where it was allowed to before.
void move_away([[maybe_unused]] const std::vector<std::atomic<int>>& cores) noexcept {
#if defined(__linux__)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  cpu_set_t free = allowed;
  for (const std::atomic<int>& core : cores) CPU_CLR(core.load(std::memory_order_relaxed), &free);
  if (CPU_COUNT(&free) > 0 && sched_setaffinity(0, sizeof free, &free) == 0) sched_setaffinity(0, sizeof allowed, &allowed);
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
  std::vector<std::atomic<int>> cores;  ///< where each member runs; written only when that changes, so that reading costs nothing

  bool runs_on(int member, int core) const noexcept { return cores[static_cast<std::size_t>(member)].load(std::memory_order_relaxed) == core; }

  void say_core(int member, int core) noexcept {
    if (!runs_on(member, core)) cores[static_cast<std::size_t>(member)].store(core, std::memory_order_relaxed);
  }

  /// The system wakes a thread on the core of its waker and may leave both there for tens of milliseconds, as each seems idle half of the time. The
  /// member with the higher number goes then, but not again before `next_move`: where other programs fill the remaining cores, staying was right. The
  /// caller's thread (member 0) is never touched.
  void leave_shared_core(int member, Clock::time_point& next_move) noexcept {
    const int core = core_now();
    say_core(member, core);
    for (int other = 0; core >= 0 && spins > 0 && other < member; ++other) {
      if (!runs_on(other, core)) continue;
      const Clock::time_point now = Clock::now();
      if (now < next_move) return;
      next_move = now + kBetweenMoves;
      move_away(cores);
      say_core(member, core_now());
      return;
    }
  }

  void wait_while(const std::atomic<std::uint32_t>& counter, std::uint32_t old) const noexcept {
    for (int i = 1; i <= spins; ++i) {
      if (counter.load(std::memory_order_acquire) != old) return;
      pause();
      if (i % kSpinsPerYield == 0) std::this_thread::yield();
    }
    counter.wait(old, std::memory_order_acquire);
  }
};

ThreadTeam::ThreadTeam(int size, const ThreadStarter& start) : size_(std::max(size, 1)), state_(std::make_unique<State>()) {
  // More members than cores: whoever spins keeps the one it waits for from running.
  if (size_ > usable_cores()) state_->spins = 0;
  state_->cores = std::vector<std::atomic<int>>(static_cast<std::size_t>(size_));
  for (std::atomic<int>& core : state_->cores) core = -1;
  threads_ = start_threads(size_ - 1, [this](int i) { serve(i + 1); }, start);
  size_ = 1 + static_cast<int>(threads_.size());  // members read it after the first run() has begun
}

ThreadTeam::~ThreadTeam() {
  state_->quit = true;
  state_->start.fetch_add(1, std::memory_order_release);
  state_->start.notify_all();
  threads_.clear();
}

void ThreadTeam::serve(int member) noexcept {
  Clock::time_point next_move{};
  for (std::uint32_t seen = 0;; ++seen) {
    state_->wait_while(state_->start, seen);
    if (state_->quit) return;
    state_->leave_shared_core(member, next_move);
    state_->body(state_->context, member);
    barrier();
  }
}

void ThreadTeam::run(void (*body)(void* context, int member), void* context) noexcept {
  alone_ = false;
  if (size_ > 1) {
    state_->say_core(0, core_now());
    state_->body = body;
    state_->context = context;
    state_->start.fetch_add(1, std::memory_order_release);
    state_->start.notify_all();
  }
  body(context, 0);
  barrier();
}

void ThreadTeam::run_alone(void (*body)(void* context, int member), void* context) noexcept {
  alone_ = true;
  body(context, 0);
}

void ThreadTeam::barrier() noexcept {
  if (running() == 1) return;
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

double median_empty_run(ThreadTeam& team) {
  std::array<double, 65> seconds;
  for (double& one : seconds) {
    const Clock::time_point begin = Clock::now();
    team.run([](void*, int) {}, nullptr);
    one = std::chrono::duration<double>(Clock::now() - begin).count();
  }
  std::nth_element(seconds.begin(), seconds.begin() + seconds.size() / 2, seconds.end());
  return seconds[seconds.size() / 2];
}

/// Looks again where members seem not to have run: another program, or another guest of the machine, had their cores just then. A plan may live long.
double measure_empty_runs(int size) {
  constexpr int kLooks = 4;
  constexpr double kUsual = 5e-6;  // a few cache lines between cores take less, whatever the machine
  ThreadTeam team(size);
  double least = median_empty_run(team);
  for (int look = 1; look < kLooks && least > kUsual; ++look) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    least = std::min(least, median_empty_run(team));
  }
  return least;
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
