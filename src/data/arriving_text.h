// Refusing what is no table while its bytes arrive, before all of them, which may be endless, lie in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace chainrule::data {

inline constexpr std::size_t kFirstBytes = std::size_t{64} << 10;  // enough to judge by
/// Ten times the line of a million columns of 25 bytes each, which is the widest table that is read.
inline constexpr std::size_t kLongestRecord = std::size_t{256} << 20;

/// Judges the first bytes of a source, which may end inside a character: true for text, false for an array. Throws E0318 (another known
/// kind), E0305, E0304 and E0306 (encoding).
bool is_text_so_far(std::string_view first, const std::string& source);

/// Throws E0342: the line, or the record with line ends between quotes, never seems to end.
[[noreturn]] void throw_long_record(const std::string& source, std::uint64_t line);

/// The same judgement over bytes that are collected.
class ArrivingText {
 public:
  explicit ArrivingText(const std::string& source) : source_(source) {}
  /// `all` that has been read, from the source's first byte on. Throws as is_text_so_far() and throw_long_record(); a NUL byte is found
  /// at once, other faults behind the first bytes are left to the reader.
  void check(std::string_view all);

 private:
  const std::string& source_;
  std::size_t seen_ = 0, line_begin_ = 0;
  bool judged_ = false, text_ = false;
};

}  // namespace chainrule::data
