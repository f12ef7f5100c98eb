// A file that is read and written is found under every spelling.
#include "files/file_account.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "files/descriptor.h"
#include "testing/error_of.h"
#include "testing/own_folder.h"

namespace chainrule {
namespace {

namespace fs = std::filesystem;

using FileAccounts = OwnFolder;

TEST_F(FileAccounts, EverySpellingOfAFileThatIsReadIsRefused) {
  std::ofstream(path("a")) << "x";
  fs::create_directory(path("sub"));
  fs::create_symlink("a", path("soft"));
  fs::create_hard_link(path("a"), path("hard"));
  for (const char* name : {"a", "./a", "sub/../a", "soft", "hard"}) {
    FileAccount account;
    account.reads("DATA", path("a"));
    account.writes("--output", path(name));
    const Error error = error_of([&] { account.check(); });
    EXPECT_EQ(error.code(), "E0105") << name;
    EXPECT_EQ(error.where(), "--output");
    EXPECT_NE(error.message().find("DATA"), std::string::npos);
  }
}

TEST_F(FileAccounts, OpenDescriptorsCountToo) {
  std::ofstream(path("a")) << "x";
  const Descriptor file = open_file(path("a"), O_RDONLY);
  FileAccount account;
  account.reads_descriptor("standard input", file.get());
  account.writes("--output", path("a"));
  EXPECT_EQ(error_of([&] { account.check(); }).code(), "E0105");
}

TEST_F(FileAccounts, OtherFilesNewNamesFoldersAndDevicesAreFine) {
  std::ofstream(path("a")) << "x";
  std::ofstream(path("b")) << "x";
  FileAccount account;
  account.reads("DATA", path("a"));
  account.reads("MODEL", folder_);
  account.reads("null", "/dev/null");
  account.writes("--output", path("b"));
  account.writes("--svg", path("new"));
  account.writes("--out", folder_);
  account.writes("null", "/dev/null");
  EXPECT_EQ(error_of([&] { account.check(); }).code(), "none");
}

}  // namespace
}  // namespace chainrule
