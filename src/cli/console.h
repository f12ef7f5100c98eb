// Where a command writes: two streams, and what each of them can show.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "base/shown_text.h"

namespace chainrule::cli {

/// Colours and emphasis for one stream; without colour every function returns its text unchanged.
struct Style {
  bool colour = false;
  std::string bold(std::string_view text) const;
  std::string dim(std::string_view text) const;
  std::string red(std::string_view text) const;
  std::string green(std::string_view text) const;
  std::string yellow(std::string_view text) const;
  std::string cyan(std::string_view text) const;
};

struct Console {
  std::ostream& out;
  std::ostream& err;
  Style out_style = {}, err_style = {};
  bool out_terminal = false, err_terminal = false;
  bool in_terminal = false;
  bool stdin_closed = false;
  bool unicode = false;  ///< the locale can show bars and lines beyond ASCII
  int width = 80;        ///< columns of the terminal

  /// mode: "auto", "always" or "never"; auto colours a terminal unless NO_COLOR is set.
  void set_colour(std::string_view mode);
};

/// Console of this process: terminals, NO_COLOR, locale and width are looked up.
Console process_console(std::ostream& out, std::ostream& err);

/// Columns a text takes on the terminal: code points, without colour codes.
std::size_t shown_width(std::string_view text);

}  // namespace chainrule::cli
