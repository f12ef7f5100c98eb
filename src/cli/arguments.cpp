// Parses argv with CLI11 as the flag table says, then fills in environment and config file.
#include "arguments.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include <CLI/CLI.hpp>

#include "chainrule/error.h"
#include "config_file.h"

namespace chainrule::cli {
namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// `--uncertainty` without a number becomes `--uncertainty=<default>`, so that it never takes a file name.
std::vector<std::string> with_optional_values(const Command& command, std::vector<std::string> words) {
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    if (words[i].rfind("--", 0) != 0) continue;
    const Flag* flag = command.find(std::string_view(words[i]).substr(2));
    if (!flag || !flag->optional_value) continue;
    if (i + 1 >= words.size() || !all_digits(words[i + 1])) words[i] += "=" + flag->default_text;
  }
  return words;
}

std::vector<std::string> visible_names(const Command& command) {
  std::vector<std::string> names;
  for (const Flag& flag : command.flags) {
    if (!flag.hidden) names.push_back(flag.name);
  }
  return names;
}

[[noreturn]] void refuse_flag(const Command& command, std::string word) {
  word = word.substr(0, word.find('='));
  std::string bare = word.substr(word.rfind("--", 0) == 0 ? 2 : 1);
  std::replace(bare.begin(), bare.end(), '_', '-');
  const std::string advice = advice_for(command, bare);
  if (!advice.empty()) throw Error("E0101", "", "`" + command.name + "` has no flag " + word, advice);
  throw Error("E0101", "", "`" + command.name + "` has no flag " + word,
              suggestion(bare, visible_names(command), "--", "run `chainrule " + command.name + " --help` for its flags"));
}

/// A variable that is not set, as in `--test "$UNSET"`, must not look like a flag that was not given.
bool is_forgotten(const Flag& flag, const std::string& text) { return text.empty() && !flag.is_switch() && !flag.may_be_empty; }

[[noreturn]] void refuse_missing_value(const Command& command, const std::string& name) {
  const Flag* flag = command.find(name);
  throw Error("E0102", "", "--" + name + " needs a value",
              flag ? "write --" + name + " " + flag->value_name : "see `chainrule " + command.name + " --help`");
}

/// Names of other programs become our own: --batch-size 64 is --batch 64.
std::vector<std::string> with_own_names(const Command& command, std::vector<std::string> words) {
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    if (!words[i].starts_with("--")) continue;
    const std::size_t end = std::min(words[i].find('='), words[i].size());
    const std::string own = flag_behind(command, words[i].substr(2, end - 2));
    if (!own.empty()) words[i] = "--" + own + words[i].substr(end);
  }
  return words;
}

/// `--missing=` becomes `--missing ""`: the parser would take the next word for the value. `--test=` is a forgotten value.
std::vector<std::string> with_empty_values(const Command& command, const std::vector<std::string>& words) {
  std::vector<std::string> apart;
  bool flags = true;
  for (const std::string& word : words) {
    flags = flags && word != "--";
    const std::string name = flags && word.starts_with("--") && word.ends_with("=") ? word.substr(2, word.size() - 3) : "";
    const Flag* flag = name.empty() ? nullptr : command.find(name);
    if (flag == nullptr) {
      apart.push_back(word);
    } else if (flag->is_switch()) {
      throw Error("E0102", word, "cannot read \"\" as true or false", "write --" + name);
    } else if (!flag->may_be_empty) {
      refuse_missing_value(command, name);
    } else {
      apart.insert(apart.end(), {"--" + name, ""});
    }
  }
  return apart;
}

/// `--target --json` is a forgotten value, not a column called --json; `--target=--json` says so for certain.
void check_not_swallowed(const Command& command, const std::vector<std::string>& words, const Given& given) {
  if (given.text.rfind("--", 0) != 0 || !command.find(std::string_view(given.text).substr(2))) return;
  const std::string glued = "--" + given.flag + "=" + given.text;
  if (std::find(words.begin(), words.end(), glued) == words.end()) refuse_missing_value(command, given.flag);
}

std::string switch_text(const std::string& text, const std::string& where) {
  static const std::map<std::string, std::string> words = {{"true", "true"}, {"1", "true"},   {"yes", "true"}, {"on", "true"},
                                                           {"false", "false"}, {"0", "false"}, {"no", "false"}, {"off", "false"}};
  const auto found = words.find(text);
  if (found == words.end()) throw Error("E0102", where, "cannot read \"" + text + "\" as true or false", "write true or false");
  return found->second;
}

