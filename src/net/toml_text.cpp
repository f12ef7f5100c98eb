// Follows TOML's quotes and comments, no more of its grammar: up to its first syntax error a text is read as the parser reads it.
#include "net/toml_text.h"

#include <algorithm>
#include <string>

#include "chainrule/error.h"
#include "chainrule/network_spec.h"

namespace chainrule::net {
namespace {

/// Offset behind the quoted text that begins at `at`; a text that is never closed ends with its line, or for triple quotes with the file.
std::size_t skip_quoted(std::string_view text, std::size_t at) noexcept {
  const char quote = text[at];
  const bool triple = text.size() - at >= 3 && text[at + 1] == quote && text[at + 2] == quote;
  const std::size_t width = triple ? 3 : 1;
  const std::string_view closing = text.substr(at, width);
  for (at += width; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') ++at;
    else if (!triple && text[at] == '\n') return at;
    else if (text.substr(at, width) == closing) break;
  }
  at += width;
  for (int more = 0; triple && more < 2 && at < text.size() && text[at] == quote; ++more) ++at;  // """a""""" ends in two quotes
  return at < text.size() ? at : text.size();
}

}  // namespace

std::optional<std::size_t> stray_non_ascii(std::string_view text) noexcept {
  std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;  // a byte order mark is fine
  while (at < text.size()) {
    if (text[at] == '"' || text[at] == '\'') {
      at = skip_quoted(text, at);
    } else if (text[at] == '#') {
      while (at < text.size() && text[at] != '\n') ++at;
    } else if (static_cast<unsigned char>(text[at]) >= 0x80) {
      return at;
    } else {
      ++at;
    }
  }
  return std::nullopt;
}

}  // namespace chainrule::net

namespace chainrule {

void refuse_stray_characters(std::string_view text, const std::string& file_name) {
  const std::optional<std::size_t> stray = net::stray_non_ascii(text);
  if (!stray) return;
  const std::string_view before = text.substr(0, *stray);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t column = *stray - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0: the first line
  throw Error("E0220", file_name + " line " + std::to_string(line) + ", column " + std::to_string(column),
              "a character that is not ASCII, outside of quotes and comments", "put quotes around texts; keys are plain ASCII");
}

}  // namespace chainrule
