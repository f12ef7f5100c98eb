// Numbers as text for formulas, verdicts and table cells.
#include "lesson/text.h"

#include <cstdio>

namespace chainrule::lesson {

std::string number(double value, int digits) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*g", digits, value);
  return buffer;
}

std::string percent(double share) { return number(100 * share, 3) + " %"; }

std::string filled(std::string_view pattern, std::initializer_list<std::string> texts) {
  std::string result;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool place = pattern[i] == '{' && i + 2 < pattern.size() && pattern[i + 2] == '}';
    const std::size_t number = place ? static_cast<std::size_t>(pattern[i + 1] - '0') : texts.size();
    if (number >= texts.size()) {
      result += pattern[i];
      continue;
    }
    result += *(texts.begin() + number);
    i += 2;
  }
  return result;
}

}  // namespace chainrule::lesson
