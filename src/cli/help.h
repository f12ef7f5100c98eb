// The texts made from the flag table: overview, help of a command, manual page, Markdown.
#pragma once

#include <string>

#include "console.h"
#include "flags.h"

namespace chainrule::cli {

/// What `chainrule` alone prints.
std::string overview_text(const Style& style);
/// What `chainrule COMMAND --help` prints, at most `width` columns.
std::string command_help(const Command& command, const Style& style, int width);
/// "chainrule train DATA --target COL [flags]"
std::string usage_line(const Command& command);
/// "--task WHEN", "-o, --output FILE", "--uncertainty[=N]"
std::string flag_form(const Flag& flag);

std::string manual_page();    ///< roff, section 1
std::string markdown_page();  ///< docs/cli.md

/// Every code that explain_error() knows with its title, one per line, or as Markdown with the explanations (docs/errors.md).
std::string error_list();
std::vector<std::string> error_codes();
std::string error_markdown();

/// The rows behind "Exit codes" in help, manual and docs.
struct ExitCode {
  int code;
  std::string meaning;
};
const std::vector<ExitCode>& exit_codes();

}  // namespace chainrule::cli
