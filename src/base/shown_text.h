// Names of files, columns and classes come from strangers: made fit to be shown, and to be pasted into a shell.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chainrule {

/// One character of a text: its bytes, and whether they may be shown as they are. Never to be shown: control characters (C0, DEL, C1), what
/// turns the direction of writing, line and paragraph separators, and bytes that are not UTF-8 (one at a time).
struct ShownCharacter {
  std::size_t bytes = 1;
  bool safe = false;
  bool valid = false;  ///< UTF-8
};
/// Of the text's first character; it must not be empty.
ShownCharacter first_character(std::string_view text) noexcept;

/// The text with each byte that must not be shown as \xNN. `kept`: control characters that stay, such as "\n".
std::string printable(std::string_view text, std::string_view kept = "");

/// The text as one word of a command line for sh: as it is where that is safe, else in quotes. Characters that must not be shown are
/// written \xNN inside $'...', which bash, zsh and ksh read.
std::string shell_word(std::string_view text);
/// The same for a path that stands where flags may stand: "-x.csv" becomes ./-x.csv; "-" (standard input) stays.
std::string shell_path(std::string_view path);
/// "chainrule train --resume FOLDER"
std::string resume_command(std::string_view folder);

}  // namespace chainrule
