// Lays out text for people, measured in terminal columns.
#include "layout.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ostream>

namespace chainrule::cli {
namespace {

constexpr const char* kBlocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::size_t kLeastColumns = 8;  // of a table's last column: on a narrower terminal the line wraps
constexpr char kAsciiBlocks[] = "_.-:=+*#";

std::string formatted(const char* format, double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, value);
  return buffer;
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::size_t shown = shown_width(text);
  const std::string blanks(width > shown ? width - shown : 0, ' ');
  return right ? blanks + text : text + blanks;
}

/// Prices and the like: whole numbers with commas instead of 8.433e+04.
bool is_large(double value) { return std::abs(value) >= 1e4 && std::abs(value) < 1e12; }

std::string whole_text(double value) {
  return (value < 0 ? "-" : "") + count_text(static_cast<std::uint64_t>(std::llround(std::abs(value))));
}

std::size_t level(double value, double low, double high) {
  if (!(high > low)) return 0;
  return static_cast<std::size_t>(std::min(7.0, std::floor((value - low) / (high - low) * 8)));
}

}  // namespace

std::string count_text(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string number_text(double value, int digits) {
  if (!std::isfinite(value)) return "-";
  if (is_large(value)) return whole_text(value);
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*g", digits, value);
  return buffer;
}

std::string measure_text(double value) {
  if (!std::isfinite(value)) return "-";
  if (is_large(value)) return whole_text(value);
  if (value == 0) return "0";
  std::string text = formatted("%#.4g", value);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "-";
  if (seconds < 10) return formatted("%.2f s", seconds);
  if (seconds < 60) return formatted("%.1f s", seconds);
  const std::uint64_t whole = static_cast<std::uint64_t>(seconds + 0.5);
  char buffer[64];
  if (whole < 3600) std::snprintf(buffer, sizeof buffer, "%d:%02d", int(whole / 60), int(whole % 60));
  else std::snprintf(buffer, sizeof buffer, "%llu:%02d:%02d", static_cast<unsigned long long>(whole / 3600), int(whole / 60 % 60), int(whole % 60));
  return buffer;
}

std::string short_count(double value) {
  if (!std::isfinite(value)) return "-";
  if (value < 1000) return formatted("%.0f", value);
  if (value < 1e6) return formatted(value < 1e5 ? "%.1fk" : "%.0fk", value / 1e3);
  return formatted(value < 1e8 ? "%.2fM" : "%.0fM", value / 1e6);
}

std::string cut(std::string_view text, std::size_t width) {
  if (shown_width(text) <= width) return std::string(text);
  std::string kept;
  std::size_t shown = 0;
  const std::size_t room = width > 3 ? width - 3 : 0;
  for (const char c : text) {
    const bool starts = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    if (starts && ++shown > room) break;
    kept += c;
  }
  return kept + std::string("...").substr(0, std::min<std::size_t>(3, width));
}

std::string plural(std::uint64_t count, std::string_view noun) {
  return count_text(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (!line.empty() && shown_width(line) + 1 + shown_width(word) > width) {
      lines.push_back(std::move(line));
      line.clear();
    }
    if (!line.empty() && !word.empty()) line += ' ';
    line += word;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  lines.push_back(line);
  return lines;
}

std::string sparkline(const std::vector<double>& values, bool unicode) {
  double low = INFINITY, high = -INFINITY;
  for (const double value : values) {
    if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
  }
  std::string line;
  for (const double value : values) {
    if (!std::isfinite(value)) line += '?';
    else if (unicode) line += kBlocks[level(value, low, high)];
    else line += kAsciiBlocks[level(value, low, high)];
  }
  return line;
}

std::string bar(double share, std::size_t width, bool unicode) {
  const std::size_t filled = static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(width)));
  std::string text;
  for (std::size_t i = 0; i < filled; ++i) text += unicode ? "█" : "#";
  return text;
}

TextTable::TextTable(std::vector<std::string> header) : header_(std::move(header)) {
  for (std::string& cell : header_) {
    right_.push_back(!cell.empty() && cell[0] == '>');
    if (right_.back()) cell.erase(0, 1);
  }
}

void TextTable::add(std::vector<std::string> cells) {
  cells.resize(header_.size());
  rows_.push_back(std::move(cells));
}

std::vector<std::size_t> TextTable::widths() const {
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < header_.size(); ++i) {
    result.push_back(shown_width(header_[i]));
    for (const auto& row : rows_) result[i] = std::max(result[i], shown_width(row[i]));
  }
  return result;
}

std::string TextTable::line(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths, std::size_t limit) const {
  std::string text;
  std::size_t used = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) text += "  ", used += 2;
    const bool last = i + 1 == cells.size();
    if (last && !right_[i]) text += cut(cells[i], std::max(kLeastColumns, limit > used ? limit - used : 0));
    else text += padded(cells[i], widths[i], right_[i]);
    used += widths[i];
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

void TextTable::print(Console& console, std::string_view indent) const {
  const std::vector<std::size_t> columns = widths();
  const std::size_t limit = static_cast<std::size_t>(console.width) - indent.size();
  const bool titled = std::any_of(header_.begin(), header_.end(), [](const std::string& cell) { return !cell.empty(); });
  if (titled) console.out << indent << console.out_style.dim(line(header_, columns, limit)) << '\n';
  for (const auto& row : rows_) console.out << indent << line(row, columns, limit) << '\n';
}

void print_pairs(Console& console, const std::vector<std::pair<std::string, std::string>>& pairs, std::string_view indent) {
  std::size_t names = 0;
  for (const auto& [name, value] : pairs) names = std::max(names, shown_width(printable(name)));
  const std::size_t room = std::max<std::size_t>(20, static_cast<std::size_t>(console.width) - indent.size() - names - 2);
  for (const auto& [name, value] : pairs) {
    std::string lead = console.out_style.dim(padded(printable(name), names, false));
    for (const std::string& text : wrapped(printable(value), room)) {
      console.out << indent << lead << "  " << text << '\n';
      lead = std::string(names, ' ');
    }
  }
}

void print_heading(Console& console, std::string_view text) { console.out << '\n' << console.out_style.bold(text) << '\n'; }

}  // namespace chainrule::cli
