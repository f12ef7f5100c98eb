// A text like "256,256" as hidden layers of these widths.
#include <charconv>
#include <string>

#include "chainrule/error.h"
#include "chainrule/network_spec.h"

namespace chainrule {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::size_t parse_width(std::string_view text, std::string_view whole) {
  std::size_t width = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), width);
  if (error != std::errc() || end != text.data() + text.size() || width == 0) {
    throw Error("E0201", "widths \"" + std::string(whole) + "\"", "\"" + std::string(text) + "\" is not a width of at least 1",
                "write widths like 256,256, or leave it empty for no hidden layer");
  }
  return width;
}

}  // namespace

std::vector<std::size_t> parse_widths(std::string_view text) {
  std::vector<std::size_t> widths;
  if (trimmed(text).empty()) return widths;
  std::size_t from = 0;
  while (true) {
    const std::size_t comma = text.find(',', from);
    widths.push_back(parse_width(trimmed(text.substr(from, comma - from)), text));
    if (comma == std::string_view::npos) return widths;
    from = comma + 1;
  }
}

}  // namespace chainrule
