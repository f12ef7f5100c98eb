// Looks up what the terminal can do: colour, width, Unicode.
#include "console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ostream>

namespace chainrule::cli {
namespace {

std::string painted(bool colour, const char* code, std::string_view text) {
  if (!colour || text.empty()) return std::string(text);
  return "\033[" + std::string(code) + "m" + std::string(text) + "\033[0m";
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool locale_is_utf8() {
  std::string locale;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    locale = variable(name);
    if (!locale.empty()) break;
  }
  std::transform(locale.begin(), locale.end(), locale.begin(), [](unsigned char c) { return std::tolower(c); });
  return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
}

/// Of the terminal; without one COLUMNS counts.
int terminal_width() {
  constexpr int kLeast = 40, kMost = 200, kUsual = 80;
  winsize size{};
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
    if (ioctl(stream, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return std::clamp<int>(size.ws_col, kLeast, kMost);
  }
  const int columns = std::atoi(variable("COLUMNS").c_str());
  return columns > 0 ? std::clamp(columns, kLeast, kMost) : kUsual;
}

bool colour_wanted(std::string_view mode, bool terminal) {
  if (mode == "always") return true;
  if (mode == "never") return false;
  return terminal && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
}

}  // namespace

std::string Style::bold(std::string_view text) const { return painted(colour, "1", text); }
std::string Style::dim(std::string_view text) const { return painted(colour, "2", text); }
std::string Style::red(std::string_view text) const { return painted(colour, "1;31", text); }
std::string Style::green(std::string_view text) const { return painted(colour, "32", text); }
std::string Style::yellow(std::string_view text) const { return painted(colour, "33", text); }
std::string Style::cyan(std::string_view text) const { return painted(colour, "36", text); }

void Console::set_colour(std::string_view mode) {
  out_style.colour = colour_wanted(mode, out_terminal);
  err_style.colour = colour_wanted(mode, err_terminal);
}

Console process_console(std::ostream& out, std::ostream& err) {
  Console console{out, err};
  console.out_terminal = isatty(STDOUT_FILENO);
  console.err_terminal = isatty(STDERR_FILENO);
  console.in_terminal = isatty(STDIN_FILENO);
  console.unicode = locale_is_utf8();
  console.width = terminal_width();
  console.set_colour("auto");
  return console;
}

std::size_t shown_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\033') {
      while (i < text.size() && text[i] != 'm') ++i;
    } else if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) {
      ++width;
    }
  }
  return width;
}

}  // namespace chainrule::cli
