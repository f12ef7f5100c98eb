// The table of commands and flags: argument parsing, help, man page, completions and config keys are all made from it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chainrule::cli {

struct Flag {
  std::string name;                  ///< without dashes: "weight-decay"
  std::string value_name;            ///< "COL"; "" for a switch
  std::string group;                 ///< heading in the help
  std::string help;
  std::vector<std::string> choices = {};  ///< the allowed words, when it is a choice
  std::string default_text = {};     ///< shown in the help; "" when there is nothing to show
  char letter = 0;                   ///< short form: 'o' for -o
  bool repeatable = false;           ///< several values are joined with commas
  bool optional_value = false;       ///< `--uncertainty` alone means `--uncertainty=<default_text>`
  bool setting = false;              ///< a row of train_settings(): also a config key
  bool environment = true;           ///< CHAINRULE_<NAME> sets it too
  bool hidden = false;               ///< works, but is not shown
  bool may_be_empty = false;         ///< "" is a value of its own: no markers of missing cells besides the empty one
  bool writes = false;               ///< names a file that the command writes
  std::vector<std::string> words = {};  ///< completions offer these besides what else may be written

  bool is_switch() const { return value_name.empty(); }
  bool names_file() const { return value_name.ends_with("FILE") || value_name == "DATA"; }
  bool names_folder() const { return value_name == "DIR"; }
  const std::vector<std::string>& offered() const { return choices.empty() ? words : choices; }
  /// What the command does with the path it names: "writes", "reads", "folder"; "" when it names none.
  std::string path_use() const { return writes ? "writes" : names_file() ? "reads" : names_folder() ? "folder" : ""; }
};

struct Argument {
  std::string name, help;
  bool required = true;
  std::vector<std::string> choices = {};
  bool names_file = false;
};

struct Command {
  std::string name, summary, description;
  std::vector<Argument> arguments;
  std::vector<Flag> flags;
  std::vector<std::string> examples;

  /// null when the command has no such flag.
  const Flag* find(std::string_view flag) const;
};

/// Every command, in the order of the overview.
const std::vector<Command>& commands();

/// Throws Error E0101 with the nearest name.
const Command& find_command(std::string_view name);

/// The environment variable behind a flag: "weight-decay" -> "CHAINRULE_WEIGHT_DECAY".
std::string variable_name(std::string_view flag);

/// The flag of `command` that other programs call `name`: batch-size is batch. "" when there is none.
std::string flag_behind(const Command& command, std::string_view name);
/// What to write instead of a name that means something else here: "--quiet"; "" for others.
std::string advice_for(const Command& command, std::string_view name);

/// The nearest of `names` to `text`, shown with `prefix` in front, as a hint; otherwise `fallback`.
std::string suggestion(std::string_view text, const std::vector<std::string>& names, std::string_view prefix,
                       std::string_view fallback);

}  // namespace chainrule::cli
