// The settings table: every key reads what it prints, whatever the order, and refuses what it cannot mean.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "chainrule/error.h"
#include "chainrule/train.h"
#include "math/optimizers.h"
#include "testing/error_of.h"

namespace chainrule {
namespace {

TEST(TrainSettings, EveryKeyReadsBackWhatItPrints) {
  const TrainSettings defaults;
  for (const SettingInfo& setting : train_settings()) {
    TrainSettings copy;
    const std::string text = get_train_setting(defaults, setting.key);
    set_train_setting(copy, setting.key, text, "--" + setting.key);
    EXPECT_EQ(get_train_setting(copy, setting.key), text) << setting.key;
  }
}

TEST(TrainSettings, GivenValuesReadBack) {
  const std::vector<std::pair<std::string, std::string>> given = {{"target", "price"},
                                                                  {"task", "regression"},
                                                                  {"validation", "0.2"},
                                                                  {"split", "group:house"},
                                                                  {"hidden", "64,32"},
                                                                  {"hidden", "none"},
                                                                  {"activation", "gelu"},
                                                                  {"dropout", "0.25"},
                                                                  {"dropout", "0.5:standard"},
                                                                  {"norm", "batch"},
                                                                  {"residual", "true"},
                                                                  {"loss", "huber:2"},
                                                                  {"optimizer", "adam:lesson"},
                                                                  {"lr", "0.005"},
                                                                  {"clip", "1.5"},
                                                                  {"schedule", "cosine:floor=0.01"},
                                                                  {"epochs", "7"},
                                                                  {"batch", "64"},
                                                                  {"early-stop", "0"},
                                                                  {"ema", "0.99"},
                                                                  {"seed", "18446744073709551615"},
                                                                  {"shards", "8"},
                                                                  {"precision", "bf16"},
                                                                  {"missing", "?,NA"},
                                                                  {"drop", "a,b"},
                                                                  {"separator", "tab"},
                                                                  {"task", "auto"},
                                                                  {"engine", "auto"},
                                                                  {"weight-decay", "1e-05"}};
  for (const auto& [key, text] : given) {
    TrainSettings settings;
    set_train_setting(settings, key, text, "test");
    EXPECT_EQ(get_train_setting(settings, key), text) << key;
  }
}

TEST(TrainSettings, KeysAreUniqueAndExplained) {
  std::set<std::string> seen;
  for (const SettingInfo& setting : train_settings()) {
    EXPECT_TRUE(seen.insert(setting.key).second) << setting.key;
    EXPECT_FALSE(setting.help.empty()) << setting.key;
    EXPECT_TRUE(setting.group == "Data" || setting.group == "Network" || setting.group == "Training" ||
                setting.group == "Run");
  }
}

TEST(TrainSettings, EveryChoiceIsAccepted) {
  for (const SettingInfo& setting : train_settings()) {
    for (const std::string& choice : setting.choices) {
      TrainSettings settings;
      const std::string text = setting.key == "split" && choice == "group" ? "group:c" : choice;
      EXPECT_NO_THROW(set_train_setting(settings, setting.key, text, "test")) << setting.key << " " << choice;
    }
  }
}

TEST(TrainSettings, OptimizerAndItsRatesMayComeInAnyOrder) {
  TrainSettings before, after;
  set_train_setting(before, "lr", "0.02", "test");
  set_train_setting(before, "beta1", "0.8", "test");
  set_train_setting(before, "optimizer", "adam:lesson", "test");
  set_train_setting(after, "optimizer", "adam:lesson", "test");
  set_train_setting(after, "beta1", "0.8", "test");
  set_train_setting(after, "lr", "0.02", "test");
  EXPECT_EQ(before.training.optimizer, after.training.optimizer);
  EXPECT_EQ(before.training.optimizer.learning_rate, 0.02);
}

TEST(TrainSettings, RateAloneKeepsAdamwsDefaults) {
  TrainSettings settings;
  set_train_setting(settings, "lr", "0.02", "test");
  OptimizerSpec want = default_optimizer("adamw");
  want.learning_rate = 0.02;
  EXPECT_EQ(settings.training.optimizer, want);
}

TEST(TrainSettings, WarmupSurvivesTheScheduleInAnyOrder) {
  TrainSettings before, after;
  set_train_setting(before, "warmup", "100", "test");
  set_train_setting(before, "schedule", "cosine", "test");
  set_train_setting(after, "schedule", "cosine", "test");
  set_train_setting(after, "warmup", "100", "test");
  EXPECT_EQ(before.training, after.training);
}

TEST(TrainSettings, BadWidthsAndDropoutKindsOfInputsAreRefusedAtTheirPlace) {
  const std::pair<const char*, const char*> bad[] = {{"hidden", "0"}, {"hidden", "8,x"}, {"input-dropout", "0.1:alpha"}};
  for (const auto& [key, value] : bad) {
    TrainSettings settings;
    const Error error = error_of([&] { set_train_setting(settings, key, value, "run.toml line 3"); });
    EXPECT_NE(error.code(), "none") << key << " " << value;
    EXPECT_EQ(error.where(), "run.toml line 3") << value;
  }
}

TEST(TrainSettings, UnknownKeyNamesTheNearest) {
  TrainSettings settings;
  const Error error = error_of([&] { set_train_setting(settings, "weigth-decay", "1", "run.toml line 3"); });
  EXPECT_EQ(error.code(), "E0101");
  EXPECT_EQ(error.where(), "run.toml line 3");
  EXPECT_NE(error.hint().find("weight-decay"), std::string::npos);
}

TEST(TrainSettings, ImpossibleValuesAreRefusedAndLeaveNothing) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"epochs", "0"},     {"epochs", "-1"},        {"epochs", "ten"},    {"epochs", "1e3"},  {"lr", ""},
      {"lr", "nan"},       {"lr", "inf"},           {"lr", "-1"},         {"dropout", "1"},   {"dropout", "-0.1"},
      {"dropout", "0.2,"}, {"residual", "perhaps"}, {"split", "group"}, {"split", "random:c"},
      {"batch", "12x"},    {"threads", "99999"},    {"seed", "-1"},       {"beta1", "1"}};
  for (const auto& [key, text] : bad) {
    TrainSettings settings;
    const Error error = error_of([&] { set_train_setting(settings, key, text, "test"); });
    EXPECT_EQ(error.code(), "E0102") << key << " took " << text;
    EXPECT_FALSE(error.hint().empty());
    EXPECT_EQ(settings.given.count(key), 0u);
  }
}