/// What every value must satisfy wherever it comes from: a switch is true or false, a choice is one of its words.
Given normalised(const Flag& flag, Given given) {
  if (flag.name == "missing" && given.text.empty()) given.text = "only:";  // as a setting "" is the default
  if (flag.is_switch()) {
    given.text = switch_text(given.text, given.where);
  } else if (!flag.setting && !flag.choices.empty() &&
             std::find(flag.choices.begin(), flag.choices.end(), given.text) == flag.choices.end()) {
    std::string list;
    for (const std::string& choice : flag.choices) list += (list.empty() ? "" : ", ") + choice;
    throw Error("E0102", given.where, "\"" + given.text + "\" is not one of " + list,
                suggestion(given.text, flag.choices, "", "take one of " + list));
  }
  return given;
}

class WordParser {
 public:
  explicit WordParser(const Command& command) : command_(command) {
    app_.set_help_flag();
    app_.allow_extras();
    app_.add_option("arguments", positionals_)->expected(0, -1);
    for (const Flag& flag : command.flags) add(flag);
  }

  Arguments parse(const std::vector<std::string>& words) {
    std::vector<std::string> reversed = with_optional_values(command_, with_empty_values(command_, words));
    std::reverse(reversed.begin(), reversed.end());
    try {
      app_.parse(std::move(reversed));
    } catch (const CLI::ParseError& error) {
      const std::string text = error.what();
      refuse_missing_value(command_, text.substr(2, text.find(':') - 2));
    }
    for (const std::string& word : app_.remaining()) {
      if (word != "--") refuse_flag(command_, word);
    }
    return collect(words);
  }

 private:
  void add(const Flag& flag) {
    const std::string names = (flag.letter ? std::string{'-', flag.letter, ','} : "") + "--" + flag.name;
    options_[flag.name] = flag.is_switch() ? app_.add_flag(names) : app_.add_option(names);
    options_[flag.name]->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    if (!flag.is_switch()) options_[flag.name]->expected(1)->allow_extra_args(false);
  }

  Arguments collect(const std::vector<std::string>& words) const {
    Arguments arguments;
    arguments.command = &command_;
    arguments.positionals = positionals_;
    for (const Flag& flag : command_.flags) {
      const CLI::results_t& results = options_.at(flag.name)->results();
      if (results.empty()) continue;
      Given given{flag.name, results.back(), Origin::flag, "--" + flag.name};
      if (std::any_of(results.begin(), results.end(), [&](const std::string& text) { return is_forgotten(flag, text); })) {
        refuse_missing_value(command_, flag.name);
      }
      if (flag.repeatable) {
        given.text.clear();
        for (const std::string& text : results) given.text += (given.text.empty() ? "" : ",") + text;
      }
      check_not_swallowed(command_, words, given);
      arguments.given.push_back(normalised(flag, std::move(given)));
    }
    return arguments;
  }

  const Command& command_;
  CLI::App app_;
  std::vector<std::string> positionals_;
  std::map<std::string, CLI::Option*> options_;
};

/// Variables that are not settings: read elsewhere, or by the tests.
bool is_reserved(const std::string& name) { return name == "CHAINRULE_ISA" || name == "CHAINRULE_TABLES"; }

std::vector<std::string> all_variables() {
  std::vector<std::string> names;
  for (const Command& command : commands()) {
    for (const Flag& flag : command.flags) {
      if (flag.environment && !flag.hidden) names.push_back(variable_name(flag.name));
    }
  }
  return names;
}

void add_environment(Arguments& arguments, const Environment& environment) {
  for (const auto& [name, value] : environment) {
    if (name.rfind("CHAINRULE_", 0) != 0 || is_reserved(name)) continue;
    const std::vector<Flag>& flags = arguments.command->flags;
    const auto flag = std::find_if(flags.begin(), flags.end(),
                                   [&name = name](const Flag& f) { return f.environment && variable_name(f.name) == name; });
    if (flag != flags.end()) {
      if (value.empty()) continue;  // as not set: how a shell or a container file takes a variable back
      if (!arguments.find(flag->name)) arguments.given.push_back(normalised(*flag, {flag->name, value, Origin::environment, name}));
      continue;
    }
    const std::vector<std::string> known = all_variables();
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string hint = suggestion(name, known, "", "");
    arguments.warnings.push_back("the environment variable " + name + " is not a setting" + (hint.empty() ? "" : "; " + hint));
  }
}

