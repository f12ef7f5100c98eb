// The settings table: every key reads what it prints, whatever the order, and refuses what it cannot mean.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "chainrule/error.h"
#include "chainrule/train.h"
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

}  // namespace
}  // namespace chainrule
