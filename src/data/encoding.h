// Making sure that text is UTF-8 before anything reads it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chainrule::data {

/// The text without its byte order mark (noted). Throws E0305 (UTF-16 or UTF-32).
std::string_view skip_mark(std::string_view bytes, const std::string& source, std::vector<std::string>& notes);
/// Throws E0304 (NUL byte), E0306 (invalid UTF-8) with the place; the text's first line has number `first_line`. E0590 once `stop` is true.
void check_utf8(std::string_view text, const std::string& source, std::uint64_t first_line, const std::atomic<bool>* stop = nullptr);
/// The text up to its last line end, which is no place inside a UTF-8 sequence; "" when it has none.
std::string_view whole_lines(std::string_view text) noexcept;

}  // namespace chainrule::data
