// Files appear whole or not at all, with the rights of the one they replace, wherever links lead.
#include "files/file_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>

#include "files/atomic_file.h"
#include "testing/error_of.h"
#include "testing/own_folder.h"

namespace chainrule {
namespace {

namespace fs = std::filesystem;

class FileWriterTest : public OwnFolder {
 protected:
  static std::string bytes_of(const std::string& path) { return read_file(path, {SIZE_MAX / 2, "E0401", "", "", nullptr}); }
  static mode_t mode_of(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
  }
  std::size_t entries() const { return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), {})); }
};

TEST_F(FileWriterTest, NothingIsLeftWithoutFinish) {
  write_file_atomically(path("a"), "old");
  {
    FileWriter file(path("a"));
    file.write(std::string(200'000, 'x'));
  }
  EXPECT_EQ(bytes_of(path("a")), "old");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(FileWriterTest, ManySmallWritesAndLargeOnesComeOutInOrder) {
  std::string expected;
  FileWriter file(path("a"));
  for (int i = 0; i < 3000; ++i) {
    const std::string piece(static_cast<std::size_t>(i % 977 == 0 ? 100'000 : i % 50), static_cast<char>('a' + i % 26));
    file.write(piece);
    expected += piece;
  }
  EXPECT_EQ(file.read_back(), expected);
  file.finish();
  EXPECT_EQ(bytes_of(path("a")), expected);
}

TEST_F(FileWriterTest, TheNewFileHasTheRightsOfTheOldOne) {
  for (const mode_t mode : {0600, 0640, 0660, 0755, 0200}) {
    write_file_atomically(path("a"), "old");
    ASSERT_EQ(::chmod(path("a").c_str(), mode), 0);
    write_file_atomically(path("a"), "new");
    EXPECT_EQ(mode_of(path("a")), mode);
  }
}

TEST_F(FileWriterTest, TheOwnerIsKeptWherePossible) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may give files away";
  write_file_atomically(path("a"), "old");
  ASSERT_EQ(::chown(path("a").c_str(), 1234, 4321), 0);
  write_file_atomically(path("a"), "new");
  struct stat info {};
  ASSERT_EQ(::stat(path("a").c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, 1234u);
  EXPECT_EQ(info.st_gid, 4321u);
}

TEST_F(FileWriterTest, AWriteProtectedFileIsRefusedAlsoToRoot) {
  for (const mode_t mode : {0444, 0400, 0000, 0555}) {
    write_file_atomically(path("a" + std::to_string(mode)), "old");
    ASSERT_EQ(::chmod(path("a" + std::to_string(mode)).c_str(), mode), 0);
    const Error error = error_of([&] { FileWriter file(path("a" + std::to_string(mode))); });
    EXPECT_EQ(error.code(), "E0421");
    EXPECT_NE(error.message().find("write-protected"), std::string::npos) << error.message();
  }
}

TEST_F(FileWriterTest, ADanglingLinkLeadsToItsTargetAsALiveOneDoes) {
  fs::create_directory(path("sub"));
  fs::create_symlink("sub/target", path("link"));
  write_file_atomically(path("link"), "one");
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(bytes_of(path("sub/target")), "one");
  write_file_atomically(path("link"), "two");
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(bytes_of(path("sub/target")), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(path("sub")), {}), 1);
}

TEST_F(FileWriterTest, ALinkThatAnotherUserPlantedIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may give links away";
  write_file_atomically(path("victim"), "old");
  fs::create_directory(path("open"));
  ASSERT_EQ(::chmod(path("open").c_str(), 01777), 0);
  fs::create_symlink("../victim", path("open/a"));
  ASSERT_EQ(::lchown(path("open/a").c_str(), 1234, 1234), 0);
  EXPECT_EQ(error_of([&] { write_file_atomically(path("open/a"), "new"); }).code(), "E0421");
  EXPECT_EQ(bytes_of(path("victim")), "old");
  ASSERT_EQ(::lchown(path("open/a").c_str(), 0, 0), 0);
  write_file_atomically(path("open/a"), "new");
  EXPECT_EQ(bytes_of(path("victim")), "new");
}

TEST_F(FileWriterTest, EvilPathsAreE0421WithTheReason) {
  fs::create_symlink("loop", path("loop"));
  std::ofstream(path("file")) << "x";
  const std::string evil[] = {path("loop"), path("loop/a"), path(std::string(300, 'n')), folder_ + std::string(6000, '/') + "a/" + std::string(6000, 'n'),
                              path("file/a"), path("no/a"), folder_, path("a/")};
  for (const std::string& name : evil) {
    const Error error = error_of([&] { FileWriter file(name); });
    EXPECT_EQ(error.code(), "E0421") << name.substr(0, 80);
    EXPECT_FALSE(error.hint().empty());
  }
  EXPECT_EQ(entries(), 2u);
}

TEST_F(FileWriterTest, AnOpenDescriptorIsWrittenToWhereItStands) {
  std::ofstream(path("log")) << "before\n";
  const Descriptor log = open_file(path("log"), O_WRONLY | O_APPEND);
  FileWriter file("/dev/fd/" + std::to_string(log.get()));
  file.write("after\n");
  file.finish();
  EXPECT_EQ(bytes_of(path("log")), "before\nafter\n");
  EXPECT_EQ(error_of([] { FileWriter missing("/dev/fd/987"); }).code(), "E0421");
}

TEST_F(FileWriterTest, AFullDiskIsE0422) {
  FileWriter file("/dev/full");
  file.write("x");
  EXPECT_EQ(error_of([&] { file.finish(); }).code(), "E0422");
}

TEST_F(FileWriterTest, AReaderThatHasGoneIsNoErrorOfFiles) {
  int ends[2];
  std::signal(SIGPIPE, SIG_IGN);  // as the program does
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  FileWriter file("/dev/fd/" + std::to_string(ends[1]));
  file.write("x");
  EXPECT_THROW(file.finish(), ReaderGone);
  ::close(ends[1]);
}

}  // namespace
}  // namespace chainrule