TEST(TrainSettings, UnknownWordsNameTheNearest) {
  const std::vector<std::pair<std::string, std::string>> typos = {{"activation", "rleu"}, {"optimizer", "adan"},
                                                                  {"loss", "hubr"},       {"schedule", "cosin"},
                                                                  {"task", "regresion"},  {"dropout", "0.1:alfa"},
                                                                  {"precision", "bf6"}};
  for (const auto& [key, text] : typos) {
    TrainSettings settings;
    const Error error = error_of([&] { set_train_setting(settings, key, text, "here"); });
    EXPECT_NE(error.code(), "none") << key << " took " << text;
    EXPECT_NE((error.hint() + error.message()).find("did you mean"), std::string::npos) << key << ": " << error.what() << error.hint();
  }
}

TEST(TrainSettings, HintsSayAutoAsUsersWriteIt) {
  for (const SettingInfo& info : train_settings()) {
    if (std::find(info.choices.begin(), info.choices.end(), "auto") == info.choices.end()) continue;
    TrainSettings settings;
    const Error error = error_of([&] { set_train_setting(settings, info.key, "nonsense", "here"); });
    EXPECT_NE(error.code(), "none") << info.key;
    EXPECT_EQ(error.hint().find("automatic"), std::string::npos) << info.key << ": " << error.hint();
  }
}

using Given = std::vector<std::pair<std::string, std::string>>;

TrainSettings with(const Given& given) {
  TrainSettings settings;
  for (const auto& [key, text] : given) set_train_setting(settings, key, text, "test");
  return settings;
}

