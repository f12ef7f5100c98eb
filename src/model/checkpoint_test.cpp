// Checkpoints survive failing calls, kills at any moment and damage to one generation.
#include "model/checkpoint.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "files/atomic_file.h"
#include "files/descriptor.h"
#include "chainrule/error.h"
#include "model/example_model.h"
#include "model/tensor_file.h"
#include "testing/error_of.h"
#include "testing/own_folder.h"

namespace chainrule::model {
namespace {

namespace fs = std::filesystem;

class Checkpoints : public OwnFolder {
 protected:
  void TearDown() override { fail_file_call(0, 0); }
  void damage(const std::string& name) const { fs::resize_file(path(name), fs::file_size(path(name)) / 2); }
};

TEST_F(Checkpoints, RoundTripIsExact) {
  const Checkpoint checkpoint = example_checkpoint(3);
  const std::string bytes = format_checkpoint(checkpoint);
  const Checkpoint back = parse_checkpoint(bytes, "c");
  EXPECT_EQ(format_checkpoint(back), bytes);
  EXPECT_EQ(back.model.parameters, checkpoint.model.parameters);
  EXPECT_EQ(back.optimizer_state, checkpoint.optimizer_state);
  EXPECT_EQ(back.best_parameters, checkpoint.best_parameters);
  EXPECT_EQ(back.best_averaged, checkpoint.best_averaged);
  EXPECT_EQ(back.settings, checkpoint.settings);
  EXPECT_EQ(back.trainer_state, checkpoint.trainer_state);
  EXPECT_EQ(back.epoch, checkpoint.epoch);
  EXPECT_EQ(back.step, checkpoint.step);
  EXPECT_EQ(back.data_path, checkpoint.data_path);
  EXPECT_EQ(back.data_digest, checkpoint.data_digest);
}

TEST_F(Checkpoints, NothingOptionalNeedsToBeThere) {
  Checkpoint checkpoint = example_checkpoint(0);
  checkpoint.optimizer_state.clear();
  checkpoint.best_parameters.clear();
  checkpoint.best_averaged.clear();
  checkpoint.model.averaged.clear();
  EXPECT_EQ(format_checkpoint(parse_checkpoint(format_checkpoint(checkpoint), "c")), format_checkpoint(checkpoint));
}

TEST_F(Checkpoints, TwoGenerationsAreKept) {
  for (std::uint64_t epoch = 1; epoch <= 3; ++epoch) save_checkpoint(folder_, example_checkpoint(epoch));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 2);
  EXPECT_EQ(load_newest_checkpoint(folder_).checkpoint.epoch, 3u);
  EXPECT_EQ(parse_checkpoint(read_tensor_bytes(path("checkpoint.previous.safetensors")), "p").epoch, 2u);
}

TEST_F(Checkpoints, DamagedNewestFallsBackAndSaysSo) {
  save_checkpoint(folder_, example_checkpoint(1));
  save_checkpoint(folder_, example_checkpoint(2));
  damage("checkpoint.safetensors");
  const LoadedCheckpoint loaded = load_newest_checkpoint(folder_);
  EXPECT_EQ(loaded.checkpoint.epoch, 1u);
  EXPECT_EQ(loaded.path, path("checkpoint.previous.safetensors"));
  ASSERT_EQ(loaded.notes.size(), 1u);
  EXPECT_NE(loaded.notes[0].find("checkpoint.safetensors cannot be used (E04"), std::string::npos) << loaded.notes[0];
  // The damaged file becomes the previous generation, yet at every moment a whole one exists.
  save_checkpoint(folder_, example_checkpoint(3));
  EXPECT_EQ(load_newest_checkpoint(folder_).checkpoint.epoch, 3u);
}

TEST_F(Checkpoints, AGenerationThatCannotBeOpenedIsNotCalledDamaged) {
  save_checkpoint(folder_, example_checkpoint(1));
  save_checkpoint(folder_, example_checkpoint(2));
  for (const int number : {EMFILE, EACCES, ENFILE}) {
    fail_file_call(1, number);
    const Error error = error_of([&] { load_newest_checkpoint(folder_); });
    EXPECT_EQ(error.code(), "E0401") << number;
    EXPECT_EQ(load_newest_checkpoint(folder_).checkpoint.epoch, 2u);
  }
}

TEST_F(Checkpoints, NoUsableGenerationIsE0415WithTheReasons) {
  EXPECT_EQ(error_of([&] { load_newest_checkpoint(folder_); }).code(), "E0415");
  save_checkpoint(folder_, example_checkpoint(1));
  save_checkpoint(folder_, example_checkpoint(2));
  damage("checkpoint.safetensors");
  damage("checkpoint.previous.safetensors");
  const Error error = error_of([&] { load_newest_checkpoint(folder_); });
  EXPECT_EQ(error.code(), "E0415");
  EXPECT_NE(error.message().find("checkpoint.previous.safetensors"), std::string::npos);
}

TEST_F(Checkpoints, FailureAtEveryCallLeavesTheOldOrTheNewGeneration) {
  for (const int number : {ENOSPC, EIO}) {
    for (int call = 1;; ++call) {
      fs::remove_all(folder_);
      fs::create_directory(folder_);
      save_checkpoint(folder_, example_checkpoint(1));
      save_checkpoint(folder_, example_checkpoint(2));
      fail_file_call(call, number);
      const Error error = error_of([&] { save_checkpoint(folder_, example_checkpoint(3)); });
      fail_file_call(0, 0);
      const std::uint64_t epoch = load_newest_checkpoint(folder_).checkpoint.epoch;
      if (error.code() == "none") {
        EXPECT_EQ(epoch, 3u);
        EXPECT_GE(call, 10);  // two renames, each with a flush, behind the atomic write
        break;
      }
      EXPECT_EQ(error.kind(), ErrorKind::file);
      EXPECT_TRUE(epoch == 2 || epoch == 3) << "call " << call;
      save_checkpoint(folder_, example_checkpoint(4));  // and the run can go on
      EXPECT_EQ(load_newest_checkpoint(folder_).checkpoint.epoch, 4u);
      ASSERT_LT(call, 50);
    }
  }
}

/// Writes checkpoints until it is killed; never returns.
[[noreturn]] void write_until_killed(const std::string& folder, int pipe) {
  for (std::uint64_t epoch = 1;; ++epoch) {
    save_checkpoint(folder, example_checkpoint(epoch, 200));
    if (::write(pipe, &epoch, sizeof epoch) != sizeof epoch) ::_exit(1);
  }
}

TEST_F(Checkpoints, KilledAtAnyMomentAWholeGenerationIsLeft) {
  for (int round = 0; round < 40; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) write_until_killed(folder_, ends[1]);
    std::uint64_t epoch = 0, reported = 0;
    ASSERT_EQ(::read(ends[0], &reported, sizeof reported), static_cast<ssize_t>(sizeof reported));
    ::usleep(static_cast<useconds_t>(round * 977 % 20'000));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(ends[1]);
    while (::read(ends[0], &epoch, sizeof epoch) == static_cast<ssize_t>(sizeof epoch)) reported = epoch;
    ::close(ends[0]);
    const LoadedCheckpoint loaded = load_newest_checkpoint(folder_);
    ASSERT_TRUE(loaded.notes.empty()) << loaded.notes[0];  // not even one generation is ever partly written
    ASSERT_TRUE(loaded.checkpoint.epoch == reported || loaded.checkpoint.epoch == reported + 1);
  }
  save_checkpoint(folder_, example_checkpoint(1));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 2);  // temporaries of the killed are gone
}

TEST_F(Checkpoints, PathsOfAnyBytesComeBack) {
  Checkpoint checkpoint = example_checkpoint(1);
  checkpoint.data_path = "caf\xE9\\.csv";
  checkpoint.settings["validation"] = "\xFF";
  checkpoint.model.facts["data"] = checkpoint.data_path;
  const Checkpoint back = parse_checkpoint(format_checkpoint(checkpoint), "c");
  EXPECT_EQ(back.data_path, checkpoint.data_path);
  EXPECT_EQ(back.settings, checkpoint.settings);
  EXPECT_EQ(back.model.facts, checkpoint.model.facts);
}

TEST_F(Checkpoints, AFolderThatCannotBeLookedIntoSaysWhy) {
  std::filesystem::create_symlink(path("loop"), path("loop"));
  std::ofstream(path("file")) << "x";
  const std::pair<std::string, int> folders[] = {{path("loop"), ELOOP}, {path("loop/run"), ELOOP}, {path("file"), ENOTDIR}, {path("file/run"), ENOTDIR},
                                                 {path(std::string(300, 'n')), ENAMETOOLONG}, {path("none"), ENOENT}};
  for (const auto& [folder, why] : folders) {
    const Error error = error_of([&] { load_newest_checkpoint(folder); });
    EXPECT_EQ(error.code(), "E0415") << folder;
    EXPECT_NE(error.message().find(std::strerror(why)), std::string::npos) << error.message();
  }
  EXPECT_NE(error_of([&] { load_newest_checkpoint(path(".")); }).message().find("holds no checkpoint"), std::string::npos);
}

}  // namespace
}  // namespace chainrule::model
