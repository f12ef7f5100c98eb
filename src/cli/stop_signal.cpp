// A signal handler that sets a flag once and then gives the signals back to the system.
#include "stop_signal.h"

#include <csignal>
#include <unistd.h>

namespace chainrule::cli {
namespace {

std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

extern "C" void on_stop(int) {
  stop_requested.store(true, std::memory_order_relaxed);
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  static constexpr char kText[] = "\nstopping after this step, with a checkpoint; once more ends at once\n";
  if (::isatty(STDERR_FILENO)) static_cast<void>(!::write(STDERR_FILENO, kText, sizeof kText - 1));
}

}  // namespace

const std::atomic<bool>& watch_stop_signals() noexcept {
  struct sigaction action {};
  action.sa_handler = on_stop;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  return stop_requested;
}

}  // namespace chainrule::cli
