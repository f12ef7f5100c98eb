// Any bytes (a path need not be UTF-8) as valid UTF-8 and back, for JSON and stored texts. Why so: docs/decisions/013-paths-of-any-bytes.md.
#pragma once

#include <string>
#include <string_view>

namespace chainrule {

/// UTF-8 as it is; all else "bytes:" and the bytes, those that are not UTF-8 as \xNN, a backslash as two. One text for each input.
std::string text_of_bytes(std::string_view bytes);

/// The bytes that text_of_bytes() made this text of. A text that it never makes is taken as it is, as in files of earlier versions.
std::string bytes_of_text(std::string_view text);

}  // namespace chainrule
