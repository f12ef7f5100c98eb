// Cutting CSV text (RFC 4180) into records and fields, in one pass and without copying.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace chainrule::data {

/// What a field with doubled quotes says: one of each two.
std::string without_doubled_quotes(std::string_view field);

/// The separator ' ' means runs of blanks and tabs. Fields without quotes lose blanks around them; quoted fields keep theirs.
/// Lines end with LF, CR LF or CR. Lines of blanks only, and comments, are skipped. Quotes count only at the start of a field.
class CsvScanner {
 public:
  /// cut_off: the text is a part of a larger one and ends inside or right behind this record, which was not taken.
  enum class Status { record, end, open_quote, text_after_quote, cut_off };
  /// Where a part of a larger text lies: the number of its first line, and whether nothing follows it.
  struct Part {
    std::uint64_t first_line = 1;
    bool last = true;
    char comment = '\0';  ///< lines that begin with it are no records; NUL: there are none
  };

  CsvScanner(std::string_view text, char separator, Part part);
  CsvScanner(std::string_view text, char separator) : CsvScanner(text, separator, Part{}) {}

  /// Fills `cells` with the next record. The views live as long as the text and this scanner.
  Status read_record(std::vector<std::string_view>& cells) {
    cells.clear();
    return append_record(cells);
  }
  /// The same, behind the cells already there.
  Status append_record(std::vector<std::string_view>& cells);
  /// Goes on behind records of one line each that were read another way.
  void skip(std::size_t bytes, std::size_t lines) noexcept {
    at_ += bytes;
    line_ += lines;
  }

  std::uint64_t line() const noexcept { return record_line_; }       ///< where the last record began, from 1
  std::uint64_t quote_line() const noexcept { return quote_line_; }  ///< where the last quoted field opened
  std::uint64_t next_line() const noexcept { return line_; }         ///< the line now reached
  std::size_t position() const noexcept { return static_cast<std::size_t>(at_ - begin_); }
  std::size_t blank_lines() const noexcept { return blank_lines_; }
  std::size_t comment_lines() const noexcept { return comment_lines_; }

 private:
  Status append_fields(std::vector<std::string_view>& cells);
  void skip_blanks() noexcept;
  void end_line() noexcept;
  bool skip_comment() noexcept;
  bool skip_empty_lines() noexcept;
  std::string_view plain_field() noexcept;
  Status quoted_field(std::string_view& field);

  const char *begin_, *at_, *end_;
  char separator_, comment_;
  bool last_part_;
  bool tab_is_blank_;
  std::uint64_t separators_, second_separators_;  ///< the separator (and for ' ' the tab) in each of eight bytes
  std::array<bool, 256> ends_field_{};  ///< bytes that end a field without quotes
  std::uint64_t line_ = 1, record_line_ = 1, quote_line_ = 1;
  std::size_t blank_lines_ = 0, comment_lines_ = 0;
  std::deque<std::string> copies_;  ///< fields whose doubled quotes had to be taken out
};

}  // namespace chainrule::data
