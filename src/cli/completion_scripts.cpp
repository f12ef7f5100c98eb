// Writes the completion scripts for bash, zsh and fish from the flag table.
#include "completion_scripts.h"

#include "chainrule/lesson.h"
#include "flags.h"
#include "help.h"

namespace chainrule::cli {
namespace {

std::string words_of(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string command_words() {
  std::string text;
  for (const Command& command : commands()) text += (text.empty() ? "" : " ") + command.name;
  return text;
}

/// What `help` takes.
std::string topic_words() { return command_words() + " errors " + words_of(error_codes()); }

/// What an argument may be, besides a file.
std::string argument_words(const Command& command, const Argument& argument) {
  if (command.name == "help") return topic_words();
  if (command.name != "learn") return words_of(argument.choices);
  std::string text = "check";
  for (const LessonStatement& statement : lesson_statements()) text += " L" + std::to_string(statement.id);
  return text;
}

std::string flag_words(const Command& command) {
  std::string text;
  for (const Flag& flag : command.flags) {
    if (!flag.hidden) text += (text.empty() ? "--" : " --") + flag.name;
  }
  return text;
}

/// For single quotes of a shell.
std::string quoted(const std::string& text) {
  std::string escaped = "'";
  for (const char c : text) escaped += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return escaped + "'";
}

/// For the brackets of zsh's _arguments, where ] : and [ have a meaning.
std::string zsh_text(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string bash_case(const Command& command) {
  std::string text = "    " + command.name + ")\n      case \"$previous\" in\n";
  for (const Flag& flag : command.flags) {
    if (flag.hidden || flag.is_switch() || flag.optional_value) continue;
    const std::string words = flag.offered().empty() ? "-f -- \"$word\"" : "-W " + quoted(words_of(flag.offered())) + " -- \"$word\"";
    text += "        --" + flag.name + ") COMPREPLY=($(compgen " + words + ")); return ;;\n";
  }
  text += "      esac\n      flags=" + quoted(flag_words(command)) + "\n";
  for (const Argument& argument : command.arguments) {
    const std::string words = argument_words(command, argument);
    if (!words.empty()) text += "      words=" + quoted(words) + "\n";
  }
  return text + "      ;;\n";
}

std::string zsh_flag(const Flag& flag) {
  std::string text = "--" + flag.name;
  if (flag.optional_value) text += "=-";
  text += "[" + zsh_text(flag.help) + "]";
  if (flag.is_switch()) return text;
  text += std::string(flag.optional_value ? "::" : ":") + zsh_text(flag.value_name) + ":";
  return text + (flag.offered().empty() ? "_files" : "(" + words_of(flag.offered()) + ")");
}

std::string fish_flag(const Command& command, const Flag& flag) {
  std::string text = "complete -c chainrule -n '__fish_seen_subcommand_from " + command.name + "' -l " + flag.name;
  if (flag.letter) text += std::string(" -s ") + flag.letter;
  if (!flag.is_switch() && !flag.optional_value) text += " -r";
  if (!flag.offered().empty()) text += " -f -a " + quoted(words_of(flag.offered()));
  return text + " -d " + quoted(flag.help) + "\n";
}

}  // namespace

std::string bash_completion() {
  std::string text = "# bash completion for chainrule; made by `chainrule completions bash`\n_chainrule() {\n";
  text += "  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} flags='' words=''\n  COMPREPLY=()\n";
  text += "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    COMPREPLY=($(compgen -W " + quoted(command_words()) + " -- \"$word\"))\n    return\n  fi\n";
  text += "  case \"${COMP_WORDS[1]}\" in\n";
  for (const Command& command : commands()) text += bash_case(command);
  text += "  esac\n  if [[ \"$word\" == -* ]]; then\n    COMPREPLY=($(compgen -W \"$flags\" -- \"$word\"))\n";
  text += "  elif [ -n \"$words\" ]; then\n    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n";
  return text + "  else\n    COMPREPLY=($(compgen -f -- \"$word\"))\n  fi\n}\ncomplete -o filenames -F _chainrule chainrule\n";
}

std::string zsh_completion() {
  std::string text = "#compdef chainrule\n# zsh completion for chainrule; made by `chainrule completions zsh`\n_chainrule() {\n";
  text += "  if (( CURRENT == 2 )); then\n    local -a commands\n    commands=(\n";
  for (const Command& command : commands()) text += "      " + quoted(command.name + ":" + zsh_text(command.summary)) + "\n";
  text += "    )\n    _describe command commands\n    return\n  fi\n  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $command in\n";
  for (const Command& command : commands()) {
    text += "    " + command.name + ") _arguments";
    for (const Flag& flag : command.flags) {
      if (!flag.hidden) text += " \\\n      " + quoted(zsh_flag(flag));
    }
    for (const Argument& argument : command.arguments) {
      const std::string words = argument_words(command, argument), action = words.empty() ? "_files" : "(" + words + ")";
      text += " \\\n      " + quoted(std::string(argument.required ? ":" : "::") + argument.name + ":" + action);
    }
    text += " ;;\n";
  }
  return text + "  esac\n}\n_chainrule \"$@\"\n";
}

std::string fish_completion() {
  std::string text = "# fish completion for chainrule; made by `chainrule completions fish`\n";
  for (const Command& command : commands()) {
    text += "complete -c chainrule -n __fish_use_subcommand -f -a " + command.name + " -d " + quoted(command.summary) + "\n";
  }
  for (const Command& command : commands()) {
    for (const Flag& flag : command.flags) {
      if (!flag.hidden) text += fish_flag(command, flag);
    }
    for (const Argument& argument : command.arguments) {
      const std::string words = argument_words(command, argument);
      if (!words.empty()) text += "complete -c chainrule -n '__fish_seen_subcommand_from " + command.name + "' -f -a " + quoted(words) + "\n";
    }
  }
  return text;
}

}  // namespace chainrule::cli
