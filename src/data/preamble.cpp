// Lines are looked at by their first bytes only; the table itself is left to the scanner.
#include "data/preamble.h"

#include <algorithm>
#include <optional>

#include "data/csv_scanner.h"
#include "data/number.h"

namespace chainrule::data {
namespace {

constexpr std::size_t kMostCommentLines = 10000;

/// The line that begins at `at`, without its end.
std::string_view line_from(std::string_view text, std::size_t at) noexcept {
  const std::size_t end = text.find_first_of("\r\n", at);
  return text.substr(at, end == std::string_view::npos ? end : end - at);
}

std::size_t behind_line(std::string_view text, std::size_t at) noexcept {
  const std::size_t end = text.find_first_of("\r\n", at);
  if (end == std::string_view::npos) return text.size();
  return end + (text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n' ? 2 : 1);
}

// sep=; in the first line: Excel's own way to name the separator.
std::optional<char> named_separator(std::string_view line) noexcept {
  if (line.size() >= 2 && line.front() == '"' && line.back() == '"') line = line.substr(1, line.size() - 2);
  if (line.size() != 5 || !(line.starts_with("sep=") || line.starts_with("SEP=") || line.starts_with("Sep="))) return std::nullopt;
  return line[4];
}

std::vector<std::string_view> fields(std::string_view line, char separator) {
  CsvScanner scanner(line, separator);
  std::vector<std::string_view> cells;
  scanner.read_record(cells);
  return cells;
}

bool holds_number(const std::vector<std::string_view>& cells) {
  return std::any_of(cells.begin(), cells.end(), [](std::string_view cell) {
    return parse_number(cell, '.').kind != CellKind::text || parse_number(cell, ',').kind != CellKind::text;
  });
}

// "#id,name" above "1,x" names the columns.
bool names_columns(std::string_view line, std::string_view below) {
  for (const char separator : {'\t', ';', '|', ','}) {
    const auto cells = fields(below, separator);
    if (cells.size() >= 2 && holds_number(cells) && fields(line, separator).size() == cells.size() && !holds_number(fields(line, separator))) {
      return true;
    }
  }
  return false;
}

void take_line(Preamble& preamble, std::string_view text) {
  preamble.bytes = behind_line(text, preamble.bytes);
  ++preamble.lines;
}

void take_comments(Preamble& preamble, std::string_view text) {
  const Preamble before = preamble;
  Preamble last = preamble;
  while (preamble.lines - before.lines < kMostCommentLines && text.substr(preamble.bytes).starts_with('#')) {
    last = preamble;
    take_line(preamble, text);
  }
  if (preamble.lines == before.lines) return;
  if (preamble.bytes >= text.size()) {  // nothing but such lines
    preamble = before;
    return;
  }
  if (names_columns(line_from(text, last.bytes), line_from(text, preamble.bytes))) preamble = last;
  const std::size_t count = preamble.lines - before.lines;
  if (count == 0) return;
  preamble.notes.push_back("comments: " + std::to_string(count) + (count == 1 ? " line that begins" : " lines that begin") +
                           " with # before the table, skipped");
}

}  // namespace

Preamble read_preamble(std::string_view text, std::size_t skip, std::string_view comment) {
  Preamble preamble;
  while (preamble.lines < skip && preamble.bytes < text.size()) take_line(preamble, text);
  if (skip > 0) preamble.notes.push_back("skipped: the first " + std::to_string(preamble.lines) + (preamble.lines == 1 ? " line" : " lines"));
  if (const auto separator = named_separator(line_from(text, preamble.bytes))) {
    preamble.separator = *separator;
    take_line(preamble, text);
  }
  if (comment.empty()) take_comments(preamble, text);
  return preamble;
}

}  // namespace chainrule::data
