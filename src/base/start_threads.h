// The one place that starts threads: where the system gives fewer than wanted, work goes on with those that it gave.
#pragma once

#include <functional>
#include <thread>
#include <vector>

namespace chainrule {

/// What starts a thread: throws where there is none to be had, as std::jthread does. Tests give their own.
using ThreadStarter = std::function<std::jthread(std::function<void()>)>;
std::jthread start_thread(std::function<void()> body);

/// Threads that run body(0), body(1), ... up to `count`; fewer where the system refuses one (its limits, no memory). Nothing that the
/// program computes may depend on their number. They are joined when the list goes.
std::vector<std::jthread> start_threads(int count, const std::function<void(int)>& body, const ThreadStarter& start = start_thread);

/// The worst that start_threads() met in this process; the thread that asked for helpers counts as one.
struct ThreadShortage {
  int wanted = 0, started = 0;
};
ThreadShortage thread_shortage() noexcept;
/// For the one who starts a thread by other means (std::async).
void note_thread_shortage(int wanted, int started) noexcept;

}  // namespace chainrule
