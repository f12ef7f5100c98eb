// A signal handler that sets a flag and, when signals go on, gives them back to the system.
#include "stop_signal.h"

#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>

namespace chainrule::cli {
namespace {

constexpr int kStopSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGXCPU, SIGUSR1};
constexpr std::int64_t kSecondCounts = 100'000'000;  // ns after the first

std::atomic<bool> stop_requested{false};
std::atomic<std::int64_t> first_signal{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<std::int64_t>::is_always_lock_free,
              "a signal handler may only touch lock-free atomics");

std::int64_t nanoseconds() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void end_at_once(int number) noexcept {
  std::signal(number, SIG_DFL);
  std::raise(number);  // delivered when the handler returns
}

extern "C" void on_stop(int number) {
  const int error = errno;  // of the call that was interrupted
  std::int64_t first = 0;
  if (!first_signal.compare_exchange_strong(first, nanoseconds())) {
    if (nanoseconds() - first >= kSecondCounts) end_at_once(number);
  } else {
    stop_requested.store(true, std::memory_order_relaxed);
    static constexpr char kText[] = "\nstopping after this step; once more ends at once\n";
    if (::isatty(STDERR_FILENO)) static_cast<void>(!::write(STDERR_FILENO, kText, sizeof kText - 1));
  }
  errno = error;
}

bool is_ignored(int number) noexcept {
  struct sigaction old {};
  return ::sigaction(number, nullptr, &old) == 0 && old.sa_handler == SIG_IGN;
}

}  // namespace

const std::atomic<bool>& watch_stop_signals() noexcept {
  struct sigaction action {};
  action.sa_handler = on_stop;
  for (const int number : kStopSignals) {
    if (!is_ignored(number)) ::sigaction(number, &action, nullptr);
  }
  return stop_requested;
}

void ignore_write_signals() noexcept {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

}  // namespace chainrule::cli
