// Text for people: aligned tables, wrapped paragraphs, numbers, durations and small bars.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "console.h"

namespace chainrule::cli {

/// "1,460"
std::string count_text(std::uint64_t count);
/// Five significant digits, from 10,000 on whole numbers with commas; "-" for a number that is not finite.
std::string number_text(double value, int digits = 5);
/// Four significant digits with their zeros, so that a column of losses lines up: "0.2500", "12.30".
std::string measure_text(double value);
/// "0.42 s", "31.2 s", "2:05", "1:02:05"
std::string duration_text(double seconds);
/// "842", "12.3k", "1.24M"
std::string short_count(double value);
/// `text` cut to `width` columns, ending in "..." when it was longer.
std::string cut(std::string_view text, std::size_t width);
/// "1 row", "2 rows"
std::string plural(std::uint64_t count, std::string_view noun);

/// `text` broken at blanks into lines of at most `width` columns.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// One character per value, lowest to highest.
std::string sparkline(const std::vector<double>& values, bool unicode);
/// A horizontal bar of at most `width` columns for share in [0, 1].
std::string bar(double share, std::size_t width, bool unicode);

/// Rows of cells under a dim header; a column is right-aligned when its header starts with '>'.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header);
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  /// The last column is cut to what the width of the console leaves.
  void print(Console& console, std::string_view indent = "  ") const;

 private:
  std::vector<std::size_t> widths() const;
  std::string line(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths, std::size_t limit) const;

  std::vector<std::string> header_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

/// "Name   value" lines with the names aligned and dim; long values wrap under themselves.
void print_pairs(Console& console, const std::vector<std::pair<std::string, std::string>>& pairs, std::string_view indent = "  ");

/// A bold line of its own, with an empty line in front.
void print_heading(Console& console, std::string_view text);

}  // namespace chainrule::cli
