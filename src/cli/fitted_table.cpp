// Tables that fit the terminal.
#include "fitted_table.h"

#include <algorithm>
#include <ostream>

#include "layout.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kGap = 2, kNarrowest = 6;

/// Where UTF-8 text may be broken after `width` columns.
std::size_t bytes_of(std::string_view text, std::size_t width) {
  std::size_t shown = 0, at = 0;
  for (; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80 && shown++ == width) break;
  }
  return at;
}

/// Lines of at most `width` columns: broken at blanks, and inside words only where one is longer than that.
std::vector<std::string> folded(const std::string& text, std::size_t width) {
  std::vector<std::string> lines;
  for (std::string line : wrapped(text, width)) {
    while (shown_width(line) > width) {
      const std::size_t end = bytes_of(line, width), dot = line.rfind('.', end - 1);
      const std::size_t cut = dot != std::string::npos && dot > 0 ? dot + 1 : end;
      lines.push_back(line.substr(0, cut));
      line.erase(0, cut);
    }
    lines.push_back(line);
  }
  return lines;
}

std::size_t longest_word(const std::string& text) {
  std::size_t longest = 0;
  for (const std::string& word : wrapped(text, 1)) longest = std::max(longest, shown_width(word));
  return longest;
}

struct Column {
  std::size_t natural = 0;  ///< nothing folded
  std::size_t words = 0;    ///< no word broken; numbers whole
  bool numeric = true;
  std::size_t width = 0;
};

/// Numbers start with a digit or a sign in front of one, and may carry a unit.
bool is_number(const std::string& cell) {
  return cell.empty() || (cell.find_first_of("0123456789") <= 1 && cell.find(' ') >= cell.size() - std::min<std::size_t>(cell.size(), 2));
}

std::vector<Column> measured(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows) {
  std::vector<Column> columns(header.size());
  for (std::size_t c = 0; c < header.size(); ++c) {
    Column& column = columns[c];
    for (const auto& row : rows) column.numeric = column.numeric && is_number(row[c]);
    column.numeric = column.numeric && c > 0;
    column.natural = shown_width(header[c]);
    column.words = longest_word(header[c]);
    for (const auto& row : rows) {
      column.natural = std::max(column.natural, shown_width(row[c]));
      column.words = std::max(column.words, column.numeric ? shown_width(row[c]) : longest_word(row[c]));
    }
    column.width = column.natural;
  }
  return columns;
}

std::size_t total(const std::vector<Column>& columns) {
  std::size_t sum = kGap * (columns.size() - 1);
  for (const Column& column : columns) sum += column.width;
  return sum;
}

/// Narrows the widest column that may be narrowed, column by column, until the table fits: first without breaking words, then texts only.
void fit(std::vector<Column>& columns, std::size_t room) {
  for (const bool break_words : {false, true}) {
    while (total(columns) > room) {
      Column* widest = nullptr;
      for (Column& column : columns) {
        const std::size_t least = !break_words ? column.words : column.numeric ? column.width : kNarrowest;
        if (column.width > least && (widest == nullptr || column.width > widest->width)) widest = &column;
      }
      if (widest == nullptr) break;
      --widest->width;
    }
  }
}

/// One row as as many lines as its most folded cell needs; headings stand at the bottom of theirs.
std::vector<std::string> row_lines(const std::vector<std::string>& cells, const std::vector<Column>& columns, bool bottom) {
  std::vector<std::vector<std::string>> parts;
  std::size_t height = 1;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    parts.push_back(folded(cells[c], columns[c].width));
    height = std::max(height, parts.back().size());
  }
  std::vector<std::string> lines(height);
  for (std::size_t i = 0; i < height; ++i) {
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const std::size_t above = bottom ? height - parts[c].size() : 0;
      const std::string text = i < above || i - above >= parts[c].size() ? "" : parts[c][i - above];
      const std::string blanks(columns[c].width > shown_width(text) ? columns[c].width - shown_width(text) : 0, ' ');
      lines[i] += (c > 0 ? std::string(kGap, ' ') : "") + (columns[c].numeric ? blanks + text : text + blanks);
    }
    lines[i].erase(lines[i].find_last_not_of(' ') + 1);
  }
  return lines;
}

}  // namespace

void print_fitted_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows, Console& console,
                        std::string_view indent) {
  std::vector<Column> columns = measured(header, rows);
  fit(columns, static_cast<std::size_t>(console.width) - indent.size());
  for (const std::string& line : row_lines(header, columns, true)) console.out << indent << console.out_style.dim(line) << '\n';
  for (const auto& row : rows) {
    for (const std::string& line : row_lines(row, columns, false)) console.out << indent << line << '\n';
  }
}

}  // namespace chainrule::cli
