// Making sure that text is UTF-8 before anything reads it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chainrule::data {

/// The text without its byte order mark (noted). Throws E0304 (NUL byte), E0305 (UTF-16 or UTF-32), E0306 (invalid UTF-8) with the place.
std::string_view check_encoding(std::string_view bytes, const std::string& source, std::vector<std::string>& notes);

}  // namespace chainrule::data
