// Parsing of the command line, and the order of flag, environment, config file and default.
#include "arguments.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "chainrule/error.h"
#include "config_file.h"
#include "testing/error_of.h"

namespace chainrule::cli {
namespace {

Arguments parsed(const std::string& command, const std::vector<std::string>& words, const Environment& environment = {}) {
  return parse_arguments(find_command(command), words, environment);
}

Error arguments_error(const std::string& command, const std::vector<std::string>& words) {
  return error_of([&] { parsed(command, words); });
}

class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text) : path(testing::TempDir() + "chainrule_config_test.toml") { std::ofstream(path) << text; }
  ~ConfigFile() { std::remove(path.c_str()); }
  std::string path;
};

TEST(Arguments, ValuesComeAfterABlankOrAnEqualsSign) {
  const Arguments arguments = parsed("train", {"a.csv", "--epochs", "7", "--target=price"});
  EXPECT_EQ(arguments.positionals, std::vector<std::string>{"a.csv"});
  EXPECT_EQ(arguments.text("epochs"), "7");
  EXPECT_EQ(arguments.text("target"), "price");
}

TEST(Arguments, NegativeNumbersAreValues) {
  EXPECT_EQ(parsed("train", {"a.csv", "--lr", "-0.5"}).text("lr"), "-0.5");
  EXPECT_EQ(parsed("train", {"a.csv", "--lr=-1e-3"}).text("lr"), "-1e-3");
  EXPECT_EQ(parsed("train", {"a.csv", "--target", "-1"}).text("target"), "-1");
}

TEST(Arguments, ADashAloneIsStandardInput) { EXPECT_EQ(parsed("describe", {"-"}).positionals, std::vector<std::string>{"-"}); }

TEST(Arguments, TwoDashesEndTheFlags) {
  EXPECT_EQ(parsed("describe", {"--json", "--", "--odd.csv"}).positionals, std::vector<std::string>{"--odd.csv"});
}

TEST(Arguments, LastOfARepeatedFlagCountsAndListsCollect) {
  const Arguments arguments = parsed("train", {"a.csv", "--epochs", "7", "--epochs", "9", "--drop", "x", "--drop", "y"});
  EXPECT_EQ(arguments.text("epochs"), "9");
  EXPECT_EQ(arguments.text("drop"), "x,y");
}

TEST(Arguments, SwitchesCanBeSwitchedOff) {
  EXPECT_TRUE(parsed("describe", {"a.csv", "--json"}).on("json"));
  EXPECT_FALSE(parsed("describe", {"a.csv", "--json=false"}).on("json"));
  EXPECT_FALSE(parsed("describe", {"a.csv", "--json=false"}, {{"CHAINRULE_JSON", "1"}}).on("json"));
}

TEST(Arguments, UncertaintyNeverTakesAFileName) {
  const Arguments alone = parsed("predict", {"--uncertainty", "model", "data.csv"});
  EXPECT_EQ(alone.positionals, (std::vector<std::string>{"model", "data.csv"}));
  EXPECT_EQ(alone.text("uncertainty"), "50");
  EXPECT_EQ(parsed("predict", {"--uncertainty", "8", "m", "d"}).text("uncertainty"), "8");
  EXPECT_EQ(parsed("predict", {"m", "d", "--uncertainty=9"}).text("uncertainty"), "9");
}

TEST(Arguments, UnknownFlagSuggestsTheNearestForEveryFlag) {
  for (const Command& command : commands()) {
    for (const Flag& flag : command.flags) {
      if (flag.hidden || flag.name.size() < 4) continue;
      const Error error = arguments_error(command.name, {"--" + flag.name + "x"});
      EXPECT_EQ(error.code(), "E0101") << flag.name;
      EXPECT_EQ(error.hint(), "did you mean --" + flag.name + "?") << command.name;
    }
  }
}

TEST(Arguments, UnderscoresAreNearToDashes) {
  EXPECT_EQ(arguments_error("train", {"a", "--weight_decay", "1"}).hint(), "did you mean --weight-decay?");
}

