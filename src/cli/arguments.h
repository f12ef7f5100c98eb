// The words of a command line, merged with environment and config file: what was given, and where it came from.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/network.h"
#include "chainrule/table.h"
#include "chainrule/train.h"
#include "flags.h"

namespace chainrule::cli {

enum class Origin { flag, environment, config };

/// One value for one flag.
struct Given {
  std::string flag, text;
  Origin origin = Origin::flag;
  std::string where;  ///< for messages: "--epochs", "CHAINRULE_EPOCHS", "run.toml line 3, column 1"
};

/// Names and values. Tests pass their own.
using Environment = std::vector<std::pair<std::string, std::string>>;
Environment process_environment();

class Arguments {
 public:
  const Command* command = nullptr;
  std::vector<std::string> positionals;
  std::vector<Given> given;           ///< at most one per flag: the one that counts
  std::vector<std::string> warnings;  ///< for stderr

  const Given* find(std::string_view flag) const;
  /// True for a switch that is on.
  bool on(std::string_view flag) const;
  std::string text(std::string_view flag, const std::string& fallback = "") const;
  /// A whole number >= smallest; throws Error E0102.
  std::size_t count(std::string_view flag, std::size_t fallback, std::size_t smallest = 0) const;
  /// A finite number > 0; throws Error E0102.
  double positive(std::string_view flag, double fallback) const;
};

/// `words` without program and command name. Order: flag, environment, --config file.
/// Throws Error E0101 (unknown flag), E0102 (bad or missing value), E0103/E0104 (config), E0105 (too few or many arguments).
Arguments parse_arguments(const Command& command, const std::vector<std::string>& words, const Environment& environment);

/// All settings of `train` that were given, applied to the defaults.
TrainSettings train_settings_of(const Arguments& arguments);
ReadOptions read_options_of(const Arguments& arguments);
PlanOptions plan_options_of(const Arguments& arguments);

}  // namespace chainrule::cli
