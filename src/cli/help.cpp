// Overview and help of each command, made from the flag table.
#include "help.h"

#include <algorithm>

#include "layout.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kFlagColumn = 26;     // columns for the flag's form; longer ones get a line of their own
constexpr std::size_t kCommandColumn = 15;

void add_row(std::string& text, const std::string& form, const std::string& shown, const std::string& help, std::size_t width,
             std::size_t column = kFlagColumn) {
  std::string lead = "  " + shown;
  const std::size_t used = 2 + shown_width(form);
  if (used + 2 > column) {
    text += lead + "\n";
    lead = std::string(column, ' ');
  } else {
    lead += std::string(column - used, ' ');
  }
  for (const std::string& line : wrapped(help, width - column)) {
    text += lead + line + "\n";
    lead = std::string(column, ' ');
  }
}

std::string help_of(const Flag& flag) {
  std::string help = flag.help;
  if (!flag.choices.empty()) {
    help += " (";
    for (std::size_t i = 0; i < flag.choices.size(); ++i) help += (i > 0 ? ", " : "") + flag.choices[i];
    help += ")";
  }
  if (!flag.default_text.empty() && !flag.is_switch()) help += " [" + flag.default_text + "]";
  return help;
}

void add_groups(std::string& text, const Command& command, const Style& style, std::size_t width) {
  std::vector<std::string> groups;
  for (const Flag& flag : command.flags) {
    if (std::find(groups.begin(), groups.end(), flag.group) == groups.end()) groups.push_back(flag.group);
  }
  for (const std::string& group : groups) {
    text += "\n" + style.bold(group) + "\n";
    for (const Flag& flag : command.flags) {
      if (flag.group == group && !flag.hidden) add_row(text, flag_form(flag), style.cyan(flag_form(flag)), help_of(flag), width);
    }
  }
}

void add_paragraph(std::string& text, const std::string& paragraph, std::size_t width) {
  if (paragraph.empty()) return;
  text += "\n";
  for (const std::string& line : wrapped(paragraph, width)) text += line + "\n";
}

}  // namespace

std::string flag_form(const Flag& flag) {
  std::string form = flag.letter ? std::string{'-', flag.letter, ',', ' '} : "";
  form += "--" + flag.name;
  if (flag.optional_value) return form + "[=" + flag.value_name + "]";
  return flag.is_switch() ? form : form + " " + flag.value_name;
}

std::string usage_line(const Command& command) {
  std::string usage = "chainrule " + command.name;
  if (command.name == "train") return usage + " DATA --target COL [flags]";
  for (const Argument& argument : command.arguments) usage += " " + (argument.required ? argument.name : "[" + argument.name + "]");
  return usage + " [flags]";
}

std::string command_help(const Command& command, const Style& style, int width) {
  const std::size_t limit = static_cast<std::size_t>(std::min(width, 100));
  std::string text = style.bold("chainrule " + command.name) + ": " + command.summary + "\n\nusage: " + usage_line(command) + "\n";
  add_paragraph(text, command.description, limit);
  if (!command.arguments.empty()) text += "\n" + style.bold("Arguments") + "\n";
  for (const Argument& argument : command.arguments) add_row(text, argument.name, style.cyan(argument.name), argument.help, limit);
  add_groups(text, command, style, limit);
  if (!command.examples.empty()) text += "\n" + style.bold("Examples") + "\n";
  for (const std::string& example : command.examples) text += "  " + example + "\n";
  const bool configured = std::any_of(command.flags.begin(), command.flags.end(), [](const Flag& f) { return f.name == "config"; });
  if (configured) {
    add_paragraph(text, "A flag wins over the environment (CHAINRULE_WEIGHT_DECAY=0.01), which wins over --config FILE "
                        "(weight-decay = 0.01), which wins over the default in [brackets].", limit);
  }
  return text;
}

std::string overview_text(const Style& style) {
  std::string text = style.bold("chainrule") + " trains, checks and explains neural networks for tables.\n\n";
  text += "  chainrule train houses.csv --target price      a model from a table\n";
  text += "  chainrule predict runs/1 new.csv               its answers for new rows\n";
  text += "\n" + style.bold("Commands") + "\n";
  for (const Command& command : commands()) add_row(text, command.name, style.cyan(command.name), command.summary, 80, kCommandColumn);
  text += "\n`chainrule COMMAND --help` shows a command's flags. Every command takes --json\n(not the quiz of `learn`).\n";
  return text;
}

const std::vector<ExitCode>& exit_codes() {
  static const std::vector<ExitCode> codes = {
      {0, "done"},
      {1, "a check failed"},
      {2, "usage: an invalid flag, setting or network"},
      {3, "the data cannot be used"},
      {4, "a model or file cannot be read or written, or memory ran out"},
      {5, "training diverged; the last good state is kept"},
      {70, "a fault of the program itself; please report it"},
      {130, "interrupted; the checkpoint is saved"},
      {141, "whoever read the output closed it (as in `| head`)"},
  };
  return codes;
}

}  // namespace chainrule::cli
