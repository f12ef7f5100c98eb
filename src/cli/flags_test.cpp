// The flag table, and the texts made from it: help, manual, completions.
#include "flags.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "chainrule/error.h"
#include "chainrule/train.h"
#include "completion_scripts.h"
#include "help.h"
#include "testing/error_of.h"

namespace chainrule::cli {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(Flags, EverySettingOfTrainIsAFlagOfTrain) {
  const Command& train = find_command("train");
  for (const SettingInfo& info : train_settings()) EXPECT_NE(train.find(info.key), nullptr) << info.key;
}

TEST(Flags, NoCommandHasAFlagTwice) {
  for (const Command& command : commands()) {
    std::set<std::string> seen;
    for (const Flag& flag : command.flags) EXPECT_TRUE(seen.insert(flag.name).second) << command.name << " --" << flag.name;
  }
}

TEST(Flags, WhatIsCalledAfterAFileOrFolderIsKnownToNameOne) {
  const auto sounds = [](std::string_view name) {
    for (const std::string_view word : {"FILE", "DIR", "FOLDER", "PATH", "DATA", "MODEL"}) {
      if (name.find(word) != std::string_view::npos) return true;
    }
    return false;
  };
  for (const Command& command : commands()) {
    for (const Argument& argument : command.arguments) EXPECT_EQ(argument.names_file, sounds(argument.name)) << command.name << ' ' << argument.name;
    for (const Flag& flag : command.flags) EXPECT_EQ(!flag.path_use().empty(), sounds(flag.value_name)) << command.name << " --" << flag.name;
  }
}

TEST(Flags, EveryCommandHasJsonColorAndHelp) {
  for (const Command& command : commands()) {
    for (const char* name : {"json", "color", "help"}) EXPECT_NE(command.find(name), nullptr) << command.name << " --" << name;
  }
}

TEST(Flags, EveryCommandThatReadsDataTakesTheReadingOptions) {
  for (const Command& command : commands()) {
    bool reads = command.find("data") != nullptr;  // learn: optional, hence a flag
    for (const Argument& argument : command.arguments) reads = reads || argument.name == "DATA";
    for (const char* name : {"separator", "no-header", "missing", "decimal", "thousands", "date-order", "categorical", "numeric", "drop"}) {
      EXPECT_EQ(command.find(name) != nullptr, reads) << command.name << " --" << name;
    }
  }
}

TEST(Flags, DefaultsOfTrainAreThoseOfTheLibrary) {
  const Command& train = find_command("train");
  const TrainSettings defaults;
  EXPECT_EQ(train.find("hidden")->default_text, get_train_setting(defaults, "hidden"));
  EXPECT_EQ(train.find("epochs")->default_text, "100");
}

TEST(Flags, UnknownCommandSuggestsTheNearest) {
  const Error error = error_of([] { find_command("trian"); });
  EXPECT_EQ(error.code(), "E0101");
  EXPECT_EQ(error.kind(), ErrorKind::usage);
  EXPECT_EQ(error.hint(), "did you mean train?");
}

TEST(Flags, VariableNamesHaveUnderscores) { EXPECT_EQ(variable_name("weight-decay"), "CHAINRULE_WEIGHT_DECAY"); }

TEST(Help, OfEveryCommandFits80ColumnsAndNamesEveryFlag) {
  for (const Command& command : commands()) {
    const std::string text = command_help(command, Style{}, 80);
    for (const std::string& line : lines_of(text)) EXPECT_LE(shown_width(line), 80u) << command.name << ": " << line;
    for (const Flag& flag : command.flags) {
      EXPECT_EQ(text.find("--" + flag.name) == std::string::npos, flag.hidden) << command.name << " --" << flag.name;
    }
  }
}

TEST(Help, ExamplesOfEveryCommandUseItsRealFlags) {
  for (const Command& command : commands()) {
    for (const std::string& example : command.examples) {
      std::istringstream words(example.substr(0, example.find('|', example.find("chainrule " + command.name))));
      for (std::string word; words >> word;) {
        if (word.rfind("--", 0) != 0) continue;
        EXPECT_NE(command.find(word.substr(2)), nullptr) << example;
      }
    }
  }
}

TEST(Help, OverviewFits80ColumnsAndNamesEveryCommand) {
  const std::string text = overview_text(Style{});
  for (const std::string& line : lines_of(text)) EXPECT_LE(shown_width(line), 80u) << line;
  for (const Command& command : commands()) EXPECT_NE(text.find("  " + command.name + " "), std::string::npos) << command.name;
}

TEST(Help, WithoutColourHasNoEscapeCodes) {
  for (const Command& command : commands()) EXPECT_EQ(command_help(command, Style{}, 80).find('\033'), std::string::npos);
  EXPECT_NE(command_help(commands()[0], Style{true}, 80).find('\033'), std::string::npos);
}

TEST(Help, ManualAndMarkdownNameEveryCommandAndFlag) {
  const std::string manual = manual_page(), markdown = markdown_page();
  for (const Command& command : commands()) {
    for (const Flag& flag : command.flags) {
      if (flag.hidden || flag.name == "help") continue;
      std::string roff = "\\-\\-";
      for (const char c : flag.name) roff += c == '-' ? std::string("\\-") : std::string(1, c);
      EXPECT_NE(manual.find(roff), std::string::npos) << flag.name;
      EXPECT_NE(markdown.find("--" + flag.name), std::string::npos) << flag.name;
    }
  }
}

TEST(Completions, OfEveryShellNameEveryCommandAndFlag) {
  const std::string bash = bash_completion(), zsh = zsh_completion(), fish = fish_completion();
  for (const Command& command : commands()) {
    EXPECT_NE(bash.find("    " + command.name + ")"), std::string::npos) << command.name;
    EXPECT_NE(zsh.find("    " + command.name + ") _arguments"), std::string::npos) << command.name;
    EXPECT_NE(fish.find("-a " + command.name + " "), std::string::npos) << command.name;
    for (const Flag& flag : command.flags) {
      if (flag.hidden) continue;
      EXPECT_NE(bash.find("--" + flag.name), std::string::npos) << flag.name;
      EXPECT_NE(zsh.find("'--" + flag.name), std::string::npos) << flag.name;
      EXPECT_NE(fish.find("-l " + flag.name), std::string::npos) << flag.name;
    }
  }
}

}  // namespace
}  // namespace chainrule::cli
