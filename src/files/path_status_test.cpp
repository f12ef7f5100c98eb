// A question to the file system that fails is an error, not a "no".
#include "files/path_status.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "files/descriptor.h"
#include "files/file_state.h"
#include "testing/error_of.h"
#include "testing/own_folder.h"

namespace chainrule {
namespace {

using PathStatus = OwnFolder;

TEST_F(PathStatus, NothingLiesAtAMissingNameBehindAFileAndBehindADanglingLink) {
  std::ofstream(path("file")) << "text";
  ASSERT_EQ(::symlink("nowhere", path("link").c_str()), 0);
  EXPECT_TRUE(exists(path("file")));
  for (const char* name : {"missing", "file/below", "link", "no/folder"}) EXPECT_FALSE(exists(path(name))) << name;
}

TEST_F(PathStatus, AFailedQuestionIsAnError) {
  std::ofstream(path("file")) << "text";
  ASSERT_EQ(::symlink("loop", path("loop").c_str()), 0);
  EXPECT_EQ(error_of([&] { (void)status_of(path("loop")); }).code(), "E0401");
  EXPECT_EQ(error_of([&] { (void)status_of(path("loop"), "E0421"); }).code(), "E0421");
  EXPECT_EQ(error_of([&] { (void)status_of(path(std::string(300, 'x'))); }).code(), "E0401");
  for (const int error : {EACCES, EIO, ESTALE}) {
    fail_file_call(1, error);
    EXPECT_EQ(error_of([&] { (void)exists(path("file")); }).code(), "E0401") << error;
  }
  fail_file_call(1, EINTR);
  EXPECT_TRUE(exists(path("file")));
  fail_file_call(0, 0);
}

TEST_F(PathStatus, AFileThatCannotBeLookedAtAgainIsNoChangedFile) {
  std::ofstream(path("file")) << "text";
  const Descriptor file = open_file(path("file"), O_RDONLY);
  const FileState before = FileState::of(file.get());
  before.check_unchanged(file.get(), "file", "E0341");
  EXPECT_EQ(error_of([&] { before.check_unchanged(-1, "file", "E0341"); }).code(), "E0424");
  std::ofstream(path("file"), std::ios::app) << "more";
  const Error changed = error_of([&] { before.check_unchanged(file.get(), "file", "E0341"); });
  EXPECT_EQ(changed.code(), "E0341");
  EXPECT_NE(changed.message().find("4 bytes at first, then 8"), std::string::npos) << changed.message();
}

}  // namespace
}  // namespace chainrule
