// One owner of a folder at a time, also after crashes, between threads, and where there are no locks.
#include "files/folder_lock.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>
#include <vector>

#include "testing/error_of.h"
#include "testing/own_folder.h"

namespace chainrule {
namespace {

using FolderLocks = OwnFolder;

TEST_F(FolderLocks, TheSecondOwnerIsRefusedWithThePidOfTheFirst) {
  std::optional<FolderLock> first(folder_);
  const Error error = error_of([&] { FolderLock second(folder_); });
  EXPECT_EQ(error.code(), "E0425");
  EXPECT_NE(error.message().find(std::to_string(::getpid())), std::string::npos) << error.message();
  first.reset();
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
  EXPECT_EQ(error_of([&] { FolderLock second(folder_); }).code(), "none");
}

TEST_F(FolderLocks, AMovedLockStillHoldsAndIsGivenBackOnce) {
  FolderLock kept;
  {
    FolderLock first(folder_);
    kept = std::move(first);
  }
  EXPECT_EQ(error_of([&] { FolderLock second(folder_); }).code(), "E0425");
  kept.release();
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(FolderLocks, ALockOfAKilledProcessIsTakenOver) {
  const pid_t child = ::fork();
  if (child == 0) {
    new FolderLock(folder_);
    ::raise(SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(std::filesystem::exists(path(FolderLock::kName)));
  EXPECT_EQ(error_of([&] { FolderLock next(folder_); }).code(), "none");
}

TEST_F(FolderLocks, OneOfManyThreadsOwnsItAtATime) {
  std::atomic<int> owners{0}, most{0}, taken{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 300; ++i) {
        try {
          const FolderLock lock(folder_);
          most = std::max(most.load(), ++owners);
          ++taken;
          --owners;
        } catch (const Error&) {
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 1);
  EXPECT_GT(taken, 0);
}

TEST_F(FolderLocks, AFolderThatCannotBeLockedIsSaid) {
  const FolderLock lock("/proc/self");
  EXPECT_NE(lock.note().find("could not be locked"), std::string::npos) << lock.note();
}

TEST_F(FolderLocks, AFileOfOthersWithTheNameOfTheLockStays) {
  std::ofstream(path(FolderLock::kName)) << "mine";
  EXPECT_EQ(error_of([&] { FolderLock lock(folder_); }).code(), "E0427");
  EXPECT_EQ(std::filesystem::file_size(path(FolderLock::kName)), 4u);
}

TEST_F(FolderLocks, APlantedLinkIsNotFollowed) {
  std::ofstream(path("victim")) << "text";
  std::filesystem::create_symlink("victim", path(FolderLock::kName));
  const FolderLock lock(folder_);
  EXPECT_FALSE(lock.note().empty());
  EXPECT_EQ(std::filesystem::file_size(path("victim")), 4u);
}

}  // namespace
}  // namespace chainrule
