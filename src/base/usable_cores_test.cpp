// A process that may use fewer cores than the machine has counts those.
#include "base/usable_cores.h"

#include <gtest/gtest.h>

#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

namespace chainrule {
namespace {

TEST(UsableCores, AreOfThisMachine) {
  EXPECT_GE(usable_cores(), 1);
  EXPECT_LE(usable_cores(), static_cast<int>(std::thread::hardware_concurrency()));
}

#if defined(__linux__)
TEST(UsableCores, AreThoseTheSystemAllows) {
  std::thread([] {  // the mask is a thread's own
    cpu_set_t allowed, one;
    ASSERT_EQ(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    CPU_ZERO(&one);
    int core = 0;
    while (!CPU_ISSET(core, &allowed)) ++core;
    CPU_SET(core, &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    EXPECT_EQ(usable_cores(), 1);
  }).join();
}
#endif

TEST(UsableCores, LimitsOfControlGroups) {
  EXPECT_EQ(granted_cores("200000 100000\n"), 2.0);
  EXPECT_EQ(granted_cores("50000 100000"), 0.5);
  EXPECT_EQ(granted_cores("150000\n 100000\n"), 1.5);
  for (const char* text : {"max 100000\n", "-1\n 100000\n", "", " ", "200000", "200000 0", "x y", "200000 -5"}) EXPECT_EQ(granted_cores(text), std::nullopt) << text;
}

}  // namespace
}  // namespace chainrule
