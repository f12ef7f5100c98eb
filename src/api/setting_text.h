// Texts of settings as values and back: numbers, switches, lists, dropout.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/network_spec.h"

namespace chainrule::api {

/// What a text is read for: the setting's key and where it stood, for Error E0102.
struct TextPlace {
  std::string_view key, where;
};

[[noreturn]] void bad_value(const TextPlace& place, std::string_view text, const std::string& wanted);

/// A finite number in [lowest, highest]; throws Error E0102 otherwise. Numbers never depend on the locale.
double read_number(const TextPlace& place, std::string_view text, double lowest, double highest);
std::uint64_t read_whole(const TextPlace& place, std::string_view text, std::uint64_t lowest, std::uint64_t highest);
/// true, yes, on, 1 or "" / false, no, off, 0.
bool read_switch(const TextPlace& place, std::string_view text);
/// Comma-separated words; blanks around them are dropped.
std::vector<std::string> read_list(std::string_view text);

/// The shortest text that reads back to the same double.
std::string write_number(double value);
std::string write_list(const std::vector<std::string>& words);

/// "0.2" or "0.2:standard".
DropoutSpec read_dropout(const TextPlace& place, std::string_view text);
std::string write_dropout(const DropoutSpec& dropout);

/// A text that is a number is a share, 20% too; anything else names a file.
std::optional<double> as_share(const std::string& text);

}  // namespace chainrule::api
