// `chainrule help [TOPIC]` and `chainrule completions SHELL`.
#include <cctype>
#include <ostream>

#include "chainrule/error.h"
#include "commands.h"
#include "completion_scripts.h"
#include "help.h"
#include "json.h"
#include "layout.h"

namespace chainrule::cli {
namespace {

bool is_error_code(std::string_view topic) {
  return topic.size() > 1 && (topic[0] == 'E' || topic[0] == 'e') && std::isdigit(static_cast<unsigned char>(topic[1]));
}

void print_error_code(std::string code, Console& console) {
  code[0] = 'E';
  if (code.find_first_not_of("0123456789", 1) == std::string::npos && code.size() < 5) code.insert(1, 5 - code.size(), '0');
  const std::string_view text = explain_error(code);
  if (text.empty()) throw Error("E0101", "", "there is no error " + code, suggestion(code, error_codes(), "", "`chainrule help errors` lists all codes"));
  const std::size_t line = text.find('\n');
  console.out << console.out_style.bold(code + ": " + std::string(text.substr(0, line))) << '\n';
  if (line == std::string_view::npos) return;
  for (const std::string& part : wrapped(text.substr(line + 1), static_cast<std::size_t>(console.width))) console.out << part << '\n';
}

}  // namespace

int run_help(const Arguments& arguments, Console& console) {
  const bool errors = !arguments.positionals.empty() && arguments.positionals[0] == "errors";
  if (arguments.on("json")) console.out << help_json() << '\n';
  else if (errors) console.out << (arguments.on("markdown") ? error_markdown() : error_list());
  else if (arguments.on("man")) console.out << manual_page();
  else if (arguments.on("markdown")) console.out << markdown_page();
  else if (arguments.positionals.empty()) console.out << overview_text(console.out_style);
  else if (is_error_code(arguments.positionals[0])) print_error_code(arguments.positionals[0], console);
  else console.out << command_help(find_command(arguments.positionals[0]), console.out_style, console.width);
  return 0;
}

int run_completions(const Arguments& arguments, Console& console) {
  const std::string& shell = arguments.positionals[0];
  std::string script;
  if (shell == "bash") script = bash_completion();
  else if (shell == "zsh") script = zsh_completion();
  else if (shell == "fish") script = fish_completion();
  else throw Error("E0102", "", "there is no completion for the shell \"" + shell + "\"",
                   suggestion(shell, {"bash", "zsh", "fish"}, "", "take bash, zsh or fish"));
  if (arguments.on("json")) console.out << "{\"shell\":" << json_string(shell) << ",\"script\":" << json_string(script) << "}\n";
  else console.out << script;
  return 0;
}

}  // namespace chainrule::cli
