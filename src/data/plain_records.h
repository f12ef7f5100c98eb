// Records of a CSV text that need no second look: found many at a time, as the places of their separators.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "data/cells.h"
#include "data/simd/field_kernels.h"

namespace chainrule::data {

/// Consecutive records of one line each with the same number of fields.
struct PlainRecords {
  const char* text = nullptr;            ///< begins with the first record
  const std::uint32_t* stops = nullptr;  ///< -1, then the place behind each field
  std::size_t rows = 0, columns = 0;
  std::size_t bytes = 0;                 ///< up to the end of the last record
  bool all_returns = false;              ///< every line ends with CR LF
  bool tab_is_blank = true;
  bool doubled = false;                  ///< some quoted field may hold doubled quotes: all quotes that cell() shows are such

  /// The field without the blanks around it, or without its quotes; kReadableBehind bytes behind it may be read.
  std::string_view cell(std::size_t row, std::size_t column) const noexcept {
    const std::uint32_t* stop = stops + row * columns + column;
    const char *first = text + static_cast<std::uint32_t>(*stop + 1), *last = text + stop[1] - (all_returns && column + 1 == columns ? 1 : 0);
    if (first == last) return {first, 0};
    const auto begin = static_cast<unsigned char>(*first), end = static_cast<unsigned char>(last[-1]);
    if (begin > '"' && end > ' ') return {first, static_cast<std::size_t>(last - first)};
    if (begin == '"' && end == '"') return {first + 1, static_cast<std::size_t>(last - first - 2)};
    return trimmed(first, last);
  }
  FieldColumn column(std::size_t c) const noexcept { return {text, stops + c, columns, all_returns && c + 1 == columns ? std::size_t{1} : 0}; }

 private:
  std::string_view trimmed(const char* first, const char* last) const noexcept;
};

class PlainRecordFinder {
 public:
  /// What is sought has `columns` fields. Records that touch the text's last bytes are never found.
  PlainRecordFinder(std::string_view text, char separator, std::size_t columns, const FieldKernels& kernels);

  /// The plain records from `position` on, where a record begins; they are valid until the call after the next. rows is 0 when the next record is
  /// not plain. Looks at `bytes` of text, more where a record is longer, fewer behind records that are not plain.
  PlainRecords find(std::size_t position, std::size_t bytes);

 private:
  StopCount look(const char* begin, std::size_t blocks);
  std::size_t rows_up_to_fault(const char* begin, StopCount count) const noexcept;
  std::size_t whole_rows(const char* begin, StopCount count) const noexcept;

  std::string_view text_;
  char separator_;
  std::size_t columns_;
  const FieldKernels& kernels_;
  std::size_t trusted_blocks_;  ///< how far the next look goes at most: grows while records are plain
  struct Stops {
    Cells<std::uint32_t> places;
  };
  Stops stops_[2];              ///< of this call and the one before, by turns
  std::size_t turn_ = 0;
};

}  // namespace chainrule::data
