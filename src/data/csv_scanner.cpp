// The scanner's loops: byte by byte, but for fields without quotes eight at a time.
#include "data/csv_scanner.h"

#include <bit>
#include <cstring>

namespace chainrule::data {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101ull;

// Eight bytes at once: the lowest bit set lies in the first byte that is zero (Mycroft's trick; bits above it may be wrong).
constexpr std::uint64_t zero_bytes(std::uint64_t word) noexcept { return (word - kOnes) & ~word & (kOnes << 7); }

}  // namespace

std::string without_doubled_quotes(std::string_view field) {
  std::string copy;
  copy.reserve(field.size());
  for (std::size_t i = 0; i < field.size(); ++i) {
    copy.push_back(field[i]);
    if (field[i] == '"') ++i;
  }
  return copy;
}

CsvScanner::CsvScanner(std::string_view text, char separator, Part part)
    : begin_(text.data()), at_(begin_), end_(begin_ + text.size()), separator_(separator), comment_(part.comment), last_part_(part.last),
      tab_is_blank_(separator != '\t'), separators_(kOnes * static_cast<unsigned char>(separator)),
      second_separators_(separator == ' ' ? kOnes * '\t' : separators_),
      line_(part.first_line), record_line_(part.first_line), quote_line_(part.first_line) {
  for (char stop : {'\n', '\r', separator}) ends_field_[static_cast<unsigned char>(stop)] = true;
  if (separator == ' ') ends_field_[static_cast<unsigned char>('\t')] = true;
}

void CsvScanner::skip_blanks() noexcept {
  while (at_ < end_ && (*at_ == ' ' || (*at_ == '\t' && tab_is_blank_))) ++at_;
}

// Standing on CR or LF.
void CsvScanner::end_line() noexcept {
  if (*at_ == '\r' && at_ + 1 < end_ && at_[1] == '\n') ++at_;
  ++at_;
  ++line_;
}

// A line that begins with the mark of comments.
bool CsvScanner::skip_comment() noexcept {
  if (comment_ == '\0' || at_ == end_ || *at_ != comment_) return false;
  while (at_ < end_ && *at_ != '\n' && *at_ != '\r') ++at_;
  if (at_ < end_) end_line();
  ++comment_lines_;
  return true;
}

// False when the text is over.
bool CsvScanner::skip_empty_lines() noexcept {
  for (;;) {
    if (skip_comment()) continue;
    const char* start = at_;
    skip_blanks();
    if (at_ == end_) return false;
    if (*at_ != '\n' && *at_ != '\r') {
      at_ = start;
      return true;
    }
    end_line();
    ++blank_lines_;
  }
}

std::string_view CsvScanner::plain_field() noexcept {
  const char* start = at_;
  for (; std::endian::native == std::endian::little && end_ - at_ >= 8; at_ += 8) {
    std::uint64_t word;
    std::memcpy(&word, at_, 8);
    const std::uint64_t found = zero_bytes(word ^ (kOnes * '\n')) | zero_bytes(word ^ (kOnes * '\r')) | zero_bytes(word ^ separators_) |
                                zero_bytes(word ^ second_separators_);
    if (found != 0) {
      at_ += std::countr_zero(found) / 8;
      break;
    }
  }
  while (at_ < end_ && !ends_field_[static_cast<unsigned char>(*at_)]) ++at_;
  const char* last = at_;
  while (last > start && (last[-1] == ' ' || (last[-1] == '\t' && tab_is_blank_))) --last;
  return {start, static_cast<std::size_t>(last - start)};
}

// Standing on the opening quote; leaves at_ on the separator, the line's end or the text's end.
CsvScanner::Status CsvScanner::quoted_field(std::string_view& field) {
  quote_line_ = line_;
  const char* start = ++at_;
  bool doubled = false;
  for (;;) {
    const char* quote = static_cast<const char*>(at_ < end_ ? std::memchr(at_, '"', static_cast<std::size_t>(end_ - at_)) : nullptr);
    if (quote == nullptr) return Status::open_quote;
    at_ = quote + 1;
    if (at_ == end_ || *at_ != '"') break;
    doubled = true;
    ++at_;
  }
  field = {start, static_cast<std::size_t>(at_ - 1 - start)};
  for (std::size_t i = 0; i < field.size(); ++i) {
    const bool lone_return = field[i] == '\r' && (i + 1 == field.size() || field[i + 1] != '\n');
    if (field[i] == '\n' || lone_return) ++line_;
  }
  if (doubled) field = copies_.emplace_back(without_doubled_quotes(field));
  if (separator_ != ' ') skip_blanks();
  return at_ == end_ || ends_field_[static_cast<unsigned char>(*at_)] ? Status::record : Status::text_after_quote;
}

// What reaches the end of a part may go on in the next one.
CsvScanner::Status CsvScanner::append_record(std::vector<std::string_view>& cells) {
  const char* start = at_;
  const std::uint64_t line = record_line_ = line_;
  const std::size_t blank_lines = blank_lines_, comment_lines = comment_lines_, before = cells.size();
  const Status status = append_fields(cells);
  const bool open_end = at_ == end_ && at_ != begin_ && end_[-1] != '\n';
  if (!last_part_ && (status == Status::open_quote || open_end)) {
    at_ = start;
    line_ = line;
    blank_lines_ = blank_lines;
    comment_lines_ = comment_lines;
    cells.resize(before);
    return Status::cut_off;
  }
  return status;
}

CsvScanner::Status CsvScanner::append_fields(std::vector<std::string_view>& cells) {
  if (!skip_empty_lines()) return Status::end;
  record_line_ = line_;
  for (;;) {
    skip_blanks();
    if (at_ < end_ && *at_ == '"') {
      std::string_view field;
      const Status status = quoted_field(field);
      if (status != Status::record) return status;
      cells.push_back(field);
    } else {
      cells.push_back(plain_field());
    }
    if (separator_ == ' ') skip_blanks();
    if (at_ == end_) return Status::record;
    if (*at_ == '\n' || *at_ == '\r') {
      end_line();
      return Status::record;
    }
    if (separator_ != ' ') ++at_;
  }
}

}  // namespace chainrule::data
