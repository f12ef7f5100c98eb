// Atomic writing under failures injected at every system call, and reading of files, pipes and folders.
#include "files/atomic_file.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "chainrule/error.h"
#include "files/descriptor.h"
#include "testing/error_of.h"
#include "testing/own_folder.h"

namespace chainrule {
namespace {

namespace fs = std::filesystem;
constexpr FileLimit kAny = {std::size_t{1} << 30, "E0402", "no test writes so much", "write less"};

class AtomicFile : public OwnFolder {
 protected:
  void TearDown() override { fail_file_call(0, 0); }
  std::size_t entries() const { return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), {})); }
};

TEST_F(AtomicFile, WritesAndReplacesAndReadsBack) {
  write_file_atomically(path("a"), "one");
  EXPECT_EQ(read_file(path("a"), kAny), "one");
  write_file_atomically(path("a"), std::string(3'000'000, 'x'));
  EXPECT_EQ(read_file(path("a"), kAny), std::string(3'000'000, 'x'));
  write_file_atomically(path("a"), "");
  EXPECT_EQ(read_file(path("a"), kAny), "");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(AtomicFile, FailureAtEveryCallKeepsAWholeFileAndLeavesNoTemporary) {
  for (const int number : {ENOSPC, EIO, EACCES, EROFS}) {
    write_file_atomically(path("a"), "old");
    int failures = 0;
    for (int call = 1;; ++call) {
      fail_file_call(call, number);
      const Error error = error_of([&] { write_file_atomically(path("a"), "new"); });
      fail_file_call(0, 0);
      EXPECT_EQ(entries(), 1u) << "call " << call;
      if (error.code() == "none") break;
      ++failures;
      EXPECT_TRUE(error.code() == "E0421" || error.code() == "E0422" || error.code() == "E0423") << error.code();
      EXPECT_NE(error.message().find(std::strerror(number)), std::string::npos) << error.message();
      EXPECT_FALSE(error.hint().empty());
      EXPECT_EQ(error.where(), path("a"));
      const std::string content = read_file(path("a"), kAny);
      const bool replaced = error.message().find("in place") != std::string::npos;  // only the flush of the folder failed
      EXPECT_EQ(content, replaced ? "new" : "old") << "call " << call;
      ASSERT_LT(call, 50);
    }
    EXPECT_GE(failures, 6);  // open, write, fsync, rename, open folder, fsync folder
    EXPECT_EQ(read_file(path("a"), kAny), "new");
  }
}

TEST_F(AtomicFile, InterruptedCallsAreMadeAgain) {
  for (int call = 1; call <= 8; ++call) {
    fail_file_call(call, EINTR);
    write_file_atomically(path("a"), "text " + std::to_string(call));
    fail_file_call(0, 0);
    EXPECT_EQ(read_file(path("a"), kAny), "text " + std::to_string(call));
  }
  for (int call = 1; call <= 4; ++call) {
    fail_file_call(call, EINTR);
    EXPECT_EQ(read_file(path("a"), kAny), "text 8");
  }
}

TEST_F(AtomicFile, FullDiskIsE0422WithHint) {
  const Error error = error_of([&] { write_file_atomically("/dev/full", "text"); });
  EXPECT_EQ(error.code(), "E0422");
  EXPECT_NE(error.hint().find("disk is full"), std::string::npos);
}

TEST_F(AtomicFile, FailingReadsNameTheFile) {
  write_file_atomically(path("a"), "text");
  std::vector<std::string> codes;
  for (int call = 1; call <= 3; ++call) {
    fail_file_call(call, EIO);
    codes.push_back(error_of([&] { read_file(path("a"), kAny); }).code());
  }
  EXPECT_EQ(codes, (std::vector<std::string>{"E0401", "E0424", "E0424"}));
}

TEST_F(AtomicFile, MissingFileAndFolderAreE0401) {
  const Error missing = error_of([&] { read_file(path("none"), kAny); });
  EXPECT_EQ(missing.code(), "E0401");
  EXPECT_EQ(missing.hint().find("folder in it"), std::string::npos) << missing.hint();
  const Error folder = error_of([&] { read_file(folder_, kAny); });
  EXPECT_EQ(folder.code(), "E0401");
  EXPECT_NE(folder.message().find("directory"), std::string::npos) << folder.message();
}

TEST_F(AtomicFile, TargetThatIsAFolderIsRefused) {
  make_folder(path("sub"));
  EXPECT_EQ(error_of([&] { write_file_atomically(path("sub"), "x"); }).code(), "E0421");
  EXPECT_EQ(error_of([&] { write_file_atomically(path("sub/"), "x"); }).code(), "E0421");
  EXPECT_EQ(error_of([&] { write_file_atomically(path("new/"), "x"); }).code(), "E0421");
  EXPECT_EQ(error_of([&] { write_file_atomically("", "x"); }).code(), "E0421");
}

TEST_F(AtomicFile, MissingFolderIsE0421) {
  const Error error = error_of([&] { write_file_atomically(path("no/such/file"), "x"); });
  EXPECT_EQ(error.code(), "E0421");
  EXPECT_NE(error.hint().find("does not exist"), std::string::npos);
}

TEST_F(AtomicFile, ReadOnlyFolderIsE0421) {
  fs::permissions(folder_, fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
  const bool root = ::geteuid() == 0;  // root may write everywhere: be nobody for a moment
  if (root && ::seteuid(65534) != 0) GTEST_SKIP() << "root that cannot change its user";
  const Error error = error_of([&] { write_file_atomically(path("a"), "x"); });
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  EXPECT_EQ(error.code(), "E0421");
  EXPECT_NE(error.hint().find("permissions"), std::string::npos) << error.hint();
}

TEST_F(AtomicFile, FoldersAreMadeWithAllTheirParents) {
  std::string deep = folder_;
  for (int i = 0; i < 60; ++i) deep += "/level" + std::to_string(i);
  make_folder(deep);
  EXPECT_TRUE(fs::is_directory(deep));
  make_folder(deep);
  make_folder(path("b/c/"));
  EXPECT_TRUE(fs::is_directory(path("b/c")));
  write_file_atomically(deep + "/a", "deep");
  EXPECT_EQ(read_file(deep + "/a", kAny), "deep");
  EXPECT_EQ(error_of([&] { make_folder(deep + "/a"); }).code(), "E0421");
  EXPECT_EQ(error_of([&] { make_folder(deep + "/a/b"); }).code(), "E0421");
}

TEST_F(AtomicFile, AFolderThatCannotBeMadeSaysWhatIsInItsPlace) {
  fs::create_symlink(path("loop"), path("loop"));
  fs::create_symlink(path("nowhere"), path("dangling"));
  std::ofstream(path("file")) << "x";
  const std::pair<std::string, int> folders[] = {{path("loop"), ELOOP}, {path("loop/run"), ELOOP}, {path("file"), ENOTDIR}, {path("file/run"), ENOTDIR},
                                                 {path("dangling"), ENOENT}, {path(std::string(300, 'n')), ENAMETOOLONG}};
  for (const auto& [folder, why] : folders) {
    const Error error = error_of([&] { make_folder(folder); });
    EXPECT_EQ(error.code(), "E0421") << folder;
    EXPECT_NE(error.message().find(std::strerror(why)), std::string::npos) << error.message();
  }
}

TEST_F(AtomicFile, LongestFileNameIsWritten) {
  const std::string name(255, 'n');
  write_file_atomically(path(name), "x");
  EXPECT_EQ(read_file(path(name), kAny), "x");
  EXPECT_EQ(error_of([&] { write_file_atomically(path(name + "n"), "x"); }).code(), "E0421");
}

TEST_F(AtomicFile, LinkKeepsPointingToTheReplacedFile) {
  write_file_atomically(path("a"), "old");
  fs::create_symlink(path("a"), path("link"));
  write_file_atomically(path("link"), "new");
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(read_file(path("a"), kAny), "new");
}

TEST_F(AtomicFile, PipesAreReadAndWritten) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  const std::string text(1'000'000, 'p');
  std::thread writer([&] { write_file_atomically(path("pipe"), text); });
  EXPECT_EQ(read_file(path("pipe"), kAny), text);
  writer.join();
  EXPECT_EQ(read_file("/proc/self/cmdline", kAny).empty(), false);  // a regular file that claims to have no bytes
}

TEST_F(AtomicFile, TemporaryOfAKilledProcessIsRemovedByTheNextWrite) {
  std::ofstream(path(".a.tmp-999999-0")) << "half a fi";
  std::ofstream(path(".b.tmp-999999-0")) << "of another file";
  write_file_atomically(path("a"), "new");
  EXPECT_FALSE(fs::exists(path(".a.tmp-999999-0")));
  EXPECT_TRUE(fs::exists(path(".b.tmp-999999-0")));
}

TEST_F(AtomicFile, ReplaceMovesOrNamesBothFiles) {
  write_file_atomically(path("a"), "A");
  write_file_atomically(path("b"), "B");
  replace_file(path("a"), path("b"));
  EXPECT_EQ(read_file(path("b"), kAny), "A");
  EXPECT_EQ(entries(), 1u);
  const Error error = error_of([&] { replace_file(path("a"), path("b")); });
  EXPECT_EQ(error.code(), "E0423");
  EXPECT_NE(error.message().find("\"a\""), std::string::npos);
}

std::string changed_path;  // of the file that the judge below changes when its first bytes have been read

TEST_F(AtomicFile, AFileThatChangesWhileItIsReadIsE0424) {
  FileLimit limit = kAny;
  changed_path = path("a");
  for (const auto change : {+[](std::string_view, const std::string&) { fs::resize_file(changed_path, 20); },
                            +[](std::string_view, const std::string&) { std::ofstream(changed_path, std::ios::app) << "more"; }}) {
    write_file_atomically(path("a"), std::string(3'000'000, 'x'));
    limit.judge = change;
    const Error error = error_of([&] { read_file(path("a"), limit); });
    EXPECT_EQ(error.code(), "E0424");
    EXPECT_NE(error.message().find("changed while it was read"), std::string::npos) << error.message();
  }
  limit.judge = [](std::string_view, const std::string&) { fs::remove(changed_path); };
  write_file_atomically(path("a"), "text that stays");
  EXPECT_EQ(read_file(path("a"), limit), "text that stays");
}

TEST_F(AtomicFile, AFileAboveItsLimitIsTheLimitsErrorAlsoWithoutAKnownSize) {
  const FileLimit limit = {std::size_t{2} << 20, "E0104", "a config file is short", "look"};
  write_file_atomically(path("a"), std::string(std::size_t{2} << 20, 'x'));
  EXPECT_EQ(read_file(path("a"), limit).size(), std::size_t{2} << 20);
  write_file_atomically(path("a"), std::string((std::size_t{2} << 20) + 1, 'x'));
  for (const std::string& large : {path("a"), std::string("/dev/zero")}) {
    const Error error = error_of([&] { read_file(large, limit); });
    EXPECT_EQ(error.code(), "E0104");
    EXPECT_EQ(error.message(), "is larger than 2 MB; a config file is short");
  }
}

TEST_F(AtomicFile, ASetFlagEndsReadingWithE0590) {
  write_file_atomically(path("a"), "text");
  const std::atomic<bool> stop{true};
  EXPECT_EQ(error_of([&] { read_file(path("a"), kAny, &stop); }).code(), "E0590");
}

}  // namespace
}  // namespace chainrule