void add_config(Arguments& arguments) {
  const Given* config = arguments.find("config");
  if (!config) return;
  for (Given& given : read_config_file(config->text, *arguments.command)) {
    if (!arguments.find(given.flag)) {
      const Flag& flag = *arguments.command->find(given.flag);
      if (is_forgotten(flag, given.text)) {
        throw Error("E0102", given.where, flag.name + " needs a value", "write " + flag.name + " = \"" + flag.value_name + "\", or leave the line out");
      }
      arguments.given.push_back(normalised(flag, std::move(given)));
    }
  }
}

std::string usage_hint(const Command& command) {
  std::string usage = "usage: chainrule " + command.name;
  for (const Argument& argument : command.arguments) usage += " " + (argument.required ? argument.name : "[" + argument.name + "]");
  return usage;
}

void check_positionals(const Arguments& arguments) {
  const std::vector<Argument>& wanted = arguments.command->arguments;
  const std::size_t found = arguments.positionals.size();
  if (found > wanted.size()) {
    throw Error("E0105", "", "`" + arguments.command->name + "` does not know what to do with \"" +
                arguments.positionals[wanted.size()] + "\"", usage_hint(*arguments.command));
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const bool missing = i < found ? arguments.positionals[i].empty() : wanted[i].required;
    if (missing) throw Error("E0105", "", "`" + arguments.command->name + "` needs " + wanted[i].name, usage_hint(*arguments.command));
  }
}

}  // namespace

Environment process_environment() {
  Environment environment;
  for (char** entry = environ; *entry; ++entry) {
    const std::string text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

const Given* Arguments::find(std::string_view flag) const {
  for (const Given& one : given) {
    if (one.flag == flag) return &one;
  }
  return nullptr;
}

bool Arguments::on(std::string_view flag) const {
  const Given* one = find(flag);
  return one && one->text == "true";
}

std::string Arguments::text(std::string_view flag, const std::string& fallback) const {
  const Given* one = find(flag);
  return one ? one->text : fallback;
}

std::size_t Arguments::count(std::string_view flag, std::size_t fallback, std::size_t smallest) const {
  const Given* one = find(flag);
  if (!one) return fallback;
  std::size_t value = 0;
  const char* end = one->text.data() + one->text.size();
  const auto [stopped, status] = std::from_chars(one->text.data(), end, value);
  const bool read = status == std::errc() && stopped == end;
  if (!read || value < smallest) {
    throw Error("E0102", one->where, read ? one->text + " is too small" : "cannot read \"" + one->text + "\" as a whole number",
                "give a whole number, " + std::to_string(smallest) + " or more");
  }
  return value;
}

double Arguments::positive(std::string_view flag, double fallback) const {
  const Given* one = find(flag);
  if (!one) return fallback;
  double value = 0;
  const char* end = one->text.data() + one->text.size();
  const auto [stopped, status] = std::from_chars(one->text.data(), end, value);
  if (status != std::errc() || stopped != end || !std::isfinite(value) || value <= 0) {
    throw Error("E0102", one->where, "cannot read \"" + one->text + "\" as a number above 0", "give a number such as 0.5 or 2");
  }
  return value;
}

Arguments parse_arguments(const Command& command, const std::vector<std::string>& words, const Environment& environment) {
  Arguments arguments = WordParser(command).parse(with_own_names(command, words));
  if (arguments.on("help")) return arguments;
  check_positionals(arguments);
  add_environment(arguments, environment);
  add_config(arguments);
  return arguments;
}

TrainSettings train_settings_of(const Arguments& arguments) {
  TrainSettings settings;
  for (const Flag& flag : arguments.command->flags) {
    const Given* given = arguments.find(flag.name);
    if (given && flag.setting) set_train_setting(settings, given->flag, given->text, given->where);
  }
  settings.force = arguments.on("force");
  settings.read.threads = settings.threads;
  return settings;
}

ReadOptions read_options_of(const Arguments& arguments) { return train_settings_of(arguments).read; }

PlanOptions plan_options_of(const Arguments& arguments) {
  const TrainSettings settings = train_settings_of(arguments);
  PlanOptions options;
  options.threads = settings.threads;
  options.engine = settings.engine;
  return options;
}

}  // namespace chainrule::cli
