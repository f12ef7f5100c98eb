// Tests of starting threads where the system gives fewer than wanted.
#include "base/start_threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <new>
#include <system_error>

#include "base/thread_team.h"

namespace chainrule {
namespace {

/// Starts `given` threads and throws from then on.
template <class Fault>
ThreadStarter scarce(int given, Fault fault) {
  return [left = given, fault](std::function<void()> body) mutable {
    if (left-- <= 0) throw fault;
    return std::jthread(std::move(body));
  };
}

const std::system_error kRefused(std::make_error_code(std::errc::resource_unavailable_try_again));

TEST(StartThreads, ThoseThatStartedRunAndAreJoined) {
  for (int given : {0, 2, 5}) {
    std::atomic<int> sum = 0;
    start_threads(5, [&](int i) { sum += 1 << i; }, scarce(given, kRefused));
    EXPECT_EQ(sum, (1 << given) - 1) << given;
  }
}

TEST(StartThreads, TheWorstShortageIsRemembered) {
  start_threads(100, [](int) {}, scarce(2, kRefused));
  start_threads(7, [](int) {}, scarce(0, kRefused));
  EXPECT_EQ(thread_shortage().wanted, 101);
  EXPECT_EQ(thread_shortage().started, 3);
}

template <class Fault>
void expect_whole_runs(int given, Fault fault) {
  ThreadTeam team(6, scarce(given, fault));
  EXPECT_EQ(team.size(), given + 1);
  std::vector<int> visits(6);
  struct Work {
    ThreadTeam& team;
    std::vector<int>& visits;
  } work{team, visits};
  for (int repeat = 0; repeat < 20; ++repeat) {
    team.run(
        [](void* context, int member) {
          Work& of = *static_cast<Work*>(context);
          ++of.visits[static_cast<std::size_t>(member)];
          of.team.barrier();
        },
        &work);
  }
  for (int member = 0; member < 6; ++member) EXPECT_EQ(visits[static_cast<std::size_t>(member)], member <= given ? 20 : 0) << given;
}

TEST(StartThreads, ATeamWorksWithTheMembersThatCouldBeStarted) {
  for (int given : {0, 1, 2, 4}) expect_whole_runs(given, kRefused);
  expect_whole_runs(2, std::bad_alloc());
}

}  // namespace
}  // namespace chainrule
