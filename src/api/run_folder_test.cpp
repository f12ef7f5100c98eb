// A folder's run is not lost: not to a second run, not to an unfinished one, not to two at a time.
#include "api/run_folder.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/model.h"
#include "chainrule/train.h"
#include "model/file_label.h"
#include "model/model_file.h"
#include "testing/error_of.h"
#include "testing/own_folder.h"

namespace chainrule {
namespace {

namespace fs = std::filesystem;

class RunFolders : public OwnFolder {
 protected:
  RunFolders() {
    std::ofstream table(path("table.csv"));
    table << "x,y\n";
    for (int i = 0; i < 200; ++i) table << i << "," << 2 * i + 1 << "\n";
  }
  TrainSettings settings() const {
    TrainSettings s;
    s.target = "y";
    s.hidden = {4};
    s.epochs = 2;
    s.threads = 1;
    s.out = path("run");
    return s;
  }
  TrainResult run(const TrainSettings& s, const TrainHooks& hooks = {}) const { return train(path("table.csv"), s, hooks); }
};

TEST_F(RunFolders, ASecondRunIsRefusedUntilItIsForced) {
  const std::string digest = run(settings()).digest;
  TrainSettings s = settings();
  s.epochs = 1;
  EXPECT_EQ(error_of([&] { run(s); }).code(), "E0426");
  EXPECT_EQ(Model::load(path("run")).inspect().digest, digest);
  s.force = true;
  const std::string next = run(s).digest;
  EXPECT_EQ(Model::load(path("run")).inspect().digest, next);
}

TEST_F(RunFolders, AStopBeforeTheFirstStepWritesNothing) {
  const std::atomic<bool> stop{true};
  EXPECT_EQ(error_of([&] { run(settings(), {{}, &stop}); }).code(), "E0590");
  EXPECT_FALSE(fs::exists(path("run")));
}

TEST_F(RunFolders, AnInterruptedRunLeavesAFinishedModelAlone) {
  const std::string digest = run(settings()).digest;
  TrainSettings s = settings();
  s.force = true;
  s.training.seed = 7;
  std::atomic<bool> stop{false};
  const TrainResult cut = run(s, {[&](const TrainEvent& e) { stop = stop || e.kind == TrainEvent::Kind::step; }, &stop});
  EXPECT_TRUE(cut.interrupted);
  EXPECT_EQ(cut.model, path("run/unfinished.safetensors"));
  EXPECT_EQ(Model::load(path("run")).inspect().digest, digest);
  ASSERT_EQ(Model::load(path("run")).notes().size(), 1u);
  EXPECT_EQ(Model::load(cut.model).inspect().digest, cut.digest);
  EXPECT_NE(Model::load(cut.model).notes().at(0).find("unfinished"), std::string::npos);
  const TrainResult whole = resume(path("run"));
  EXPECT_EQ(Model::load(path("run")).inspect().digest, whole.digest);
  EXPECT_TRUE(Model::load(path("run")).notes().empty());
  EXPECT_FALSE(fs::exists(cut.model));
}

TEST_F(RunFolders, OfTwoThreadsOneTrainsAndTheOtherIsTold) {
  std::atomic<int> done{0}, refused{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      const std::string code = error_of([&] { run(settings()); }).code();
      done += code == "none";
      refused += code == "E0425" || code == "E0426";
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done, 1);
  EXPECT_EQ(refused, 3);
}

TEST_F(RunFolders, AFolderThatCameToNothingIsRemovedAndOneThatWasThereStays) {
  TrainSettings s = settings();
  s.target = "z";
  EXPECT_NE(error_of([&] { run(s); }).code(), "none");
  EXPECT_FALSE(fs::exists(path("run")));
  fs::create_directory(path("run"));
  EXPECT_NE(error_of([&] { run(s); }).code(), "none");
  EXPECT_TRUE(fs::exists(path("run")));
  EXPECT_TRUE(fs::is_empty(path("run")));
}

TEST_F(RunFolders, DataThatTheRunWouldReplaceIsRefused) {
  fs::create_directory(path("run"));
  fs::create_symlink(path("table.csv"), path("run/divergence.html"));
  EXPECT_EQ(error_of([&] { run(settings()); }).code(), "E0427");
  fs::remove(path("run/divergence.html"));
  run(settings());
  TrainSettings s = settings();
  s.force = true;
  EXPECT_EQ(error_of([&] { train(path("run/model.safetensors"), s); }).code(), "E0105");
}

TEST_F(RunFolders, ADamagedCheckpointIsSaidAndKeptWhenTheOneBeforeGoesOn) {
  TrainSettings s = settings();
  s.epochs = 6;
  s.checkpoint_every = 1;
  const std::string digest = run(s).digest;
  for (const std::string& damaged : {std::string(), std::string("half a fi"), std::string(4096, '\0')}) {
    fs::remove(path("run/model.safetensors"));  // as if it had been killed just before the end
    std::ofstream(path("run/checkpoint.safetensors")) << damaged;
    const TrainResult result = resume(path("run"));
    EXPECT_EQ(result.digest, digest);
    EXPECT_NE(result.decisions.back().find("cannot be used"), std::string::npos) << result.decisions.back();
    EXPECT_EQ(fs::file_size(path("run/checkpoint.safetensors.damaged")), damaged.size());
    EXPECT_TRUE(fs::exists(path("run/checkpoint.safetensors")));
  }
}

TEST_F(RunFolders, AFolderWithoutAModelSaysThatItsRunIsUnfinished) {
  run(settings());
  fs::remove(path("run/model.safetensors"));
  EXPECT_NE(error_of([&] { Model::load(path("run")); }).message().find("unfinished run"), std::string::npos);
}

TEST_F(RunFolders, ModelsOfEarlierVersionsAreFinishedOnes) {
  run(settings());
  model::ModelFile file = model::load_model(path("run/model.safetensors"));
  file.facts.erase(model::kRunFact);
  model::save_model(path("run/model.safetensors"), file);
  EXPECT_TRUE(model::read_label(path("run/model.safetensors")).is_finished_model());
}

TEST_F(RunFolders, AModelThatCannotBeReadBackIsNotWritten) {
  run(settings());
  const std::string file = path("run/model.safetensors");
  const std::string digest = Model::load(file).inspect().digest;
  model::ModelFile large = model::load_model(file);
  large.facts["note"] = std::string(100'000'000, 'x');
  EXPECT_EQ(error_of([&] { model::check_can_be_saved(large); }).code(), "E0428");
  EXPECT_EQ(error_of([&] { model::save_model(file, large); }).code(), "E0428");
  EXPECT_EQ(Model::load(file).inspect().digest, digest);
}

}  // namespace
}  // namespace chainrule