TEST(Arguments, AForgottenValueIsAnErrorForEveryFlagThatTakesOne) {
  for (const Command& command : commands()) {
    for (const Flag& flag : command.flags) {
      if (flag.is_switch() || flag.optional_value) continue;
      EXPECT_EQ(arguments_error(command.name, {"--" + flag.name}).code(), "E0102") << flag.name;
      EXPECT_EQ(arguments_error(command.name, {"--" + flag.name, "--json"}).code(), "E0102") << flag.name;
    }
  }
  EXPECT_EQ(parsed("train", {"a", "--target=--json"}).text("target"), "--json");
}

TEST(Arguments, AnEmptyValueIsAForgottenOneWhereItMeansNothingByItself) {
  for (const Command& command : commands()) {
    for (const Flag& flag : command.flags) {
      const bool means_something = flag.name == "missing";
      EXPECT_EQ(flag.may_be_empty, means_something) << flag.name;
      if (means_something) continue;
      const std::string bare = "--" + flag.name, glued = bare + "=";
      EXPECT_EQ(arguments_error(command.name, {glued}).code(), "E0102") << flag.name;
      if (flag.is_switch()) continue;
      EXPECT_EQ(arguments_error(command.name, flag.optional_value ? std::vector{glued} : std::vector<std::string>{bare, ""}).code(), "E0102") << flag.name;
      EXPECT_EQ(arguments_error(command.name, {glued + "a", glued, glued + "a"}).code(), "E0102") << flag.name;
    }
  }
  EXPECT_EQ(parsed("train", {"a", "--missing", ""}).text("missing", "none given"), "only:");
  EXPECT_EQ(arguments_error("predict", {"m", ""}).code(), "E0105");
  EXPECT_EQ(arguments_error("check", {""}).code(), "E0105");
}

TEST(Arguments, AnEmptyVariableIsAsNotSetAndAnEmptyKeyIsAnError) {
  const Arguments arguments = parsed("train", {"a.csv"}, {{"CHAINRULE_EPOCHS", ""}, {"CHAINRULE_TEST", ""}, {"CHAINRULE_JSON", ""}});
  for (const char* flag : {"epochs", "test", "json"}) EXPECT_EQ(arguments.find(flag), nullptr) << flag;
  const ConfigFile file("missing = \"\"\ntest = \"\"\n");
  const Error error = arguments_error("train", {"a.csv", "--config", file.path});
  EXPECT_EQ(error.code(), "E0102");
  EXPECT_EQ(error.where(), file.path + " line 2, column 1");
  EXPECT_EQ(parsed("train", {"a.csv", "--test", "0.1", "--config", file.path}).text("missing", "none given"), "only:");
}

TEST(Arguments, TooFewAndTooManyAreErrors) {
  EXPECT_EQ(arguments_error("evaluate", {"m"}).code(), "E0105");
  EXPECT_EQ(arguments_error("describe", {"a", "b"}).code(), "E0105");
}

TEST(Arguments, OrderIsFlagEnvironmentConfigDefault) {
  const ConfigFile file("epochs = 3\nlr = 0.25\nhidden = [8, 4]\n");
  const Environment environment = {{"CHAINRULE_EPOCHS", "5"}, {"CHAINRULE_LR", "0.5"}};
  const Arguments arguments = parsed("train", {"a.csv", "--config", file.path, "--epochs", "7"}, environment);
  const TrainSettings settings = train_settings_of(arguments);
  EXPECT_EQ(settings.epochs, 7u);
  EXPECT_EQ(settings.training.optimizer.learning_rate, 0.5);
  EXPECT_EQ(settings.hidden, (std::vector<std::size_t>{8, 4}));
  EXPECT_EQ(settings.batch, TrainSettings{}.batch);
  EXPECT_EQ(arguments.find("epochs")->origin, Origin::flag);
  EXPECT_EQ(arguments.find("lr")->where, "CHAINRULE_LR");
  EXPECT_EQ(arguments.find("hidden")->where, file.path + " line 3, column 1");
}

TEST(Arguments, AFlagOfAnotherCommandInTheEnvironmentIsQuiet) {
  const Arguments arguments = parsed("describe", {"a.csv"}, {{"CHAINRULE_EPOCHS", "5"}, {"CHAINRULE_ISA", "avx2"}, {"HOME", "/"}});
  EXPECT_TRUE(arguments.warnings.empty());
  EXPECT_EQ(arguments.find("epochs"), nullptr);
}

