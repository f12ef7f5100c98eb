// Tests of the thread team: everyone runs, barriers order memory, more members than cores still finish.
#include "base/thread_team.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace chainrule {
namespace {

struct Work {
  ThreadTeam* team;
  std::vector<int> visits, sums;
};

void visit(void* context, int member) {
  Work& work = *static_cast<Work*>(context);
  for (int round = 0; round < 20; ++round) {
    work.visits[static_cast<std::size_t>(member)] += member + round;  // own slot only
    work.team->barrier();
    const int sum = std::accumulate(work.visits.begin(), work.visits.end(), 0);  // reads everybody's slot
    work.team->barrier();
    work.sums[static_cast<std::size_t>(member)] = sum;
  }
}

TEST(ThreadTeam, BarriersMakeEveryMembersWritesVisible) {
  for (int size : {1, 2, 3, 7}) {
    ThreadTeam team(size);
    Work work{&team, std::vector<int>(static_cast<std::size_t>(size)),
              std::vector<int>(static_cast<std::size_t>(size))};
    for (int repeat = 1; repeat <= 30; ++repeat) {
      team.run(visit, &work);
      const int expected = repeat * (20 * size * (size - 1) / 2 + size * 190);
      for (int sum : work.sums) ASSERT_EQ(sum, expected) << size << " members, run " << repeat;
    }
  }
}

TEST(ThreadTeam, SizeBelowOneIsOneMember) {
  ThreadTeam team(0);
  int calls = 0;
  team.run([](void* context, int member) { *static_cast<int*>(context) += 1 + member; }, &calls);
  EXPECT_EQ(team.size(), 1);
  EXPECT_EQ(calls, 1);
}

TEST(ThreadTeam, SleepingMembersWakeForTheNextRun) {
  ThreadTeam team(2);
  std::atomic<int> calls{0};
  for (int repeat = 0; repeat < 3; ++repeat) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    team.run([](void* context, int) { ++*static_cast<std::atomic<int>*>(context); }, &calls);
  }
  EXPECT_EQ(calls, 6);
}

TEST(ThreadTeam, WhatAnEmptyRunCostsIsMeasuredOnce) {
  EXPECT_EQ(seconds_of_empty_run(1), 0);
  const double first = seconds_of_empty_run(2);
  EXPECT_GT(first, 0);
  EXPECT_EQ(seconds_of_empty_run(2), first);
}

TEST(ThreadTeam, UnusedTeamEndsQuietly) {
  for (int repeat = 0; repeat < 50; ++repeat) ThreadTeam team(3);
}

}  // namespace
}  // namespace chainrule
