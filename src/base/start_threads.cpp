// A refused thread is no fault of the program, and no reason to stop: it is remembered, so that somebody can say it.
#include "base/start_threads.h"

#include <algorithm>
#include <mutex>
#include <new>
#include <system_error>

namespace chainrule {
namespace {

std::mutex guard;
ThreadShortage worst;  // guarded by `guard`

}  // namespace

std::jthread start_thread(std::function<void()> body) { return std::jthread(std::move(body)); }

std::vector<std::jthread> start_threads(int count, const std::function<void(int)>& body, const ThreadStarter& start) {
  std::vector<std::jthread> threads;
  threads.reserve(static_cast<std::size_t>(std::max(count, 0)));
  try {
    for (int i = 0; i < count; ++i) threads.push_back(start([body, i] { body(i); }));
    return threads;
  } catch (const std::system_error&) {
  } catch (const std::bad_alloc&) {
  }
  note_thread_shortage(count + 1, static_cast<int>(threads.size()) + 1);
  return threads;
}

ThreadShortage thread_shortage() noexcept {
  const std::lock_guard lock(guard);
  return worst;
}

void note_thread_shortage(int wanted, int started) noexcept {
  const std::lock_guard lock(guard);
  if (wanted - started > worst.wanted - worst.started) worst = {wanted, started};
}

}  // namespace chainrule