TEST(Arguments, AnUnknownVariableIsWarnedAboutWithTheNearest) {
  const Arguments arguments = parsed("train", {"a.csv"}, {{"CHAINRULE_EPOCH", "5"}});
  ASSERT_EQ(arguments.warnings.size(), 1u);
  EXPECT_NE(arguments.warnings[0].find("did you mean CHAINRULE_EPOCHS?"), std::string::npos) << arguments.warnings[0];
}

TEST(Arguments, ABadVariableIsNamedInTheError) {
  const Error error = error_of([] { train_settings_of(parsed("train", {"a.csv"}, {{"CHAINRULE_EPOCHS", "many"}})); });
  EXPECT_EQ(error.code(), "E0102");
  EXPECT_EQ(error.where(), "CHAINRULE_EPOCHS");
}

TEST(Arguments, ReadingOptionsReachTheReader) {
  const ReadOptions options = read_options_of(parsed("describe", {"a", "--separator", ";", "--no-header", "--drop", "a,b", "--decimal", ","}));
  EXPECT_EQ(options.separator, ";");
  EXPECT_TRUE(options.no_header);
  EXPECT_EQ(options.drop, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(options.decimal, ",");
}

TEST(Arguments, CountsRefuseWhatIsNotAWholeNumber) {
  for (const char* text : {"-1", "1.5", "x", "", "99999999999999999999"}) {
    EXPECT_THROW(parsed("explain", {"m", "d", std::string("--row=") + text}).count("row", 0), Error) << text;
  }
}

TEST(Arguments, ATooSmallCountIsNotCalledUnreadable) {
  const Error error = error_of([] { parsed("predict", {"m", "d", "--uncertainty=1"}).count("uncertainty", 0, 2); });
  EXPECT_NE(error.code(), "none");
  EXPECT_EQ(error.message(), "1 is too small");
  EXPECT_EQ(error.hint(), "give a whole number, 2 or more");
}

Error config_error(const std::string& text) {
  return error_of([&] { parse_config(text, "run.toml", find_command("train")); });
}

TEST(Config, UnknownKeyNamesPlaceAndNearest) {
  const Error error = config_error("epochs = 3\n  epoch = 4\n");
  EXPECT_EQ(error.code(), "E0103");
  EXPECT_EQ(error.where(), "run.toml line 2, column 3");
  EXPECT_EQ(error.hint(), "did you mean epochs?");
}

TEST(Config, WrongTypesAreErrorsWithPlace) {
  for (const char* text : {"epochs = true", "epochs = 1979-05-27", "[epochs]\nx = 1", "residual = \"yes\"", "residual = 1", "hidden = [[1]]"}) {
    const Error error = config_error(text);
    EXPECT_EQ(error.code(), "E0104") << text;
    EXPECT_EQ(error.where().find("run.toml line 1"), 0u) << text << ": " << error.where();
  }
}

TEST(Config, BrokenTomlNamesThePlace) {
  const Error error = config_error("epochs = 3\nlr = = 4\n");
  EXPECT_EQ(error.code(), "E0104");
  EXPECT_EQ(error.where().find("run.toml line 2"), 0u) << error.where();
}

TEST(Config, NumbersKeepEveryDigit) {
  const std::vector<Given> given = parse_config("lr = 0.1\nseed = 9007199254740993\n", "c", find_command("train"));
  ASSERT_EQ(given.size(), 2u);
  EXPECT_EQ(given[0].text, "0.1");
  EXPECT_EQ(given[1].text, "9007199254740993");
}

TEST(Config, MissingFileIsAnErrorOfFiles) { EXPECT_EQ(arguments_error("train", {"a", "--config", "/nowhere.toml"}).code(), "E0401"); }

TEST(Config, EverySettingOfTrainIsAKey) {
  for (const SettingInfo& info : train_settings()) {
    if (!find_command("train").find(info.key)->setting) continue;
    const std::string text = info.key + (info.value_name.empty() ? " = true" : " = \"1\"");
    EXPECT_EQ(config_error(text).code(), "none") << text;
  }
}

}  // namespace
}  // namespace chainrule::cli