TEST(TrainSettings, ASettingThatNothingReadsIsAnErrorThatNamesIt) {
  const std::vector<Given> idle = {
      {{"momentum", "0.9"}}, {{"beta1", "0.5"}, {"optimizer", "sgd"}}, {{"eps", "0.1"}, {"optimizer", "sgd"}}, {{"beta2", "0.5"}, {"optimizer", "adagrad"}},
      {{"lr", "0.1"}, {"optimizer", "lbfgs"}}, {{"batch", "32"}, {"optimizer", "lbfgs"}}, {{"schedule", "cosine"}, {"optimizer", "lbfgs"}},
      {{"warmup", "5"}, {"optimizer", "lbfgs"}}, {{"momentum", "0.9"}, {"optimizer", "lbfgs"}}, {{"activation", "tanh"}, {"hidden", "none"}},
      {{"dropout", "0.5"}, {"hidden", "none"}}, {{"norm", "batch"}, {"hidden", "none"}}, {{"residual", "true"}, {"hidden", "none"}},
      {{"early-stop", "5"}, {"validation", "0"}}, {{"schedule", "plateau"}, {"validation", "0"}}, {{"dropout-schedule", "cosine"}},
      {{"weight-decay-schedule", "cosine"}, {"weight-decay", "0"}}, {{"weight-decay-schedule", "cosine"}, {"optimizer", "adam"}},
      {{"split", "stratified"}, {"validation", "0"}}, {{"loss", "squared_error:3"}}, {{"dropout-schedule", "plateau"}, {"dropout", "0.2"}}};
  for (const Given& given : idle) {
    const Error error = error_of([&] { refuse_idle_settings(with(given)); });
    EXPECT_EQ(error.code(), "E0121") << given[0].first;
    EXPECT_EQ(error.where(), given[0].first);
    EXPECT_EQ(error.kind(), ErrorKind::usage);
  }
}

TEST(TrainSettings, WhatIsReadAndWhatAsksForNothingIsTaken) {
  for (const auto& given : std::vector<Given>{
           {{"momentum", "0.9"}, {"optimizer", "rmsprop"}}, {{"momentum", "0"}}, {{"early-stop", "0"}, {"validation", "0"}},
           {{"early-stop", "5"}, {"validation", "more.csv"}}, {{"dropout", "0.0"}, {"hidden", "none"}}, {{"init", "normal"}, {"hidden", "none"}},
           {{"dropout-schedule", "cosine"}, {"input-dropout", "0.1"}}, {{"batch", "0"}, {"optimizer", "lbfgs"}}, {{"weight-decay-schedule", "cosine"}},
           {{"split", "time"}, {"test", "0.1"}, {"validation", "0"}}, {{"loss", "huber:2"}}, {{"weight-decay", "0.1"}, {"optimizer", "lbfgs"}}}) {
    EXPECT_NO_THROW(refuse_idle_settings(with(given))) << given[0].first;
  }
}

TEST(TrainSettings, EveryOptimizerReadsJustTheSettingsThatChangeItsUpdate) {
  for (const Optimizer kind : all<Optimizer>()) {
    for (const char* key : {"momentum", "beta1", "beta2", "eps"}) {
      TrainSettings plain = with({{"optimizer", std::string(name(kind))}}), changed = plain;
      set_train_setting(changed, key, "0.3", "test");
      bool refused = false;
      try {
        refuse_idle_settings(changed);
      } catch (const Error&) {
        refused = true;
      }
      const auto constants = [](const TrainSettings& s) { return math::update_constants(s.training.optimizer, 3, 0.1, 0); };
      const math::UpdateConstants a = constants(plain), b = constants(changed);
      const bool same_shape = math::update_shape(plain.training.optimizer) == math::update_shape(changed.training.optimizer);
      const bool same = same_shape && std::memcmp(&a, &b, sizeof a) == 0;
      EXPECT_EQ(refused, same) << name(kind) << ' ' << key;
    }
  }
}

TEST(TrainSettings, DefaultsThatDependOnTheOptimizerAreShownByOptimizer) {
  for (const SettingInfo& info : train_settings()) {
    if (info.key == "lr") { EXPECT_EQ(info.default_text, "0.001; sgd, momentum and adagrad 0.01; nadam and adamax 0.002; adadelta 1; lion 1e-04"); }
    if (info.key == "weight-decay") { EXPECT_EQ(info.default_text, "0; adamw 0.01"); }
    if (info.key == "momentum") { EXPECT_EQ(info.default_text, "0; momentum 0.9"); }
    if (info.key == "checkpoint-every") { EXPECT_EQ(get_train_setting({}, info.key), "auto"); }
    EXPECT_EQ(info.hidden, info.key == "preset" || info.key == "ensemble") << info.key;
  }
}

}  // namespace
}  // namespace chainrule
