// Looking through windows of the text; what the window cuts off is looked at again.
#include "data/plain_records.h"

#include <algorithm>

namespace chainrule::data {
namespace {

constexpr std::size_t kFewestBlocks = 16;
constexpr std::size_t kMostBlocks = std::size_t{1} << 20;  // 64 MB: longer records are read byte by byte

}  // namespace

std::string_view PlainRecords::trimmed(const char* first, const char* last) const noexcept {
  const auto blank = [&](char c) { return c == ' ' || (c == '\t' && tab_is_blank); };
  if (*last == '\n' && last[-1] == '\r') --last;
  while (first < last && blank(*first)) ++first;
  while (last > first && blank(last[-1])) --last;
  if (first < last && *first == '"') return {first + 1, static_cast<std::size_t>(last - first - 2)};
  return {first, static_cast<std::size_t>(last - first)};
}

PlainRecordFinder::PlainRecordFinder(std::string_view text, char separator, std::size_t columns, const FieldKernels& kernels)
    : text_(text), separator_(separator), columns_(columns), kernels_(kernels), trusted_blocks_(kMostBlocks) {}

StopCount PlainRecordFinder::look(const char* begin, std::size_t blocks) {
  const std::size_t room = 64 * blocks + kStopsSlack + 1;
  Stops& stops = stops_[turn_];
  if (room > stops.places.size()) stops.places = Cells<std::uint32_t>(room);  // most of it is never touched
  stops.places[0] = static_cast<std::uint32_t>(-1);
  return kernels_.find_stops(begin, blocks, separator_, stops.places.data() + 1);
}

// Stop by stop: the leading records that have the right number of fields.
std::size_t PlainRecordFinder::rows_up_to_fault(const char* begin, StopCount count) const noexcept {
  const std::uint32_t* const stops = stops_[turn_].places.data();
  std::size_t rows = 0;
  for (std::size_t stop = 1; stop <= count.stops; ++stop) {
    const bool ends_line = begin[stops[stop]] == '\n';
    if (ends_line != (stop == (rows + 1) * columns_)) break;
    if (ends_line) ++rows;
  }
  return rows;
}

// The leading records that have the right number of fields and are no blank lines.
std::size_t PlainRecordFinder::whole_rows(const char* begin, StopCount count) const noexcept {
  const std::uint32_t* const stops = stops_[turn_].places.data();
  std::size_t rows = 0;
  // Nearly always every columns_-th stop is a line's end; then no other one is.
  while (rows < count.lines && (rows + 1) * columns_ <= count.stops && begin[stops[(rows + 1) * columns_]] == '\n') ++rows;
  if (rows < count.lines) rows = rows_up_to_fault(begin, count);
  if (columns_ > 1) return rows;
  for (std::size_t row = 0; row < rows; ++row) {
    if (static_cast<unsigned char>(begin[static_cast<std::uint32_t>(stops[row] + 1)]) <= ' ') return row;
  }
  return rows;
}

PlainRecords PlainRecordFinder::find(std::size_t position, std::size_t bytes) {
  if (separator_ == ' ' || text_.size() - position < 64 + kReadableBehind) return {};
  const std::size_t most = std::min((text_.size() - position - kReadableBehind) / 64, kMostBlocks);
  const char* const begin = text_.data() + position;
  turn_ = 1 - turn_;
  std::size_t blocks = std::min({most, trusted_blocks_, bytes / 64 + 1});
  StopCount count = look(begin, blocks);
  while (count.lines == 0 && count.stops < columns_ && !count.odd && blocks < most) {
    blocks = std::min(2 * blocks, most);
    count = look(begin, blocks);
  }
  PlainRecords records{begin, stops_[turn_].places.data(), whole_rows(begin, count), columns_};
  trusted_blocks_ = count.odd || records.rows < count.lines ? kFewestBlocks : std::min(2 * blocks, kMostBlocks);
  if (records.rows == 0) return records;
  const auto ends_with_return = [&](std::size_t row) { return begin[records.stops[(row + 1) * columns_] - 1] == '\r'; };
  std::size_t row = 0;
  while (row < records.rows && ends_with_return(row)) ++row;
  records.all_returns = row == records.rows;
  records.tab_is_blank = separator_ != '\t';
  records.doubled = count.doubled;
  records.bytes = records.stops[records.rows * columns_] + std::size_t{1};
  return records;
}

}  // namespace chainrule::data
