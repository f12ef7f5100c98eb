// The manual page (roff) and docs/cli.md, made from the flag table.

#include "help.h"

namespace chainrule::cli {
namespace {

/// roff takes a backslash, a hyphen and a leading dot or quote as its own.
std::string roff(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') escaped += "\\e";
    else if (c == '-') escaped += "\\-";
    else escaped += c;
  }
  if (!escaped.empty() && (escaped[0] == '.' || escaped[0] == '\'')) escaped = "\\&" + escaped;
  return escaped;
}

std::string choices_text(const Flag& flag) {
  std::string text;
  for (const std::string& choice : flag.choices) text += (text.empty() ? "" : ", ") + choice;
  return text;
}

void add_flag(std::string& page, const Flag& flag) {
  page += ".TP\n.B " + roff(flag_form(flag)) + "\n" + roff(flag.help);
  if (!flag.choices.empty()) page += roff(": " + choices_text(flag));
  if (!flag.is_switch() && !flag.default_text.empty()) page += roff(" (default " + flag.default_text + ")");
  page += "\n";
}

/// A bar in a Markdown table ends the cell.
std::string cell(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
  return escaped;
}

void add_section(std::string& page, const Command& command) {
  page += "\n## `" + usage_line(command) + "`\n\n" + (command.description.empty() ? command.summary + "." : command.description) + "\n";
  if (!command.examples.empty()) page += "\n```\n";
  for (const std::string& example : command.examples) page += example + "\n";
  if (!command.examples.empty()) page += "```\n";
  page += "\n| flag | meaning | default |\n|---|---|---|\n";
  for (const Flag& flag : command.flags) {
    if (flag.hidden) continue;
    std::string help = flag.help + (flag.choices.empty() ? "" : ": " + choices_text(flag));
    const std::string preset = flag.is_switch() || flag.default_text.empty() ? "" : "`" + flag.default_text + "`";
    page += "| `" + cell(flag_form(flag)) + "` | " + cell(help) + " | " + cell(preset) + " |\n";
  }
}

}  // namespace

std::string manual_page() {
  std::string page = ".TH CHAINRULE 1\n.SH NAME\nchainrule \\- train, check and explain neural networks for tables\n";
  page += ".SH SYNOPSIS\n.B chainrule\n.I COMMAND\n[\\fIarguments\\fR] [\\fIflags\\fR]\n.SH COMMANDS\n";
  for (const Command& command : commands()) {
    page += ".SS \"" + roff(usage_line(command)) + "\"\n" + roff(command.description.empty() ? command.summary + "." : command.description) + "\n";
    for (const Flag& flag : command.flags) {
      if (!flag.hidden && flag.name != "help") add_flag(page, flag);
    }
  }
  page += ".SH ENVIRONMENT\nEvery flag that is a setting can be given as CHAINRULE_NAME, with underscores for dashes.\n";
  page += "A flag wins over the environment, which wins over the file of \\-\\-config. An empty variable is as not set.\n";
  page += ".TP\n.B CHAINRULE_ISA\nforces an instruction set; the results are the same.\n.TP\n.B NO_COLOR\nswitches colour off.\n";
  page += ".SH EXIT STATUS\n";
  for (const ExitCode& exit : exit_codes()) page += ".TP\n.B " + std::to_string(exit.code) + "\n" + roff(exit.meaning) + "\n";
  return page;
}

std::string markdown_page() {
  std::string page = "# The command line\n\n<!-- Made by `chainrule help --markdown` from the flag table; edit src/cli/flags.cpp. -->\n\n";
  page += "A flag wins over the environment (`CHAINRULE_WEIGHT_DECAY=0.01`), which wins over `--config FILE.toml`\n";
  page += "(`weight-decay = 0.01`), which wins over the default. `train --dry-run` shows every value and where it came from.\n";
  page += "An empty value is an error (`--test \"$UNSET\"`), but for `--missing ''`: no marker besides the empty cell. An empty variable of the\n";
  page += "environment is as not set.\n\n";
  page += "With `--json` standard output holds exactly one JSON object (one per row for `predict`); numbers that are not finite\n";
  page += "are null, a path that is not UTF-8 is `bytes:` and the path with `\\xNN` ([decision 013](decisions/013-paths-of-any-bytes.md)).\n";
  page += "A command that fails prints `{\"error\": {\"code\", \"exit_code\", \"where\", \"message\", \"hint\"}}` there instead (code is null for a fault of the\n";
  page += "program); `predict` prints it after the rows that were answered. Results of a model carry its `digest`.\n";
  page += "What people read shows `\\xNN` for control characters and the like. Errors go to standard error as `error[CODE]: place: message` and a `hint:` line;\n";
  page += "`chainrule help CODE` explains a code. A repeated flag counts the last time it is given; `--drop`, `--missing`,\n`--categorical` and `--numeric` collect.\n\n";
  page += "| exit code | meaning |\n|---|---|\n";
  for (const ExitCode& exit : exit_codes()) page += "| " + std::to_string(exit.code) + " | " + exit.meaning + " |\n";
  for (const Command& command : commands()) add_section(page, command);
  return page;
}

}  // namespace chainrule::cli
